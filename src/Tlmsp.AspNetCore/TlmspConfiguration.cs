using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Tlmsp.Http;

namespace Tlmsp.AspNetCore;

/// <summary>Reads a configuration section into <see cref="TlmspConnectionOptions"/>.</summary>
/// <example>
/// <code>
/// "Tlmsp": {
///   "Certificate": { "Path": "server.pem", "KeyPath": "server.key" },
///   "TrustedRoots": "ca.pem",
///   "HandshakeTimeout": "00:00:10",
///   "Mapping": "Strict",
///   "Middleboxes": [ { "Address": "waf.example:7001", "Grant": "1=r" } ]
/// }
/// </code>
/// </example>
internal static class TlmspConfiguration
{
    private static readonly string[] Known = ["Certificate", "TrustedRoots", "HandshakeTimeout", "Mapping", "Middleboxes", "AllowReferenceMiddleboxes", "KeyLogFile"];

    public static void Apply(IConfiguration section, TlmspConnectionOptions options)
    {
        foreach (IConfigurationSection child in section.GetChildren())
        {
            if (!Known.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            {
                throw new InvalidOperationException($"UseTlmsp: '{child.Path}' is not a setting. Known are {string.Join(", ", Known)}.");
            }
        }

        IConfigurationSection certificate = section.GetSection("Certificate");
        if (certificate["Path"] is { } path)
        {
            options.Certificates.Add(Load(path, certificate["KeyPath"], certificate["Password"]));
        }
        else if (certificate["Subject"] is { } subject)
        {
            options.ServerCertificate = DevelopmentCertificate.FromStore(
                Enum.Parse<StoreName>(certificate["Store"] ?? "My", ignoreCase: true), subject,
                Enum.Parse<StoreLocation>(certificate["Location"] ?? "CurrentUser", ignoreCase: true),
                string.Equals(certificate["AllowInvalid"], "true", StringComparison.OrdinalIgnoreCase));
        }

        if (section["TrustedRoots"] is { } roots)
        {
            options.Trust.CustomRootTrust.ImportFromPemFile(roots);
        }

        if (section["HandshakeTimeout"] is { } timeout)
        {
            options.HandshakeTimeout = Parse(section, "HandshakeTimeout", () => TimeSpan.Parse(timeout, CultureInfo.InvariantCulture));
        }

        if (section["Mapping"] is { } mapping)
        {
            options.Mapping = Parse(section, "Mapping", () => Enum.Parse<HttpMappingMode>(mapping, ignoreCase: true));
        }

        if (section["AllowReferenceMiddleboxes"] is { } allow)
        {
            options.AllowReferenceMiddleboxes = Parse(section, "AllowReferenceMiddleboxes", () => bool.Parse(allow));
        }

        options.KeyLogFile = section["KeyLogFile"] ?? options.KeyLogFile;
        foreach (IConfigurationSection middlebox in section.GetSection("Middleboxes").GetChildren())
        {
            Parse(middlebox, "Address", () => options.Middleboxes.Allow(middlebox["Address"] ?? "", Grant.Parse(middlebox["Grant"] ?? "")));
        }
    }

    public static TlmspCertificate Load(string path, string? keyPath, string? password)
    {
        if (!File.Exists(path))
        {
            throw new InvalidOperationException($"UseTlmsp: the certificate file '{path}' does not exist.");
        }

        return Path.GetExtension(path).ToUpperInvariant() is ".PFX" or ".P12"
            ? TlmspCertificate.FromPfxFile(path, password)
            : TlmspCertificate.FromPemFiles(path, keyPath, password);
    }

    private static T Parse<T>(IConfiguration section, string key, Func<T> parse)
    {
        try
        {
            return parse();
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException)
        {
            string path = section is IConfigurationSection named ? $"{named.Path}:{key}" : key;
            throw new InvalidOperationException($"UseTlmsp: '{path}' cannot be used: {e.Message}", e);
        }
    }
}
