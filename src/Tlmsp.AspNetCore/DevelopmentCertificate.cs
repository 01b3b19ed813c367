using System.Security.Cryptography.X509Certificates;

namespace Tlmsp.AspNetCore;

/// <summary>Finds the certificate that <c>dotnet dev-certs https</c> made. Kestrel's own finder is internal.</summary>
internal static class DevelopmentCertificate
{
    private const string Oid = "1.3.6.1.4.1.311.84.1.1";

    public static X509Certificate2? Find()
    {
        using var store = new X509Store(StoreName.My, StoreLocation.CurrentUser);
        store.Open(OpenFlags.ReadOnly);
        DateTime now = DateTime.Now;
        return store.Certificates
            .Where(c => c.HasPrivateKey && c.NotBefore <= now && now <= c.NotAfter && c.Extensions.Any(extension => extension.Oid?.Value == Oid))
            .MaxBy(c => c.NotAfter);
    }

    /// <summary>Finds a certificate in a store by subject name.</summary>
    /// <exception cref="InvalidOperationException">There is none that is valid and has a private key.</exception>
    public static X509Certificate2 FromStore(StoreName storeName, string subject, StoreLocation location, bool allowInvalid)
    {
        using var store = new X509Store(storeName, location);
        store.Open(OpenFlags.ReadOnly);
        return store.Certificates.Find(X509FindType.FindBySubjectName, subject, !allowInvalid)
            .Where(c => c.HasPrivateKey)
            .MaxBy(c => c.NotAfter)
            ?? throw new InvalidOperationException(
                $"UseTlmsp: no {(allowInvalid ? "" : "valid ")}certificate with the subject '{subject}' and a private key is in {location}/{storeName}.");
    }
}
