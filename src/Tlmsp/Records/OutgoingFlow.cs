using System.Buffers;
using System.Buffers.Binary;

namespace Tlmsp;

/// <summary>What one party needs to send on one connection half: its counter (records-keys.md §6.2), its nonces, the keys of the
/// direction, and the pairwise key for the endpoint that the direction leads to.</summary>
internal sealed partial class OutgoingFlow
{
    /// <summary>Where the connection ends itself: far below the limits of the counters and of AES-GCM's nonces.</summary>
    public const ulong MaxSequence = 1UL << 32;

    // Alerts go a little beyond the limit, so that the end of the connection can still be told.
    private const ulong AlertReserve = 16;

    private readonly SessionPath _path;
    private readonly DirectionKeys _keys;
    private readonly SecretKey _checkKey;
    private readonly NonceSource _nonces;
    private readonly byte _self;
    private SequenceCounter _counter;

    /// <summary>Makes the send state right after own ChangeCipherSpec: the counter is reset.</summary>
    /// <param name="path">The session.</param>
    /// <param name="self">The sending entity.</param>
    /// <param name="keys">Keys of the direction.</param>
    /// <param name="checkKey">The key "self to the endpoint at the end of the direction".</param>
    /// <param name="nonces">Nonces of this half.</param>
    public OutgoingFlow(SessionPath path, byte self, DirectionKeys keys, SecretKey checkKey, NonceSource nonces)
    {
        _path = path;
        _self = self;
        _keys = keys;
        _checkKey = checkKey;
        _nonces = nonces;
    }

    /// <summary>The counter as it is now, to go back to when what was written since is not sent after all. Nonces never go back.</summary>
    public SequenceCounter Counter
    {
        get => _counter;
        set => _counter = value;
    }

    /// <summary>First sequence number that is not used any more; a seam for tests.</summary>
    internal ulong Limit { get; set; } = MaxSequence;

    private bool IsMiddlebox => _self is not (TlmspDialect.Client or TlmspDialect.Server);

    /// <summary>Writes a context-0 protected record (§1.3).</summary>
    public void SealHandshakeRecord(RecordType type, ReadOnlySpan<byte> message, IBufferWriter<byte> output)
    {
        Tick(type);
        int length = TlmspDialect.SessionIdLength + TlmspDialect.NonceLength + message.Length + TlmspDialect.TagLength;
        Span<byte> record = output.GetSpan(RecordHeader.Size + length)[..(RecordHeader.Size + length)];
        RecordHeader.Write(record, type, length);
        BinaryPrimitives.WriteUInt32BigEndian(record[RecordHeader.Size..], _path.SessionId);
        Span<byte> body = record[(RecordHeader.Size + TlmspDialect.SessionIdLength)..];
        Span<byte> nonce = body[..TlmspDialect.NonceLength];
        _nonces.Next(nonce);
        Span<byte> aad = stackalloc byte[17];
        IncomingFlow.WriteRecordAad(aad, _counter.Value, type, message.Length, _path.SessionId);
        _keys.Reader(0)!.Encrypt(
            nonce, message, body.Slice(TlmspDialect.NonceLength, message.Length), body[^TlmspDialect.TagLength..], aad);
        output.Advance(record.Length);
    }

    /// <summary>Drops cipher objects while the connection idles.</summary>
    public void Release()
    {
        _keys.Release();
        _checkKey.Release();
    }

    /// <summary>A protected container of another entity leaves as it came, outside this flow.</summary>
    public void CountRelayed() => Tick(RecordType.Alert);

    /// <summary>One more record or container leaves; containers that say so make the next number skip (§6.3).</summary>
    /// <exception cref="TlmspException">The counter is used up; it has not moved, so that an alert can still follow.</exception>
    private void Tick(RecordType type, ulong skip = 0)
    {
        if (_counter.Next >= (type == RecordType.Alert ? Limit + AlertReserve : Limit))
        {
            throw new TlmspException(Misbehaviour.CounterExhausted, $"{Limit} records sent");
        }

        _counter.Tick();
        if (skip != 0)
        {
            _counter.Skip(skip);
        }
    }
}
