using System.Buffers.Binary;

namespace Tlmsp;

/// <summary>
/// What one party needs to receive on one connection half: the counters of every entity upstream (records-keys.md §6.2), the keys of
/// the direction, and at an endpoint the pairwise keys of the check MACs.
/// </summary>
internal partial class IncomingFlow
{
    private readonly SessionPath _path;
    private readonly DirectionKeys _keys;
    private readonly byte[] _upstream;
    private readonly SequenceCounter[] _counters;
    private readonly SecretKey?[]? _checkKeys;

    /// <summary>Makes the receive state right after the sender's ChangeCipherSpec: every counter is reset.</summary>
    /// <param name="path">The session.</param>
    /// <param name="self">The receiving entity.</param>
    /// <param name="direction">The direction that arrives here.</param>
    /// <param name="keys">Keys of that direction, as far as the receiver holds them.</param>
    /// <param name="checkKeys">
    /// At an endpoint: per upstream entity, nearest first, the key "entity to self". Null at a middlebox; single ones are null where a
    /// capture is decoded without them.
    /// </param>
    public IncomingFlow(SessionPath path, byte self, Direction direction, DirectionKeys keys, SecretKey?[]? checkKeys)
    {
        _path = path;
        _keys = keys;
        _upstream = path.Upstream(self, direction);
        _counters = new SequenceCounter[_upstream.Length];
        _checkKeys = checkKeys;
    }

    private byte FarEndpoint => _upstream[^1];

    /// <summary>Opens a context-0 protected record (§1.3) in place.</summary>
    /// <param name="type">Record type.</param>
    /// <param name="body">Record body after the session id.</param>
    /// <param name="plaintext">Room for at least the body's length.</param>
    /// <returns>Length of the plaintext.</returns>
    /// <exception cref="TlmspException">The record does not authenticate.</exception>
    public int OpenHandshakeRecord(RecordType type, ReadOnlySpan<byte> body, Span<byte> plaintext)
    {
        int length = body.Length - TlmspDialect.NonceLength - TlmspDialect.TagLength;
        if (length < 0)
        {
            throw new TlmspException(Misbehaviour.BadRecordTag, $"protected record of {body.Length} bytes");
        }

        TickFrom(FarEndpoint);
        // Every hop re-encrypts, so the author can only be the neighbour.
        if (body[0] != _upstream[0])
        {
            throw new TlmspException(Misbehaviour.UnknownRecordAuthor, $"author {body[0]:x2}");
        }

        Span<byte> aad = stackalloc byte[17];
        WriteRecordAad(aad, _counters[0].Value, type, length, _path.SessionId);
        ReadOnlySpan<byte> rest = body[TlmspDialect.NonceLength..];
        SecretKey key = _keys.Reader(0)!;
        return key.TryDecrypt(body[..TlmspDialect.NonceLength], rest[..length], rest[length..], plaintext[..length], aad)
            ? length
            : throw new TlmspException(Misbehaviour.BadRecordTag, $"{type} record");
    }

    /// <summary>AAD of §1.3: the sequence first, the session id last.</summary>
    internal static void WriteRecordAad(Span<byte> aad, ulong sequence, RecordType type, int length, uint sessionId)
    {
        BinaryPrimitives.WriteUInt64BigEndian(aad, sequence);
        aad[8] = (byte)type;
        BinaryPrimitives.WriteUInt16BigEndian(aad[9..], TlmspDialect.Version);
        BinaryPrimitives.WriteUInt16BigEndian(aad[11..], (ushort)length);
        BinaryPrimitives.WriteUInt32BigEndian(aad[13..], sessionId);
    }

    /// <summary>TICK of §6.3: every entity from the nearest to the origin has sent one more.</summary>
    private void TickFrom(byte origin)
    {
        int last = IndexOf(origin);
        for (int i = 0; i <= last; i++)
        {
            _counters[i].Tick();
        }
    }

    private int IndexOf(byte entity) => Array.IndexOf(_upstream, entity);
}
