using System.Buffers;
using System.Buffers.Binary;
using Tlmsp.Tool.Cli;
using Tlmsp.Tool.Raw;

namespace Tlmsp.Tool.Decode;

/// <summary>Takes the records of one direction apart, with the product's own readers and flows.</summary>
internal sealed class DirectionDecoder(Direction direction, HopSession session)
{
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private int _taken;
    private bool _isProtected;
    private bool _isFinished;
    private bool _hasHello;
    private ListingFlow? _flow;
    private bool _flowTried;
    private bool _ended;

    /// <summary>Bytes that are no whole record.</summary>
    public int Rest => _bytes.WrittenCount - _taken;

    private bool IsToServer => direction == Direction.ClientToServer;

    public void Add(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);

    /// <summary>Takes the next record.</summary>
    /// <param name="time">When its last byte came.</param>
    /// <param name="isLast">True when the other direction has nothing more to say: then a missing ServerHello is not waited for.</param>
    /// <returns>Null when there is no whole record, or the other direction has to be read first.</returns>
    public DecodedRecord? Next(TimeSpan? time, bool isLast)
    {
        var input = new ReadOnlySequence<byte>(_bytes.WrittenMemory[_taken..]);

        // Only after ServerHello it is known whether records carry a session id.
        if (input.Length < RecordHeader.Size || (_hasHello && session.Server is null && !isLast))
        {
            return null;
        }

        ReadOnlySpan<byte> header = input.FirstSpan;
        int length = RecordHeader.Size + BinaryPrimitives.ReadUInt16BigEndian(header[3..]);
        if (input.Length < length)
        {
            return null;
        }

        ReadOnlyMemory<byte> record = _bytes.WrittenMemory.Slice(_taken, length);
        _taken += length;
        var decoded = new DecodedRecord { Direction = direction, Time = time, Type = (RecordType)header[0], Length = length };
        if (_ended)
        {
            return decoded with { Title = "not examined, after a fault", Phase = Phase() };
        }

        try
        {
            decoded = Decode(decoded, record);
            return decoded with { Phase = decoded.Phase == 0 ? Phase() : decoded.Phase };
        }
        catch (Exception e) when (e is TlmspException or FormatException)
        {
            _ended = true;
            return decoded with { Fault = e.Message, Phase = Phase() };
        }
    }

    private DecodedRecord Decode(DecodedRecord decoded, ReadOnlyMemory<byte> record)
    {
        // Refuses what is no record at all.
        var input = new ReadOnlySequence<byte>(record);
        RecordHeader.TryRead(input, out RecordHeader header);
        uint? sid = _hasHello || !IsToServer ? session.Server?.Tlmsp?.SessionId : null;
        ReadOnlySpan<byte> body = record.Span[RecordHeader.Size..];
        if (sid is { } expected)
        {
            if (body.Length < TlmspDialect.SessionIdLength || BinaryPrimitives.ReadUInt32BigEndian(body) != expected)
            {
                throw new TlmspException(Misbehaviour.WrongSessionId, $"{header.Type} record");
            }

            body = body[TlmspDialect.SessionIdLength..];
        }

        switch (header.Type)
        {
            case RecordType.Handshake:
                return Handshake(decoded, body);
            case RecordType.ChangeCipherSpec:
                _isProtected = true;
                return decoded with { Title = "protection is on from here", Phase = IsToServer ? 4 : 5 };
            case RecordType.Alert when !_isProtected:
                byte context = 0;
                string origin = "";
                ReadOnlySpan<byte> alert = HandshakeChannel.ReadUnprotected(body.ToArray(), ref context, ref origin);
                return decoded with { Title = $"{ContainerLine.Alert(alert)} (unprotected)" };
            default:
                return Containers(decoded, record, body, sid ?? 0);
        }
    }

    private DecodedRecord Handshake(DecodedRecord decoded, ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty)
        {
            throw new TlmspException(Misbehaviour.EmptyRecord, "Handshake record");
        }

