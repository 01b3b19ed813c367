using System.Net;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Configuration.Memory;
using Tlmsp;

namespace InspectingProxy.Boxes;

/// <summary>One box as a program: a middlebox with its inspector, an audit, and two addresses for whoever watches it.</summary>
internal static class Box
{
    /// <param name="settings">What it has to be told.</param>
    /// <param name="more">What else to add to the middlebox; before its inspector, so that it is asked first.</param>
    public static WebApplication Build(BoxSettings settings, Action<ITlmspMiddleboxBuilder>? more = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = [new("Logging:LogLevel:Default", "Warning"), new("Logging:LogLevel:Tlmsp", "Information")],
        });
        builder.WebHost.UseUrls(settings.Health);
        builder.Services.AddHealthChecks().AddTlmspMiddlebox();
        ITlmspMiddleboxBuilder middlebox = builder.Services.AddTlmspMiddlebox(options =>
        {
            options.Address = settings.Address;
            options.ListenEndPoint = settings.Listen is { } listen ? IPEndPoint.Parse(listen) : null;
            options.CertificateFile = new TlmspCertificateFile(settings.Certificate, settings.Key);
            options.Trust.CustomRootTrust.ImportFromPemFile(settings.TrustedRoots);
            Array.ForEach(settings.NextHops, nextHop => options.NextHops.Allow(nextHop));
        });
        more?.Invoke(middlebox);
        AddInspector(middlebox, settings);
        if (settings.AuditFile is { } file)
        {
            middlebox.AddAuditLog(audit => audit.File = file);
        }

        WebApplication app = builder.Build();
        app.MapHealthChecks("/live", new HealthCheckOptions { Predicate = check => check.Tags.Contains("live") });
        app.MapHealthChecks("/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready") });
        return app;
    }

    private static void AddInspector(ITlmspMiddleboxBuilder middlebox, BoxSettings settings)
    {
        switch (settings.Kind)
        {
            case BoxKind.Waf when settings.AllowedTargets.Length == 0:
                throw new InvalidDataException("AllowedTargets is not set. Without any, every request would be stopped.");
            case BoxKind.Waf:
                var allowed = new Regex(
                    $"^(?:{string.Join('|', settings.AllowedTargets)})$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
                middlebox.AddInspector(_ => new Waf(allowed));
                break;
            case BoxKind.Dlp when settings.Words.Length == 0 || settings.Words.Any(string.IsNullOrEmpty):
                throw new InvalidDataException("Words is not set, or one of them is empty.");
            case BoxKind.Dlp:
                middlebox.AddInspector(_ => new Dlp(settings.Words));
                break;
            default:
                var key = ECDsa.Create();
                key.ImportFromPem(File.ReadAllText(settings.TokenKey ?? throw new InvalidDataException("TokenKey is not set")));
                var tokens = new Tokens(key, settings.Audience ?? throw new InvalidDataException("Audience is not set"));
                middlebox.AddInspector(_ => new Gateway(tokens));
                break;
        }
    }
}
