using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Tlmsp.Http;

namespace Tlmsp.AspNetCore;

/// <summary>Reads a configuration section into <see cref="TlmspConnectionOptions"/>; what it does not know it refuses.</summary>
/// <example>
/// <code>
/// "Tlmsp": {
///   "Certificate": { "Path": "server.pem", "KeyPath": "server.key" },
///   "TrustedRoots": "ca.pem",
///   "RevocationMode": "NoCheck",
///   "ClientCertificateMode": "NoCertificate",
///   "HandshakeTimeout": "00:00:10",
///   "Mapping": "Strict",
///   "Profiles": [ "two", "four+secret(X-Api-Key)" ],
///   "AllowResizing": true,
///   "Middleboxes": [ { "Address": "waf.example:7001", "Grant": "headers=r" } ],
///   "InsertedMiddleboxes": [ { "Address": "dlp.example:7002", "Grant": "body=r", "Place": "NearestToServer" } ],
///   "ForbiddenMiddleboxes": [ "old.example:7001" ]
/// }
/// </code>
/// </example>
internal static class TlmspConfiguration
{
    private static readonly SettingsReader s_reader = new("UseTlmsp");
    private static readonly string[] s_values =
    [
        "TrustedRoots", "RevocationMode", "ClientCertificateMode", "TrustedClientRoots", "HandshakeTimeout", "Mapping", "AllowReferenceMiddleboxes",
        "KeyLogFile", "Deletions", "PlainTls", "AllowResizing",
    ];

    private static readonly string[] s_certificateValues = ["Path", "KeyPath", "Password", "Subject", "Store", "Location", "AllowInvalid"];
    private static readonly string[] s_middleboxValues = ["Address", "Grant"];
    private static readonly string[] s_insertedValues = ["Address", "Grant", "Place"];

    /// <exception cref="InvalidOperationException">A setting is unknown, or its value cannot be used; the message has its path.</exception>
    public static void Apply(IConfiguration section, TlmspConnectionOptions options, string contentRoot)
    {
        s_reader.CheckKeys(section, s_values, ["Certificate", "Middleboxes", "InsertedMiddleboxes", "ForbiddenMiddleboxes", "Profiles"]);
        ApplyCertificate(section.GetSection("Certificate"), options, contentRoot);
        LoadRoots(section, "TrustedRoots", contentRoot, () => options.Trust);
        LoadRoots(section, "TrustedClientRoots", contentRoot, () => options.ClientTrust ??= new CertificateTrust());
        options.ClientCertificateMode = s_reader.ParseEnum(section, "ClientCertificateMode", options.ClientCertificateMode);
        options.Trust.RevocationMode = s_reader.ParseEnum(section, "RevocationMode", options.Trust.RevocationMode);
        options.HandshakeTimeout = s_reader.ParseTime(section, "HandshakeTimeout", options.HandshakeTimeout);
        options.PlainTls = s_reader.ParseEnum(section, "PlainTls", options.PlainTls);
        options.Mapping = s_reader.ParseEnum(section, "Mapping", options.Mapping);
        options.Deletions = s_reader.ParseEnum(section, "Deletions", options.Deletions);
        options.AllowResizing = s_reader.ParseBool(section, "AllowResizing", options.AllowResizing);
        options.AllowReferenceMiddleboxes = s_reader.ParseBool(section, "AllowReferenceMiddleboxes", options.AllowReferenceMiddleboxes);
        options.KeyLogFile = section["KeyLogFile"] is { } keyLog ? Path.Combine(contentRoot, keyLog) : options.KeyLogFile;
        ApplyProfiles(section.GetSection("Profiles"), options);
        ApplyMiddleboxes(section, options.Middleboxes, options.Profiles);
    }

    private static void ApplyProfiles(IConfigurationSection profiles, TlmspConnectionOptions options)
    {
        HttpProfile[] listed =
        [
            .. profiles.GetChildren().Select(child => s_reader.Parse(profiles, child.Key, () => HttpProfile.Parse(child.Value ?? ""))),
        ];
        if (listed.Length > 0)
        {
            options.Profiles = [.. listed];
        }
    }

