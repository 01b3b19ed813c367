using System.Buffers.Binary;

namespace Tlmsp;

/// <summary>Reads big-endian fields from a message; running out of bytes is a typed error, never an index error.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> data, string message, Misbehaviour truncated = Misbehaviour.TruncatedMessage)
{
    private readonly string _message = message;
    private readonly Misbehaviour _truncated = truncated;
    private ReadOnlySpan<byte> _rest = data;

    public readonly bool IsEmpty => _rest.IsEmpty;

    public readonly int Remaining => _rest.Length;

    public ReadOnlySpan<byte> Bytes(int count, string field)
    {
        if (count > _rest.Length)
        {
            throw new TlmspException(_truncated, $"{_message}, {field}: {count} bytes announced, {_rest.Length} left");
        }

        ReadOnlySpan<byte> bytes = _rest[..count];
        _rest = _rest[count..];
        return bytes;
    }

    public byte U8(string field) => Bytes(1, field)[0];

    public ushort U16(string field) => BinaryPrimitives.ReadUInt16BigEndian(Bytes(2, field));

    public int U24(string field)
    {
        ReadOnlySpan<byte> bytes = Bytes(3, field);
        return (bytes[0] << 16) | (bytes[1] << 8) | bytes[2];
    }

    public uint U32(string field) => BinaryPrimitives.ReadUInt32BigEndian(Bytes(4, field));

    public ReadOnlySpan<byte> Vector8(string field) => Bytes(U8(field), field);

    public ReadOnlySpan<byte> Vector16(string field) => Bytes(U16(field), field);

    public ReadOnlySpan<byte> Vector24(string field) => Bytes(U24(field), field);

    public WireReader Sub16(string field) => new(Vector16(field), $"{_message}, {field}", _truncated);

    public ReadOnlySpan<byte> Rest()
    {
        ReadOnlySpan<byte> rest = _rest;
        _rest = default;
        return rest;
    }

    public readonly void End()
    {
        if (!_rest.IsEmpty)
        {
            throw new TlmspException(
                _truncated == Misbehaviour.TruncatedMessage ? Misbehaviour.TrailingBytes : _truncated, $"{_message}: {_rest.Length} bytes too many");
        }
    }
}
