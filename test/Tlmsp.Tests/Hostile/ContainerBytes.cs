namespace Tlmsp.Tests.Hostile;

/// <summary>Offsets in a container without m_info, as an attacker counts them (records-keys.md §2.6).</summary>
internal static class ContainerBytes
{
    public const int ContextId = 0;
    public const int Flags = 1;
    public const int Length = 3;
    public const int Nonce = 5;
    public const int Ciphertext = 17;

    public static int WriterMac(byte[] container) => Nonce + (container[Length] << 8) + container[Length + 1];

    public static int ForwardingMac(byte[] container) => WriterMac(container) + TlmspDialect.TagLength;

    public static int ReaderCheckMac(byte[] container) => ForwardingMac(container) + 3;

    public static int CheckMac(byte[] container) => ForwardingMac(container) + 31;

    /// <summary>Of an audited container: nAF, which the entries follow.</summary>
    public static int TrailCount(byte[] container) => ForwardingMac(container) + TlmspDialect.ForwardingMacLength;

    /// <summary>Where entry i of the trail starts.</summary>
    public static int TrailEntry(byte[] container, int index) => TrailCount(container) + 1 + index * TlmspDialect.ForwardingMacLength;

    /// <summary>A container with one byte replaced.</summary>
    public static byte[] Set(byte[] container, int at, byte value)
    {
        byte[] changed = [.. container];
        changed[at] = value;
        return changed;
    }

    /// <summary>A container with one bit flipped.</summary>
    public static byte[] Flip(byte[] container, int at, byte mask = 1) => Set(container, at, (byte)(container[at] ^ mask));

    /// <summary>A container with m_info put in, and the flags that announce it.</summary>
    public static byte[] WithMInfo(byte[] container, ushort flags, params byte[] mInfo) =>
        [container[0], (byte)(container[1] | (flags >> 8)), container[2], .. mInfo, .. container[3..]];
}
