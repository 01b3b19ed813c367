using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>Small questions about certificates and their order.</summary>
internal static class CertificateChain
{
    /// <summary>DER of the leaf and of each issuer among the candidates, in sending order (RFC 5246 §7.4.2), without the root.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Order(X509Certificate2 leaf, IEnumerable<X509Certificate2> candidates)
    {
        var chain = new List<ReadOnlyMemory<byte>> { leaf.RawDataMemory };
        List<X509Certificate2> rest = [.. candidates.Where(candidate => !IsSelfIssued(candidate))];
        for (X509Certificate2 last = leaf; rest.FirstOrDefault(candidate => Issued(candidate, last)) is { } issuer; last = issuer)
        {
            chain.Add(issuer.RawDataMemory);
            rest.Remove(issuer);
        }

        return chain.AsReadOnly();
    }

    /// <summary>Without a key usage extension every use is allowed; one that cannot be read allows none.</summary>
    public static bool MaySign(X509Certificate2 certificate)
    {
        try
        {
            return certificate.Extensions.OfType<X509KeyUsageExtension>()
                .All(usage => usage.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature));
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static bool IsSelfIssued(X509Certificate2 certificate) => Issued(certificate, certificate);

    private static bool Issued(X509Certificate2 issuer, X509Certificate2 subject) =>
        issuer.SubjectName.RawData.AsSpan().SequenceEqual(subject.IssuerName.RawData);
}
