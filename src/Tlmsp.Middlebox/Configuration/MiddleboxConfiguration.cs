using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>Reads a configuration section into <see cref="TlmspMiddleboxHostOptions"/>; what it does not know it refuses.</summary>
/// <example>
/// <code>
/// "Middlebox": {
///   "Address": "waf.example:7001",
///   "ListenEndPoint": "0.0.0.0:7001",
///   "Certificate": { "Path": "waf.pem", "KeyPath": "waf.key" },
///   "TrustedRoots": "ca.pem",
///   "NextHops": [
///     { "Address": "orders.example:5001", "Demand": "head=r,req-head=r,resp-head=r", "Refuse": "body=r,req-body=r,resp-body=r" },
///     { "Address": "sidecar.example:5002", "MayBeLocal": true }
///   ],
///   "OnInspectorFailure": "Close"
/// }
/// </code>
/// </example>
internal static class MiddleboxConfiguration
{
    private static readonly SettingsReader s_reader = new("AddTlmspMiddlebox");

    private static readonly string[] s_values =
    [
        "Address", "ListenEndPoint", "TrustedRoots", "RevocationMode", "HandshakeTimeout", "InspectorTimeout", "DrainTimeout",
        "MaxHeldBytes", "MaxConnections", "OnInspectorFailure", "Mapping", "AllowReferenceMiddleboxes", "KeyLogFile",
    ];

    /// <exception cref="InvalidOperationException">A setting is unknown, or its value cannot be used; the message has its path.</exception>
    public static void Apply(IConfiguration section, TlmspMiddleboxHostOptions options, string contentRoot)
    {
        s_reader.CheckKeys(section, s_values, ["Certificate", "Listeners", "NextHops", "Limits", "HttpLimits"]);
        options.Address = section["Address"] ?? options.Address;
        options.ListenEndPoint = ParseEndPoint(section, "ListenEndPoint", options.ListenEndPoint);
        options.Trust.RevocationMode = s_reader.ParseEnum(section, "RevocationMode", options.Trust.RevocationMode);
        options.HandshakeTimeout = s_reader.ParseTime(section, "HandshakeTimeout", options.HandshakeTimeout);
        options.InspectorTimeout = s_reader.ParseTime(section, "InspectorTimeout", options.InspectorTimeout);
        options.DrainTimeout = s_reader.ParseTime(section, "DrainTimeout", options.DrainTimeout);
        options.MaxHeldBytes = ParseNumber(section, "MaxHeldBytes", options.MaxHeldBytes);
        options.MaxConnections = ParseNumber(section, "MaxConnections", options.MaxConnections);
        options.OnInspectorFailure = s_reader.ParseEnum(section, "OnInspectorFailure", options.OnInspectorFailure);
        options.Mapping = s_reader.ParseEnum(section, "Mapping", options.Mapping);
        options.AllowReferenceMiddleboxes = s_reader.ParseBool(section, "AllowReferenceMiddleboxes", options.AllowReferenceMiddleboxes);
        options.KeyLogFile = section["KeyLogFile"] is { } keyLog ? Path.Combine(contentRoot, keyLog) : options.KeyLogFile;
        ApplyRoots(section, options, contentRoot);
        options.CertificateFile = ReadCertificate(section.GetSection("Certificate"), contentRoot) ?? options.CertificateFile;
        ApplyListeners(section.GetSection("Listeners"), options.Listeners, contentRoot);
        ApplyNextHops(section.GetSection("NextHops"), options.NextHops);
        ApplyLimits(section, options);
    }

    private static void ApplyRoots(IConfiguration section, TlmspMiddleboxHostOptions options, string contentRoot)
    {
        if (section["TrustedRoots"] is not { } file)
        {
            return;
        }

        var roots = new X509Certificate2Collection();
        s_reader.Parse(section, "TrustedRoots", () => roots.ImportFromPemFile(Existing(section, "TrustedRoots", file, contentRoot)));
        if (roots.Count == 0)
        {
            throw s_reader.Unusable(section, "TrustedRoots", "no certificate is in the file.");
        }

        options.Trust.CustomRootTrust.AddRange(roots);
    }

    private static TlmspCertificateFile? ReadCertificate(IConfigurationSection certificate, string contentRoot)
    {
        s_reader.CheckKeys(certificate, ["Path", "KeyPath", "Password"], []);
        if (!certificate.Exists())
        {
            return null;
        }

        string path = Existing(certificate, "Path", s_reader.Required(certificate, "Path", "waf.pem"), contentRoot);
        string? keyPath = certificate["KeyPath"] is { } key ? Existing(certificate, "KeyPath", key, contentRoot) : null;
        return s_reader.Parse(certificate, "Path", () => new TlmspCertificateFile(path, keyPath, certificate["Password"]));
    }