        byte[] plain = body.ToArray();
        if (_isProtected)
        {
            if (Flow(plain[0]) is not { } flow)
            {
                return decoded with { Title = $"by {PathText.Entity(plain[0])} (sealed)", Phase = IsToServer ? 4 : 5 };
            }

            plain = plain[..flow.OpenHandshakeRecord(RecordType.Handshake, body, plain)];
        }

        HandshakeMessage message = HandshakeMessage.FromRecord(plain);
        string[] details = [.. HandshakeText.Describe(message, direction, session)];
        _hasHello |= message.Type == HandshakeType.ClientHello;
        _isFinished |= message.Type is HandshakeType.Finished;
        int phase = message.Type switch
        {
            HandshakeType.ClientHello => 1,
            HandshakeType.Finished or HandshakeType.MiddleboxFinished => IsToServer ? 4 : 5,
            HandshakeType.MiddleboxKeyMaterial or HandshakeType.MiddleboxKeyConfirmation => IsToServer ? 3 : 4,
            HandshakeType.ClientKeyExchange or HandshakeType.CertificateVerify => 3,
            _ => 2,
        };
        return decoded with { Title = message.Type.ToString(), Details = details, Phase = phase };
    }

    private DecodedRecord Containers(DecodedRecord decoded, ReadOnlyMemory<byte> record, ReadOnlySpan<byte> body, uint sessionId)
    {
        var containers = new List<DecodedContainer>();
        var reader = default(RecordReader);
        var input = new ReadOnlySequence<byte>(record);
        try
        {
            if (!_isProtected)
            {
                throw new TlmspException(Misbehaviour.DataBeforeFinished, $"{decoded.Type} record");
            }

            reader.TryRead(ref input, sessionId);
            for (int at = ContainerParts.Headroom; at < reader.End;)
            {
                var parts = ContainerParts.Parse(reader.Buffer, at);
                containers.Add(Container(reader.Type, reader.Buffer, at, parts));
                at = parts.End;
            }

            return decoded with { Containers = containers };
        }
        catch (TlmspException e)
        {
            _ended = true;
            return decoded with { Containers = containers, Fault = e.Message };
        }
        finally
        {
            reader.Done();
        }
    }

    private DecodedContainer Container(RecordType type, Span<byte> buffer, int at, in ContainerParts parts)
    {
        var container = new DecodedContainer
        {
            ContextId = parts.ContextId,
            Length = parts.PlaintextLength,
            Author = buffer[parts.FragmentOffset],
            IsInserted = parts.IsInserted,
            IsDeleted = parts.IsDeleted,
            IsAudited = parts.IsAudited,
        };
        if (_flow is not { } flow)
        {
            return container;
        }

        flow.Verdicts.Clear();
        OpenedContainer opened = flow.Open(type, buffer, at, new byte[TlmspDialect.MaxFragmentReceived]);
        List<CheckedMac> macs = [.. flow.Verdicts];
        Complete(macs, ContainerMac.FragmentTag, opened.Author, 0);
        Complete(macs, ContainerMac.Writer, opened.Author, Math.Min(1, macs.Count));
        for (int i = 0; i < parts.ForwardingMacCount; i++)
        {
            Complete(macs, ContainerMac.Check, opened.ForwardingMac(i).Id, macs.Count);
        }

        return container with
        {
            Origin = opened.Origin,
            Author = opened.Author,
            Plaintext = opened.CanRead ? opened.Plaintext.ToArray() : null,
            Macs = macs,
        };
    }

    private static void Complete(List<CheckedMac> macs, ContainerMac mac, byte entity, int index)
    {
        if (!macs.Any(done => done.Mac == mac && done.Entity == entity))
        {
            macs.Insert(index, new CheckedMac(mac, entity, MacVerdict.NoKey));
        }
    }

    /// <summary>Handshake records name the neighbour that sealed them; the first one tells which hop this is.</summary>
    private ListingFlow? Flow(byte author)
    {
        if (!_flowTried)
        {
            _flowTried = true;
            _flow = session.MakeFlow(direction, author);
        }

        return _flow;
    }

    private int Phase() => !_isProtected ? 3 : !_isFinished ? IsToServer ? 4 : 5 : IsToServer ? 6 : 7;
}
