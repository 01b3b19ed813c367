using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>Decodes certificates of peers, each once as long as it stays in the cache.</summary>
/// <remarks>Decoding costs about as much as a signature, and a server sees the same few middleboxes in every handshake.</remarks>
internal sealed class CertificateParser(int capacity = 256)
{
    // Ordinary certificates have 1 to 2 KB. Peers send what they like before they are authenticated, so giants are not kept.
    private const int MaxCachedLength = 8192;

    private readonly BoundedCache<Digest, X509Certificate2> _cache = new(capacity);

    /// <summary>The decoded certificate. It is shared: never dispose it.</summary>
    /// <exception cref="TlmspException"><see cref="Misbehaviour.MalformedCertificate"/>.</exception>
    public X509Certificate2 Parse(ReadOnlySpan<byte> der)
    {
        Digest digest = Digest.Of(der);
        if (_cache.TryGet(digest, out X509Certificate2? certificate))
        {
            return certificate;
        }

        certificate = Decode(der);
        if (der.Length <= MaxCachedLength)
        {
            _cache.Set(digest, certificate);
        }

        return certificate;
    }

    private static X509Certificate2 Decode(ReadOnlySpan<byte> der)
    {
        X509Certificate2 certificate;
        try
        {
            certificate = X509CertificateLoader.LoadCertificate(der);
        }
        catch (CryptographicException e)
        {
            throw new TlmspException(Misbehaviour.MalformedCertificate, $"{der.Length} bytes", inner: e);
        }

        // The loader also takes PEM, and ignores what follows the certificate.
        if (!der.SequenceEqual(certificate.RawDataMemory.Span))
        {
            certificate.Dispose();
            throw new TlmspException(Misbehaviour.MalformedCertificate, "not exactly one DER certificate");
        }

        return certificate;
    }
}
