using System.Buffers;
using System.Buffers.Binary;

namespace Tlmsp;

/// <summary>Takes whole records of the data phase from a sequence, into a buffer of its own that is rented only while one is open.</summary>
internal struct RecordReader
{
    private byte[]? _buffer;

    /// <summary>Type of the current record.</summary>
    public RecordType Type { get; private set; }

    /// <summary>The current record's containers, behind <see cref="ContainerParts.Headroom"/>.</summary>
    public readonly Span<byte> Buffer => _buffer.AsSpan(0, End);

    /// <summary>Offset after the last container.</summary>
    public int End { get; private set; }

    /// <summary>Takes the next record out of <paramref name="input"/>.</summary>
    /// <returns>False when it is not there as a whole yet.</returns>
    /// <exception cref="TlmspException">The record is not one that may come in the data phase.</exception>
    public bool TryRead(ref ReadOnlySequence<byte> input, uint sessionId)
    {
        if (!RecordHeader.TryRead(input, out RecordHeader header))
        {
            return false;
        }

        if (header.Version != TlmspDialect.Version)
        {
            throw new TlmspException(Misbehaviour.BadRecordVersion, $"{header.Version:x4}");
        }

        if (header.Type is RecordType.Handshake or RecordType.ChangeCipherSpec)
        {
            throw new TlmspException(Misbehaviour.Renegotiation, $"{header.Type} record after the handshake");
        }

        if (header.Length < TlmspDialect.SessionIdLength)
        {
            throw new TlmspException(Misbehaviour.RecordTooShort, $"{header.Length} bytes");
        }

        if (input.Length < RecordHeader.Size + header.Length)
        {
            return false;
        }

        ReadOnlySequence<byte> record = input.Slice(RecordHeader.Size, header.Length);
        Span<byte> sid = stackalloc byte[TlmspDialect.SessionIdLength];
        record.Slice(0, sid.Length).CopyTo(sid);
        if (BinaryPrimitives.ReadUInt32BigEndian(sid) != sessionId)
        {
            throw new TlmspException(Misbehaviour.WrongSessionId, $"{header.Type} record");
        }

        record = record.Slice(sid.Length);
        if (record.IsEmpty)
        {
            throw new TlmspException(Misbehaviour.EmptyRecord, $"{header.Type} record");
        }

        if (header.Type == RecordType.Alert && record.Length <= 3)
        {
            throw new TlmspException(Misbehaviour.MalformedAlert, "an alert without protection");
        }

        Type = header.Type;
        End = ContainerParts.Headroom + (int)record.Length;
        _buffer = ArrayPool<byte>.Shared.Rent(End);
        record.CopyTo(_buffer.AsSpan(ContainerParts.Headroom));
        input = input.Slice(RecordHeader.Size + header.Length);
        return true;
    }

    /// <summary>Gives the buffer away: to somebody who returns it to the shared pool.</summary>
    public byte[] Take()
    {
        byte[] buffer = _buffer!;
        _buffer = null;
        return buffer;
    }

    /// <summary>Gives the buffer back, unless it was given away.</summary>
    public void Done()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
