using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>The MAC inputs of records-keys.md §4, built in place around a fragment.</summary>
internal static class MacInput
{
    /// <summary>Most bytes a check MAC input can have: prefix, flags, the longest m_info, and 1 + 3 + 16 + 16.</summary>
    public const int MaxCheckInput = ContainerParts.MacPrefix + 2 + 2 + 3 * 255 + 1 + 35;

    /// <summary>Writes MACIN(entity, length, …) so that it ends where the fragment starts.</summary>
    /// <returns>Offset of its first byte.</returns>
    public static int Place(
        Span<byte> buffer, in ContainerParts parts, RecordType type, uint sessionId, ulong sequence, int length)
    {
        int start = parts.FlagsOffset - ContainerParts.MacPrefix;
        WritePrefix(buffer[start..], type, sessionId, sequence);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[(parts.FragmentOffset - 2)..], (ushort)length);
        return start;
    }

    public static void WritePrefix(Span<byte> destination, RecordType type, uint sessionId, ulong sequence)
    {
        destination[0] = (byte)type;
        BinaryPrimitives.WriteUInt16BigEndian(destination[1..], TlmspDialect.Version);
        BinaryPrimitives.WriteUInt32BigEndian(destination[3..], sessionId);
        BinaryPrimitives.WriteUInt64BigEndian(destination[7..], sequence);
    }

    /// <summary>CMIN (§4.2): its length field is one byte and counts only what follows it.</summary>
    /// <returns>The part of <paramref name="destination"/> that was filled.</returns>
    public static Span<byte> WriteCheck(
        Span<byte> destination, RecordType type, uint sessionId, ulong sequence, ReadOnlySpan<byte> flagsAndMInfo,
        byte id, byte order, byte flags, ReadOnlySpan<byte> inbound, ReadOnlySpan<byte> readerCheckMac)
    {
        WritePrefix(destination, type, sessionId, sequence);
        int at = ContainerParts.MacPrefix;
        flagsAndMInfo.CopyTo(destination[at..]);
        at += flagsAndMInfo.Length;
        destination[at++] = (byte)(3 + inbound.Length + readerCheckMac.Length);
        destination[at++] = id;
        destination[at++] = order;
        destination[at++] = flags;
        inbound.CopyTo(destination[at..]);
        at += inbound.Length;
        readerCheckMac.CopyTo(destination[at..]);
        return destination[..(at + readerCheckMac.Length)];
    }

    /// <summary>The hash that the reader check MAC authenticates.</summary>
    public static void Hash(TlmspCipherSuite suite, ReadOnlySpan<byte> input, Span<byte> hash)
    {
        if (suite.HashLength == SHA256.HashSizeInBytes)
        {
            SHA256.HashData(input, hash);
        }
        else
        {
            CryptographicOperations.HashData(suite.Hash, input, hash);
        }
    }
}
