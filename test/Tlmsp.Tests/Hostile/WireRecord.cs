using System.Buffers.Binary;

namespace Tlmsp.Tests.Hostile;

/// <summary>A record on a hop, as an attacker there sees it.</summary>
/// <param name="Bytes">Header and all.</param>
/// <param name="HasSessionId">False for the hellos.</param>
/// <param name="IsProtected">True for handshake records behind ChangeCipherSpec.</param>
internal sealed record WireRecord(byte[] Bytes, bool HasSessionId, bool IsProtected)
{
    public RecordType Type => (RecordType)Bytes[0];

    /// <summary>What precedes the body.</summary>
    public int Head => RecordHeader.Size + (HasSessionId ? TlmspDialect.SessionIdLength : 0);

    public byte[] Body => Bytes[Head..];

    /// <summary>The handshake message in the clear, if it is one.</summary>
    public HandshakeType? Message => Type == RecordType.Handshake && !IsProtected ? (HandshakeType)Bytes[Head] : null;

    /// <summary>The body of the handshake message.</summary>
    public byte[] MessageBody => Bytes[(Head + HandshakeMessage.HeaderLength)..];

    /// <summary>The first byte of the body of a TLMSP message: whose it is.</summary>
    public byte Id => Bytes[Head + HandshakeMessage.HeaderLength];

    /// <summary>The same record around another body, its length fitting.</summary>
    public byte[] With(byte[] body)
    {
        byte[] changed = [.. Bytes[..Head], .. body];
        BinaryPrimitives.WriteUInt16BigEndian(changed.AsSpan(3), checked((ushort)(changed.Length - RecordHeader.Size)));
        return changed;
    }

    /// <summary>The same handshake message around another body, all lengths fitting.</summary>
    public byte[] WithMessage(byte[] body) =>
        With([Bytes[Head], (byte)(body.Length >> 16), (byte)(body.Length >> 8), (byte)body.Length, .. body]);

    /// <summary>The record with one byte changed.</summary>
    public byte[] Flip(int at, byte mask = 1)
    {
        byte[] changed = [.. Bytes];
        changed[at] ^= mask;
        return changed;
    }

    /// <summary>The record with one byte of its body changed.</summary>
    public byte[] FlipBody(int at, byte mask = 1) => Flip(at < 0 ? Bytes.Length + at : Head + at, mask);

    /// <summary>Cuts what was written into records; nothing else than whole records is ever written at once.</summary>
    public static IEnumerable<byte[]> Split(byte[] bytes)
    {
        for (int at = 0; at < bytes.Length;)
        {
            int length = RecordHeader.Size + BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at + 3));
            yield return bytes[at..(at + length)];
            at += length;
        }
    }
}
