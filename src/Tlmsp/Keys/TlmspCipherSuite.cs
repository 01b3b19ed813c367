using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>A cipher suite that TLMSP can use: ECDHE with AES-GCM (records-keys.md §11.1).</summary>
public sealed class TlmspCipherSuite
{
    private TlmspCipherSuite(ushort id, string name, bool isEcdsa, HashAlgorithmName hash, int hashLength, int keyLength)
    {
        Id = id;
        Name = name;
        IsEcdsa = isEcdsa;
        Hash = hash;
        HashLength = hashLength;
        KeyLength = keyLength;
    }

    /// <summary>TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 (C02B).</summary>
    public static TlmspCipherSuite EcdheEcdsaAes128GcmSha256 { get; } =
        new(0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", isEcdsa: true, HashAlgorithmName.SHA256, 32, 16);

    /// <summary>TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 (C02F).</summary>
    public static TlmspCipherSuite EcdheRsaAes128GcmSha256 { get; } =
        new(0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", isEcdsa: false, HashAlgorithmName.SHA256, 32, 16);

    /// <summary>
    /// TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 (C02C): between parties of this library only. Every key has 32 bytes, and SHA-384 stands
    /// wherever the 128-bit suites use SHA-256.
    /// </summary>
    public static TlmspCipherSuite EcdheEcdsaAes256GcmSha384 { get; } =
        new(0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", isEcdsa: true, HashAlgorithmName.SHA384, 48, 32);

    /// <summary>TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 (C030); see <see cref="EcdheEcdsaAes256GcmSha384"/>.</summary>
    public static TlmspCipherSuite EcdheRsaAes256GcmSha384 { get; } =
        new(0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", isEcdsa: false, HashAlgorithmName.SHA384, 48, 32);

    /// <summary>The 128-bit suites, which every TLMSP stack speaks: what clients offer by default.</summary>
    public static IReadOnlyList<TlmspCipherSuite> Aes128 { get; } = [EcdheEcdsaAes128GcmSha256, EcdheRsaAes128GcmSha256];

    /// <summary>The 256-bit suites. A client offers them instead of the others: a reference server would never choose one.</summary>
    public static IReadOnlyList<TlmspCipherSuite> Aes256 { get; } = [EcdheEcdsaAes256GcmSha384, EcdheRsaAes256GcmSha384];

    /// <summary>What servers and middleboxes accept by default.</summary>
    public static IReadOnlyList<TlmspCipherSuite> All { get; } = [.. Aes128, .. Aes256];

    /// <summary>The number on the wire.</summary>
    public ushort Id { get; }

    /// <summary>The IANA name.</summary>
    public string Name { get; }

    internal bool IsEcdsa { get; }

    internal HashAlgorithmName Hash { get; }

    internal int HashLength { get; }

    /// <summary>Length of every key and MAC key in bytes (records-keys.md §0.2).</summary>
    internal int KeyLength { get; }

    internal bool IsAes256 => KeyLength == 32;

    internal static TlmspCipherSuite? FromId(ushort id) => All.FirstOrDefault(suite => suite.Id == id);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
