using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>Signature schemes of TLS 1.2 (RFC 5246 §7.4.1.4.1, RFC 8446 §4.2.3) on keys of certificates.</summary>
internal static class SignatureSchemes
{
    private const ushort RsaPkcs1Sha1 = 0x0201;
    private const ushort EcdsaSha1 = 0x0203;

    /// <summary>What we offer and use, best first. SHA-1 is not among it.</summary>
    public static IReadOnlyList<ushort> Default { get; } = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0603, 0x0806, 0x0601];

    /// <summary>The schemes whose signatures are the same every time, for sessions that are replayed bit for bit.</summary>
    internal static IReadOnlyList<ushort> Deterministic { get; } = [0x0401, 0x0501, 0x0601];

    public static bool IsLegacySha1(ushort scheme) => scheme is RsaPkcs1Sha1 or EcdsaSha1;

    /// <summary>The first scheme that the peer offered and that fits our key; a peer that offered nothing gets our default.</summary>
    public static ushort Select(TlmspCertificate certificate, IReadOnlyList<ushort>? offered)
    {
        foreach (ushort scheme in offered ?? Default)
        {
            if (Default.Contains(scheme) && Fits(scheme, certificate.IsEcdsa))
            {
                return scheme;
            }
        }

        throw new TlmspException(Misbehaviour.NoCommonSignatureScheme, certificate.IsEcdsa ? "ECDSA certificate" : "RSA certificate");
    }

    public static bool Fits(ushort scheme, bool ecdsa) => ecdsa
        ? scheme is 0x0403 or 0x0503 or 0x0603 or EcdsaSha1
        : scheme is 0x0804 or 0x0805 or 0x0806 or 0x0401 or 0x0501 or 0x0601 or RsaPkcs1Sha1;

    public static byte[] Sign(TlmspCertificate certificate, ushort scheme, ReadOnlySpan<byte> data)
    {
        HashAlgorithmName hash = HashOf(scheme);
        return certificate.EcdsaKey is { } ecdsa
            ? ecdsa.SignData(data, hash, DSASignatureFormat.Rfc3279DerSequence)
            : certificate.RsaKey!.SignData(data, hash, PaddingOf(scheme));
    }

    /// <summary>Verifies a signature under a certificate's key.</summary>
    /// <exception cref="TlmspException">The scheme does not fit the key, or was not offered.</exception>
    public static bool Verify(ParsedCertificate certificate, ushort scheme, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, bool allowSha1)
    {
        bool ecdsa = certificate.EcdsaKey is not null;
        if (!Fits(scheme, ecdsa) || (IsLegacySha1(scheme) && !allowSha1))
        {
            throw new TlmspException(Misbehaviour.BadSignatureScheme, $"scheme {scheme:x4} with an {(ecdsa ? "ECDSA" : "RSA")} key");
        }

        return certificate.EcdsaKey is { } key
            ? key.VerifyData(data, signature, HashOf(scheme), DSASignatureFormat.Rfc3279DerSequence)
            : certificate.RsaKey!.VerifyData(data, signature, HashOf(scheme), PaddingOf(scheme));
    }

    private static HashAlgorithmName HashOf(ushort scheme) => scheme switch
    {
        0x0403 or 0x0804 or 0x0401 => HashAlgorithmName.SHA256,
        0x0503 or 0x0805 or 0x0501 => HashAlgorithmName.SHA384,
        0x0603 or 0x0806 or 0x0601 => HashAlgorithmName.SHA512,
        _ => HashAlgorithmName.SHA1,
    };

    private static RSASignaturePadding PaddingOf(ushort scheme) =>
        scheme >> 8 == 8 ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
}
