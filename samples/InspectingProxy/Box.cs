using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Configuration.Memory;

namespace InspectingProxy;

/// <summary>One box as a program: a middlebox with a ready inspector, an audit, and two addresses for whoever watches it.</summary>
internal static class Box
{
    /// <param name="file">Its settings; paths of certificates are relative to the folder of this file.</param>
    /// <param name="more">What else to add to the middlebox; before its inspector, so that it is asked first.</param>
    /// <exception cref="InvalidDataException">The file holds no JSON, or says nothing of what the box is there for.</exception>
    public static WebApplication Build(string file, Action<ITlmspMiddleboxBuilder>? more = null)
    {
        file = Path.GetFullPath(file);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ContentRootPath = Path.GetDirectoryName(file) });
        ConfigurationManager configuration = builder.Configuration;
        configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = [new("Logging:LogLevel:Default", "Warning"), new("Logging:LogLevel:Tlmsp", "Information")],
        });
        configuration.AddJsonFile(file, optional: false, reloadOnChange: true).AddEnvironmentVariables();
        builder.WebHost.UseUrls(configuration["Health"] ?? "http://127.0.0.1:8080");
        builder.Services.AddHealthChecks().AddTlmspMiddlebox();

        ITlmspMiddleboxBuilder middlebox = builder.Services.AddTlmspMiddlebox(configuration.GetSection("Middlebox"));
        more?.Invoke(middlebox);
        (string Name, Action<IConfigurationSection> Add)[] inspectors =
        [
            ("HeaderRules", section => middlebox.AddHeaderRules(section)),
            ("ContentScanner", section => middlebox.AddContentScanner(section)),
            ("BearerTokens", section => middlebox.AddBearerTokens(section)),
        ];
        var chosen = inspectors.Where(inspector => configuration.GetSection(inspector.Name).Exists()).ToList();
        if (chosen.Count == 0)
        {
            string names = string.Join(", ", inspectors.Select(inspector => inspector.Name));
            throw new InvalidDataException($"{file} has none of the sections {names}.");
        }

        chosen.ForEach(inspector => inspector.Add(configuration.GetSection(inspector.Name)));
        if (configuration["AuditFile"] is { } auditFile)
        {
            middlebox.AddAuditLog(audit => audit.File = auditFile);
        }

        WebApplication app = builder.Build();
        app.MapHealthChecks("/live", new HealthCheckOptions { Predicate = check => check.Tags.Contains("live") });
        app.MapHealthChecks("/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready") });
        return app;
    }
}
