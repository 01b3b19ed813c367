using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>The signature schemes of TLS 1.2 (RFC 5246 §7.4.1.4.1, RFC 8446 §4.2.3) that this library makes and checks.</summary>
/// <remarks>In TLS 1.2 an ECDSA scheme names the hash only, so every supported curve goes with every hash.</remarks>
internal static class SignatureSchemes
{
    public const ushort RsaPkcs1Sha1 = 0x0201;
    public const ushort EcdsaSha1 = 0x0203;
    public const ushort RsaPkcs1Sha256 = 0x0401;
    public const ushort EcdsaSha256 = 0x0403;
    public const ushort RsaPkcs1Sha384 = 0x0501;
    public const ushort EcdsaSha384 = 0x0503;
    public const ushort RsaPkcs1Sha512 = 0x0601;
    public const ushort EcdsaSha512 = 0x0603;
    public const ushort RsaPssSha256 = 0x0804;
    public const ushort RsaPssSha384 = 0x0805;
    public const ushort RsaPssSha512 = 0x0806;

    /// <summary>What we offer and sign with, in order of preference. SHA-1 is never offered, only tolerated (handshake.md §3.4).</summary>
    public static ReadOnlySpan<ushort> Default =>
    [
        EcdsaSha256, EcdsaSha384, EcdsaSha512, RsaPssSha256, RsaPssSha384, RsaPssSha512, RsaPkcs1Sha256, RsaPkcs1Sha384, RsaPkcs1Sha512,
    ];

    /// <summary>The schemes that reference middleboxes sign with whatever was offered.</summary>
    public static bool IsLegacySha1(ushort scheme) => scheme is RsaPkcs1Sha1 or EcdsaSha1;

    /// <summary>Whether we know the scheme, legacy ones included.</summary>
    public static bool IsKnown(ushort scheme) => IsLegacySha1(scheme) || Default.Contains(scheme);

    /// <summary>The scheme to sign with.</summary>
    /// <param name="certificate">Our certificate.</param>
    /// <param name="offered">The peer's signature_algorithms; empty when it sent none.</param>
    /// <exception cref="TlmspException"><see cref="Misbehaviour.NoCommonSignatureScheme"/>.</exception>
    /// <remarks>
    /// For a peer that sent none RFC 5246 prescribes SHA-1. We sign with SHA-256 instead, which every TLS 1.2 peer can check.
    /// </remarks>
    public static ushort Select(TlmspCertificate certificate, ReadOnlySpan<ushort> offered)
    {
        ReadOnlySpan<ushort> candidates = offered.IsEmpty ? [EcdsaSha256, RsaPkcs1Sha256] : offered;
        ushort natural = certificate.Key.Ecdsa?.KeySize switch { 384 => EcdsaSha384, 521 => EcdsaSha512, _ => EcdsaSha256 };
        if (candidates.Contains(natural) && Fits(natural, certificate.Key))
        {
            return natural;   // a hash as strong as the curve
        }

        foreach (ushort scheme in Default)
        {
            if (candidates.Contains(scheme) && Fits(scheme, certificate.Key))
            {
                return scheme;
            }
        }

        throw new TlmspException(Misbehaviour.NoCommonSignatureScheme, certificate.IsEcdsa ? "for an ECDSA key" : "for an RSA key");
    }

    /// <summary>Whether <see cref="Select"/> would find a scheme.</summary>
    public static bool CanSign(TlmspCertificate certificate, ReadOnlySpan<ushort> offered)
    {
        foreach (ushort scheme in Default)
        {
            if (offered.Contains(scheme) && Fits(scheme, certificate.Key))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the scheme can be used with the key of a certificate.</summary>
    public static bool Fits(ushort scheme, X509Certificate2 leaf) => Fits(scheme, LeafKey.Of(leaf));

    /// <summary>Signs with our private key.</summary>
    /// <exception cref="ArgumentException">The scheme does not fit the key.</exception>
    public static byte[] Sign(TlmspCertificate certificate, ushort scheme, ReadOnlySpan<byte> data)
    {
        if (!Fits(scheme, certificate.Key))
        {
            throw new ArgumentException($"Scheme 0x{scheme:x4} does not fit the key.", nameof(scheme));
        }

        HashAlgorithmName hash = Hash(scheme);
        if (certificate.IsEcdsa)
        {
            using ECDsa ecdsa = certificate.Leaf.GetECDsaPrivateKey()!;
            return ecdsa.SignData(data, hash, DSASignatureFormat.Rfc3279DerSequence);
        }

        using RSA rsa = certificate.Leaf.GetRSAPrivateKey()!;
        return rsa.SignData(data, hash, Padding(scheme));
    }

    /// <summary>Checks a signature of a peer.</summary>
    /// <returns>False for a wrong signature, for one in a wrong form, and for a scheme that does not fit the key.</returns>
    public static bool Verify(X509Certificate2 leaf, ushort scheme, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        LeafKey key = LeafKey.Of(leaf);
        if (!Fits(scheme, key))
        {
            return false;
        }

        try
        {
            return key.Ecdsa is { } ecdsa
                ? ecdsa.VerifyData(data, signature, Hash(scheme), DSASignatureFormat.Rfc3279DerSequence)
                // RFC 8017 §8.1.2, §8.2.2: a signature is as long as the modulus, with its leading zeros.
                : signature.Length == (key.Rsa!.KeySize + 7) / 8 && key.Rsa.VerifyData(data, signature, Hash(scheme), Padding(scheme));
        }
        catch (CryptographicException)
        {
            return false;   // such as SHA-1 on a system whose policy forbids it
        }
    }

    private static bool Fits(ushort scheme, LeafKey key) =>
        IsKnown(scheme) && (IsEcdsa(scheme) ? key.Ecdsa is not null : key.Rsa is not null);

    private static bool IsEcdsa(ushort scheme) => (byte)scheme == 3;

    private static HashAlgorithmName Hash(ushort scheme) => scheme switch
    {
        RsaPkcs1Sha1 or EcdsaSha1 => HashAlgorithmName.SHA1,
        RsaPkcs1Sha256 or EcdsaSha256 or RsaPssSha256 => HashAlgorithmName.SHA256,
        RsaPkcs1Sha384 or EcdsaSha384 or RsaPssSha384 => HashAlgorithmName.SHA384,
        RsaPkcs1Sha512 or EcdsaSha512 or RsaPssSha512 => HashAlgorithmName.SHA512,
        _ => throw new ArgumentOutOfRangeException(nameof(scheme)),
    };

    // .NET's PSS padding uses a salt as long as the hash, as RFC 8446 §4.2.3 wants.
    private static RSASignaturePadding Padding(ushort scheme) =>
        scheme >> 8 == 8 ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
}
