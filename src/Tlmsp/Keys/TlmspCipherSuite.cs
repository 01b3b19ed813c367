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

    /// <summary>The suites offered and accepted by default, in order of preference.</summary>
    public static IReadOnlyList<TlmspCipherSuite> Default { get; } = [EcdheEcdsaAes128GcmSha256, EcdheRsaAes128GcmSha256];

    /// <summary>The number on the wire.</summary>
    public ushort Id { get; }

    /// <summary>The IANA name.</summary>
    public string Name { get; }

    internal bool IsEcdsa { get; }

    internal HashAlgorithmName Hash { get; }

    internal int HashLength { get; }

    /// <summary>Length of every key and MAC key in bytes (records-keys.md §0.2).</summary>
    internal int KeyLength { get; }

    internal static TlmspCipherSuite? FromId(ushort id) => Default.FirstOrDefault(suite => suite.Id == id);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
