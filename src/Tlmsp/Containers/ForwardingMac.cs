namespace Tlmsp;

/// <summary>One forwarding MAC, 47 bytes of a container (records-keys.md §2.1).</summary>
internal readonly ref struct ForwardingMac(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes[..TlmspDialect.ForwardingMacLength];

    /// <summary>The entity that made it.</summary>
    public byte Id => _bytes[0];

    public byte Order => _bytes[1];

    public byte Flags => _bytes[2];

    /// <summary>"RCM": everybody can verify it.</summary>
    public ReadOnlySpan<byte> ReaderCheckMac => _bytes.Slice(3, 16);

    public ReadOnlySpan<byte> Nonce => _bytes.Slice(19, 12);

    /// <summary>"CM": only the receiving endpoint can verify it.</summary>
    public ReadOnlySpan<byte> CheckMac => _bytes.Slice(31, 16);
}
