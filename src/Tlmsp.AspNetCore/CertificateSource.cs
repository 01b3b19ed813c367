using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Tlmsp.AspNetCore;

/// <summary>Where the server's certificate comes from. Everything that fails here fails at start-up and says how to fix it.</summary>
internal static class CertificateSource
{
    private const string DevelopmentOid = "1.3.6.1.4.1.311.84.1.1";

    /// <summary>Finds the certificate that <c>dotnet dev-certs https</c> made. Kestrel's own finder is internal.</summary>
    public static X509Certificate2? Development()
    {
        using var store = new X509Store(StoreName.My, StoreLocation.CurrentUser);
        store.Open(OpenFlags.ReadOnly);
        return Newest(store.Certificates, IsDevelopment);
    }

    /// <summary>Finds a certificate in a store by subject name.</summary>
    /// <exception cref="InvalidOperationException">There is none that is valid and has a private key.</exception>
    public static X509Certificate2 FromStore(StoreName storeName, string subject, StoreLocation location, bool allowInvalid)
    {
        try
        {
            using var store = new X509Store(storeName, location);
            store.Open(OpenFlags.ReadOnly);
            X509Certificate2? found = Newest(store.Certificates.Find(X509FindType.FindBySubjectName, subject, !allowInvalid), _ => true);
            return found ?? throw new InvalidOperationException(
                $"UseTlmsp: no {(allowInvalid ? "" : "valid ")}certificate with the subject '{subject}' and a private key is in {location}/{storeName}.");
        }
        catch (CryptographicException e)
        {
            throw new InvalidOperationException($"UseTlmsp: the certificate store {location}/{storeName} cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>Loads a certificate from a PFX file or from PEM files, which are looked at again in later handshakes.</summary>
    /// <param name="path">The file, relative to <paramref name="root"/>.</param>
    /// <param name="keyPath">PEM file of the private key, if it is not in <paramref name="path"/>.</param>
    /// <param name="password">Password of the PFX file or of the PEM key.</param>
    /// <param name="root">See <see cref="ContentRoot"/>.</param>
    /// <exception cref="InvalidOperationException">A file is missing or cannot be used.</exception>
    public static TlmspCertificateFile FromFile(string path, string? keyPath, string? password, string root)
    {
        string full = Existing(path, root);
        string? fullKey = keyPath is null ? null : Existing(keyPath, root);
        try
        {
            return new TlmspCertificateFile(full, fullKey, password);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            string hint = Path.GetExtension(path).Equals(".pem", StringComparison.OrdinalIgnoreCase) ? "key file and its password" : "password";
            throw new InvalidOperationException($"UseTlmsp: the certificate '{path}' cannot be used: {e.Message} Check the {hint}.", e);
        }
    }

    /// <summary>A path as the host reads it, which is how <c>UseHttps</c> reads its own.</summary>
    /// <exception cref="InvalidOperationException">There is no such file.</exception>
    public static string Existing(string path, string root)
    {
        string full = Path.GetFullPath(Path.Combine(root, path));
        return File.Exists(full) ? full : throw new InvalidOperationException($"UseTlmsp: the file '{full}' does not exist.");
    }

    /// <summary>The folder that relative paths start from.</summary>
    public static string ContentRoot(IServiceProvider services) => services.GetService<IHostEnvironment>()?.ContentRootPath ?? "";

    private static bool IsDevelopment(X509Certificate2 certificate)
    {
        DateTime now = DateTime.Now;
        return certificate.NotBefore <= now && now <= certificate.NotAfter
            && certificate.Extensions.Any(extension => extension.Oid?.Value == DevelopmentOid);
    }

    private static X509Certificate2? Newest(X509Certificate2Collection certificates, Func<X509Certificate2, bool> fits) =>
        certificates.Where(certificate => certificate.HasPrivateKey && fits(certificate)).MaxBy(certificate => certificate.NotAfter);
}