    private static void ApplyListeners(
        IConfigurationSection section, IDictionary<string, TlmspMiddleboxListenerOptions> listeners, string contentRoot)
    {
        foreach (IConfigurationSection each in section.GetChildren())
        {
            s_reader.CheckKeys(each, ["Address", "ListenEndPoint", "MaxConnections"], ["Certificate"]);
            listeners[each.Key] = new TlmspMiddleboxListenerOptions
            {
                Address = s_reader.Required(each, "Address", "waf.example:7001"),
                ListenEndPoint = ParseEndPoint(each, "ListenEndPoint", null),
                CertificateFile = ReadCertificate(each.GetSection("Certificate"), contentRoot),
                MaxConnections = each["MaxConnections"] is null ? null : ParseNumber(each, "MaxConnections", 0),
            };
        }
    }

    private static void ApplyNextHops(IConfigurationSection nextHops, NextHopAllowList allowed)
    {
        foreach (IConfigurationSection nextHop in nextHops.GetChildren())
        {
            s_reader.CheckKeys(nextHop, ["Address", "MayBeLocal", "Demand", "Refuse"], []);
            string address = s_reader.Required(nextHop, "Address", "orders.example:5001");
            bool mayBeLocal = s_reader.ParseBool(nextHop, "MayBeLocal", false);
            Grant demand = s_reader.Parse(nextHop, "Demand", () => HttpContexts.ParseGrant(nextHop["Demand"] ?? "none"));
            Grant refuse = s_reader.Parse(nextHop, "Refuse", () => HttpContexts.ParseGrant(nextHop["Refuse"] ?? "none"));
            s_reader.Parse(nextHop, "Address", () => allowed.Allow(address, mayBeLocal, demand, refuse));
        }
    }

    private static void ApplyLimits(IConfiguration section, TlmspMiddleboxHostOptions options)
    {
        IConfigurationSection limits = section.GetSection("Limits");
        s_reader.CheckKeys(limits, ["MaxMiddleboxes", "MaxContexts", "MaxCertificateBytes", "MaxHandshakeMessage"], []);
        options.Limits.MaxMiddleboxes = ParseNumber(limits, "MaxMiddleboxes", options.Limits.MaxMiddleboxes);
        options.Limits.MaxContexts = ParseNumber(limits, "MaxContexts", options.Limits.MaxContexts);
        options.Limits.MaxCertificateBytes = ParseNumber(limits, "MaxCertificateBytes", options.Limits.MaxCertificateBytes);
        options.Limits.MaxHandshakeMessage = ParseNumber(limits, "MaxHandshakeMessage", options.Limits.MaxHandshakeMessage);
        IConfigurationSection http = section.GetSection("HttpLimits");
        s_reader.CheckKeys(http, ["MaxHeadBytes", "MaxFields", "MaxInformational", "MaxTrailerBytes", "MaxChunkLineBytes"], []);
        options.HttpLimits = new HttpFramerLimits
        {
            MaxHeadBytes = ParseNumber(http, "MaxHeadBytes", options.HttpLimits.MaxHeadBytes),
            MaxFields = ParseNumber(http, "MaxFields", options.HttpLimits.MaxFields),
            MaxInformational = ParseNumber(http, "MaxInformational", options.HttpLimits.MaxInformational),
            MaxTrailerBytes = ParseNumber(http, "MaxTrailerBytes", options.HttpLimits.MaxTrailerBytes),
            MaxChunkLineBytes = ParseNumber(http, "MaxChunkLineBytes", options.HttpLimits.MaxChunkLineBytes),
            MaxBufferedBytes = options.HttpLimits.MaxBufferedBytes,
        };
    }

    private static string Existing(IConfiguration section, string key, string path, string contentRoot)
    {
        string full = Path.GetFullPath(Path.Combine(contentRoot, path));
        return File.Exists(full) ? full : throw s_reader.Unusable(section, key, $"the file '{full}' does not exist.");
    }

    /// <summary>Without a port it would be any that is free, which clients could not list.</summary>
    private static IPEndPoint? ParseEndPoint(IConfiguration section, string key, IPEndPoint? otherwise) => section[key] is not { } text
        ? otherwise
        : IPEndPoint.TryParse(text, out IPEndPoint? value) && value.Port > 0
            ? value
            : throw s_reader.Unusable(section, key, $"'{text}' is no IP address with a port, such as 0.0.0.0:7001 or [::1]:7001.");

    private static int ParseNumber(IConfiguration section, string key, int otherwise) => section[key] is not { } text
        ? otherwise
        : int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int value)
            ? value
            : throw s_reader.Unusable(section, key, $"'{text}' is no number of 0 or more.");
}
