using System.Globalization;
using System.Security.Cryptography;
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
        CheckKeys(section, s_values, ["Certificate", "Middleboxes", "InsertedMiddleboxes", "ForbiddenMiddleboxes", "Profiles"]);
        ApplyCertificate(section.GetSection("Certificate"), options, contentRoot);
        LoadRoots(section, "TrustedRoots", contentRoot, () => options.Trust);
        LoadRoots(section, "TrustedClientRoots", contentRoot, () => options.ClientTrust ??= new CertificateTrust());
        options.ClientCertificateMode = ParseEnum(section, "ClientCertificateMode", options.ClientCertificateMode);
        options.Trust.RevocationMode = ParseEnum(section, "RevocationMode", options.Trust.RevocationMode);
        options.HandshakeTimeout = ParseTime(section, "HandshakeTimeout", options.HandshakeTimeout);
        options.PlainTls = ParseEnum(section, "PlainTls", options.PlainTls);
        options.Mapping = ParseEnum(section, "Mapping", options.Mapping);
        options.Deletions = ParseEnum(section, "Deletions", options.Deletions);
        options.AllowResizing = ParseBool(section, "AllowResizing", options.AllowResizing);
        options.AllowReferenceMiddleboxes = ParseBool(section, "AllowReferenceMiddleboxes", options.AllowReferenceMiddleboxes);
        options.KeyLogFile = section["KeyLogFile"] is { } keyLog ? Path.Combine(contentRoot, keyLog) : options.KeyLogFile;
        ApplyProfiles(section.GetSection("Profiles"), options);
        ApplyMiddleboxes(section, options.Middleboxes, options.Profiles);
    }

    private static void ApplyProfiles(IConfigurationSection profiles, TlmspConnectionOptions options)
    {
        HttpProfile[] listed = [.. profiles.GetChildren().Select(child => Parse(profiles, child.Key, () => HttpProfile.Parse(child.Value ?? "")))];
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
        Parse(section, key, () => roots.ImportFromPemFile(CertificateSource.Existing(file, contentRoot)));
        if (roots.Count == 0)
        {
            throw Unusable(section, key, "no certificate is in the file.");
        }

        trust().CustomRootTrust.AddRange(roots);
    }

    private static void ApplyCertificate(IConfigurationSection certificate, TlmspConnectionOptions options, string contentRoot)
    {
        CheckKeys(certificate, s_certificateValues, []);
        bool fromStore = certificate["Subject"] is not null;
        foreach (string key in fromStore ? ["Path", "KeyPath", "Password"] : (string[])["Store", "Location", "AllowInvalid"])
        {
            if (certificate[key] is not null)
            {
                throw new InvalidOperationException(
                    $"UseTlmsp: '{PathOf(certificate, key)}' does not go {(fromStore ? "with Subject, which means a certificate store" : "without Subject")}. "
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
                ParseEnum(certificate, "Store", StoreName.My), subject, ParseEnum(certificate, "Location", StoreLocation.CurrentUser),
                ParseBool(certificate, "AllowInvalid", false));
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
            CheckKeys(allowed, s_middleboxValues, []);
            (string address, Grant grant) = AddressAndGrant(allowed, profiles);
            Parse(allowed, "Address", () => middleboxes.Allow(address, grant));
        }

        foreach (IConfigurationSection inserted in section.GetSection("InsertedMiddleboxes").GetChildren())
        {
            CheckKeys(inserted, s_insertedValues, []);
            (string address, Grant grant) = AddressAndGrant(inserted, profiles);
            MiddleboxPlace place = ParseEnum(inserted, "Place", MiddleboxPlace.NearestToServer);
            Parse(inserted, "Address", () => middleboxes.Insert(address, grant, place));
        }

        IConfigurationSection forbidden = section.GetSection("ForbiddenMiddleboxes");
        foreach (IConfigurationSection address in forbidden.GetChildren())
        {
            Parse(forbidden, address.Key, () => middleboxes.Forbid(
                address.Value ?? throw new FormatException("it is a section, not an address.")));
        }
    }

    private static (string Address, Grant Grant) AddressAndGrant(IConfigurationSection middlebox, IEnumerable<HttpProfile> profiles) => (
        Required(middlebox, "Address", "waf.example:7001"),
        Parse(middlebox, "Grant", () => HttpContexts.ParseGrant(Required(middlebox, "Grant", "headers=r, or none"), profiles)));

    /// <summary>Every key has to be known, and has to be what it is known as: a value or a section.</summary>
    private static void CheckKeys(IConfiguration section, string[] values, string[] sections)
    {
        if (section is IConfigurationSection { Value.Length: > 0 } value)
        {
            throw new InvalidOperationException($"UseTlmsp: '{value.Path}' is a section, not a value. It holds {string.Join(", ", [.. values, .. sections])}.");
        }

        foreach (IConfigurationSection child in section.GetChildren())
        {
            bool isSection = sections.Contains(child.Key, StringComparer.OrdinalIgnoreCase);
            if (!isSection && !values.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            {
                throw new InvalidOperationException($"UseTlmsp: '{child.Path}' is not a setting. Known are {string.Join(", ", [.. values, .. sections])}.");
            }

            if (isSection ? !string.IsNullOrEmpty(child.Value) : child.GetChildren().Any())
            {
                throw new InvalidOperationException($"UseTlmsp: '{child.Path}' is {(isSection ? "a section, not a value" : "a value, not a section")}.");
            }
        }
    }

    private static string Required(IConfigurationSection section, string key, string example) => section[key] is { Length: > 0 } value
        ? value
        : throw new InvalidOperationException($"UseTlmsp: '{section.Path}:{key}' is missing. Set it, for example to {example}.");

    private static T ParseEnum<T>(IConfiguration section, string key, T otherwise)
        where T : struct, Enum => section[key] is not { } text
            ? otherwise
            : Enum.TryParse(text, ignoreCase: true, out T value) && Enum.IsDefined(value) && !char.IsAsciiDigit(text.Trim()[0])
                ? value
                : throw Unusable(section, key, $"'{text}' is none of {string.Join(", ", Enum.GetNames<T>())}.");

    private static bool ParseBool(IConfiguration section, string key, bool otherwise) => section[key] is not { } text
        ? otherwise
        : bool.TryParse(text, out bool value) ? value : throw Unusable(section, key, $"'{text}' is neither true nor false.");

    private static TimeSpan ParseTime(IConfiguration section, string key, TimeSpan otherwise) => section[key] is not { } text
        ? otherwise
        // A bare number would be days.
        : text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan value)
            ? value
            : throw Unusable(section, key, $"'{text}' is not a time of the form hh:mm:ss.");

    private static void Parse(IConfiguration section, string key, Action parse) => Parse(section, key, () =>
    {
        parse();
        return true;
    });

    private static T Parse<T>(IConfiguration section, string key, Func<T> parse)
    {
        try
        {
            return parse();
        }
        catch (Exception e) when (e is FormatException or ArgumentException or CryptographicException)
        {
            throw Unusable(section, key, e.Message, e);
        }
    }

    private static InvalidOperationException Unusable(IConfiguration section, string key, string reason, Exception? inner = null) =>
        new($"UseTlmsp: '{PathOf(section, key)}' cannot be used: {reason}", inner);

    private static string PathOf(IConfiguration section, string key) => section is IConfigurationSection named ? $"{named.Path}:{key}" : key;
}
