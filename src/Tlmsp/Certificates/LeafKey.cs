using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>The public key of a certificate, decoded once.</summary>
/// <remarks>
/// Decoding an EC key checks the point and costs as much as a signature check, so the result stays with the certificate object for as
/// long as that lives. Verifying with one object from many threads is safe: neither OpenSSL nor CNG changes a key when it verifies.
/// </remarks>
internal sealed class LeafKey
{
    private const string RsaOid = "1.2.840.113549.1.1.1";
    private const string EcOid = "1.2.840.10045.2.1";
    private const int MinRsaBits = 2048;   // SP 800-131A
    private const int MaxRsaBits = 8192;   // a hostile key must not buy seconds of our time

    private static readonly ConditionalWeakTable<X509Certificate2, LeafKey> s_keys = [];

    private LeafKey(ECDsa? ecdsa, RSA? rsa, string? problem)
    {
        Ecdsa = ecdsa;
        Rsa = rsa;
        Problem = problem;
    }

    /// <summary>The key if it is an ECDSA key on a supported curve.</summary>
    public ECDsa? Ecdsa { get; }

    /// <summary>The key if it is an RSA key of an acceptable size.</summary>
    public RSA? Rsa { get; }

    /// <summary>Why there is no key.</summary>
    public string? Problem { get; }

    /// <summary>The key of a certificate.</summary>
    public static LeafKey Of(X509Certificate2 certificate) => s_keys.GetValue(certificate, static c => Decode(c));

    private static LeafKey Decode(X509Certificate2 certificate)
    {
        try
        {
            switch (certificate.GetKeyAlgorithm())
            {
                case EcOid when !IsSupportedCurve(certificate.PublicKey.EncodedParameters?.RawData):
                    return Unusable("an EC key on a curve other than P-256, P-384 and P-521");
                case EcOid:
                    return certificate.GetECDsaPublicKey() is { } ecdsa
                        ? new LeafKey(ecdsa, null, null)
                        : Unusable("an EC key that may not sign");
                case RsaOid:
                    RSA rsa = certificate.GetRSAPublicKey()!;
                    if (rsa.KeySize is >= MinRsaBits and <= MaxRsaBits)
                    {
                        return new LeafKey(null, rsa, null);
                    }

                    using (rsa)
                    {
                        return Unusable($"an RSA key of {rsa.KeySize} bits, not {MinRsaBits} to {MaxRsaBits}");
                    }

                case var oid:
                    return Unusable($"a key of type {oid}, neither RSA nor ECDSA");
            }
        }
        catch (CryptographicException)
        {
            return Unusable("a public key that cannot be decoded");
        }
    }

    private static LeafKey Unusable(string problem) => new(null, null, problem);

    // By encoded OID, since 256-bit curves are many and the platforms name them differently.
    private static bool IsSupportedCurve(ReadOnlySpan<byte> parameters) =>
        parameters.SequenceEqual<byte>([0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07])   // P-256
        || parameters.SequenceEqual<byte>([0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22])                  // P-384
        || parameters.SequenceEqual<byte>([0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23]);                 // P-521
}