    private static void LoadRoots(IConfiguration section, string key, string contentRoot, Func<CertificateTrust> trust)
    {
        if (section[key] is not { } file)
        {
            return;
        }

        var roots = new X509Certificate2Collection();
        s_reader.Parse(section, key, () => roots.ImportFromPemFile(CertificateSource.Existing(file, contentRoot)));
        if (roots.Count == 0)
        {
            throw s_reader.Unusable(section, key, "no certificate is in the file.");
        }

        trust().CustomRootTrust.AddRange(roots);
    }

    private static void ApplyCertificate(IConfigurationSection certificate, TlmspConnectionOptions options, string contentRoot)
    {
        s_reader.CheckKeys(certificate, s_certificateValues, []);
        bool fromStore = certificate["Subject"] is not null;
        foreach (string key in fromStore ? ["Path", "KeyPath", "Password"] : (string[])["Store", "Location", "AllowInvalid"])
        {
            if (certificate[key] is not null)
            {
                throw new InvalidOperationException(
                    $"UseTlmsp: '{SettingsReader.PathOf(certificate, key)}' does not go {(fromStore ? "with Subject, which means a certificate store" : "without Subject")}. "
                    + "Set Path for a file, or Subject for a store.");
            }
        }

        if (certificate["Path"] is { } path)
        {
            options.CertificateFiles.Add(CertificateSource.FromFile(path, certificate["KeyPath"], certificate["Password"], contentRoot));
        }
        else if (certificate["Subject"] is { } subject)
        {
            options.ServerCertificate = CertificateSource.FromStore(
                s_reader.ParseEnum(certificate, "Store", StoreName.My), subject,
                s_reader.ParseEnum(certificate, "Location", StoreLocation.CurrentUser), s_reader.ParseBool(certificate, "AllowInvalid", false));
        }
        else if (certificate.GetChildren().Any(child => child.Value is not null))
        {
            throw new InvalidOperationException($"UseTlmsp: '{certificate.Path}' names no certificate. Set Path for a file, or Subject for a store.");
        }
    }

    private static void ApplyMiddleboxes(IConfiguration section, MiddleboxAllowList middleboxes, IEnumerable<HttpProfile> profiles)
    {
        foreach (IConfigurationSection allowed in section.GetSection("Middleboxes").GetChildren())
        {
            s_reader.CheckKeys(allowed, s_middleboxValues, []);
            (string address, Grant grant) = AddressAndGrant(allowed, profiles);
            s_reader.Parse(allowed, "Address", () => middleboxes.Allow(address, grant));
        }

        foreach (IConfigurationSection inserted in section.GetSection("InsertedMiddleboxes").GetChildren())
        {
            s_reader.CheckKeys(inserted, s_insertedValues, []);
            (string address, Grant grant) = AddressAndGrant(inserted, profiles);
            MiddleboxPlace place = s_reader.ParseEnum(inserted, "Place", MiddleboxPlace.NearestToServer);
            s_reader.Parse(inserted, "Address", () => middleboxes.Insert(address, grant, place));
        }

        IConfigurationSection forbidden = section.GetSection("ForbiddenMiddleboxes");
        foreach (IConfigurationSection address in forbidden.GetChildren())
        {
            s_reader.Parse(forbidden, address.Key, () => middleboxes.Forbid(
                address.Value ?? throw new FormatException("it is a section, not an address.")));
        }
    }

    private static (string Address, Grant Grant) AddressAndGrant(IConfigurationSection middlebox, IEnumerable<HttpProfile> profiles) => (
        s_reader.Required(middlebox, "Address", "waf.example:7001"),
        s_reader.Parse(middlebox, "Grant", () => HttpContexts.ParseGrant(s_reader.Required(middlebox, "Grant", "headers=r, or none"), profiles)));
}
