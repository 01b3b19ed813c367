using System.Buffers;
using System.Buffers.Binary;

namespace Tlmsp;

/// <summary>Record content types (records-keys.md §0.2).</summary>
internal enum RecordType : byte
{
    ChangeCipherSpec = 20,
    Alert = 21,
    Handshake = 22,
    ApplicationData = 23,
}

/// <summary>The five bytes before a record's body (records-keys.md §1.1). The length includes the session id where there is one.</summary>
internal readonly record struct RecordHeader(RecordType Type, ushort Version, int Length)
{
    public const int Size = TlmspDialect.RecordHeaderLength;

    /// <summary>Reads the header at the start of a sequence.</summary>
    /// <returns>False when fewer than five bytes are there.</returns>
    /// <exception cref="TlmspException">The type is none of the four.</exception>
    public static bool TryRead(in ReadOnlySequence<byte> input, out RecordHeader header)
    {
        header = default;
        if (input.Length < Size)
        {
            // The type shows in the first byte: other protocols are told apart before five bytes have come.
            if (!input.IsEmpty)
            {
                CheckType(input.FirstSpan.IsEmpty ? (byte)0 : input.FirstSpan[0]);
            }

            return false;
        }

        Span<byte> bytes = stackalloc byte[Size];
        input.Slice(0, Size).CopyTo(bytes);
        CheckType(bytes[0]);
        header = new RecordHeader(
            (RecordType)bytes[0], BinaryPrimitives.ReadUInt16BigEndian(bytes[1..]), BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]));
        return true;
    }

    public static void Write(Span<byte> destination, RecordType type, int length, ushort version = TlmspDialect.Version)
    {
        destination[0] = (byte)type;
        BinaryPrimitives.WriteUInt16BigEndian(destination[1..], version);
        BinaryPrimitives.WriteUInt16BigEndian(destination[3..], checked((ushort)length));
    }

    private static void CheckType(byte type)
    {
        if (type is < (byte)RecordType.ChangeCipherSpec or > (byte)RecordType.ApplicationData)
        {
            throw new TlmspException(Misbehaviour.UnknownRecordType, $"content type {type}");
        }
    }
}
