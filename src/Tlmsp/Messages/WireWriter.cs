using System.Buffers;
using System.Buffers.Binary;

namespace Tlmsp;

/// <summary>Writes big-endian fields; lengths of vectors are filled in when they end.</summary>
internal sealed class WireWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(256);

    public int Length => _buffer.WrittenCount;

    /// <summary>Starts a handshake message; <see cref="ToMessage"/> fills in its length.</summary>
    public static WireWriter Message(HandshakeType type)
    {
        var writer = new WireWriter();
        writer.U8((byte)type);
        writer.Bytes([0, 0, 0]);
        return writer;
    }

    public void U8(int value) => Bytes([checked((byte)value)]);

    public void U16(int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_buffer.GetSpan(2), checked((ushort)value));
        _buffer.Advance(2);
    }

    public void U32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_buffer.GetSpan(4), value);
        _buffer.Advance(4);
    }

    public void Bytes(ReadOnlySpan<byte> bytes) => _buffer.Write(bytes);

    public void Vector8(ReadOnlySpan<byte> bytes)
    {
        U8(bytes.Length);
        Bytes(bytes);
    }

    public void Vector16(ReadOnlySpan<byte> bytes)
    {
        U16(bytes.Length);
        Bytes(bytes);
    }

    public void Vector24(ReadOnlySpan<byte> bytes)
    {
        U8(bytes.Length >> 16);
        U16(bytes.Length & 0xffff);
        Bytes(bytes);
    }

    /// <summary>The bytes written so far.</summary>
    public byte[] ToArray() => _buffer.WrittenSpan.ToArray();

    /// <summary>The whole handshake message.</summary>
    public byte[] ToMessage()
    {
        byte[] message = ToArray();
        int length = message.Length - HandshakeMessage.HeaderLength;
        message[1] = (byte)(length >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), (ushort)length);
        return message;
    }
}
