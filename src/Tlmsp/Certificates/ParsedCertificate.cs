using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>A peer's leaf certificate with its public key taken out; parsing costs more than a signature check, so it is cached.</summary>
internal sealed class ParsedCertificate
{
    private ParsedCertificate(X509Certificate2 certificate, ECDsa? ecdsa, RSA? rsa)
    {
        Certificate = certificate;
        EcdsaKey = ecdsa;
        RsaKey = rsa;
    }

    public X509Certificate2 Certificate { get; }

    public ECDsa? EcdsaKey { get; }

    public RSA? RsaKey { get; }

    /// <exception cref="TlmspException">Not a certificate, or its key is neither ECDSA nor RSA.</exception>
    public static ParsedCertificate Parse(ReadOnlySpan<byte> der)
    {
        try
        {
            X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(der);
            ECDsa? ecdsa = certificate.GetECDsaPublicKey();
            RSA? rsa = ecdsa is null ? certificate.GetRSAPublicKey() : null;
            return ecdsa is not null || rsa is not null
                ? new ParsedCertificate(certificate, ecdsa, rsa)
                : throw new TlmspException(Misbehaviour.UnsuitableCertificate, "the key is neither ECDSA nor RSA");
        }
        catch (CryptographicException e)
        {
            throw new TlmspException(Misbehaviour.MalformedCertificate, $"{der.Length} bytes", inner: e);
        }
    }
}
