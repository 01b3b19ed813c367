using System.Buffers;
using System.Buffers.Binary;

namespace Tlmsp;

/// <summary>A record of the handshake phase, its protection removed.</summary>
internal readonly record struct HandshakeRecord(RecordType Type, byte[] Body);

/// <summary>
/// One connection half during the handshake: record framing, the switch to records with a session id, protection after
/// ChangeCipherSpec, and alerts in their three forms (records-keys.md §1, §10.1).
/// </summary>
internal sealed class HandshakeChannel(byte self, Direction receives, TlmspLimits limits)
{
    private const int ProtectionOverhead = TlmspDialect.SessionIdLength + TlmspDialect.NonceLength + TlmspDialect.TagLength;
    private readonly TlmspLimits _limits = limits;
    private AlertMonitor _alerts;
    private bool _sessionIdSeen;
    private bool _ended;

    /// <summary>Own entity id; a middlebox learns its from the hello.</summary>
    public byte Self { get; set; } = self;

    public Direction Receives { get; } = receives;

    /// <summary>Set once records carry the session id, in both directions.</summary>
    public uint? SessionId { get; private set; }

    /// <summary>Receive protection; set when the other side's ChangeCipherSpec came.</summary>
    public IncomingFlow? Incoming { get; set; }

    /// <summary>Send protection; set right after own ChangeCipherSpec.</summary>
    public OutgoingFlow? Outgoing { get; set; }

    /// <summary>At a middlebox: passes the body of an alert on to the other half, unchanged (records-keys.md §10.3).</summary>
    public Action<byte[]>? RelayAlert { get; set; }

    /// <summary>The first record may carry an older minor version (§1.1).</summary>
    public bool IsVersionSettled { get; set; }

    public void ActivateSessionId(uint sessionId)
    {
        SessionId = sessionId;
        IsVersionSettled = true;
    }

    /// <summary>Takes the next record; alerts are dealt with here.</summary>
    /// <param name="input">What was received; sliced past what was taken.</param>
    /// <param name="record">The record.</param>
    /// <param name="alertsOnly">True to leave everything else for the session: the other side of this half has said all it has to say.</param>
    /// <returns>False when no whole record is there.</returns>
    /// <exception cref="TlmspException">The record is malformed, does not authenticate, or is a fatal alert.</exception>
    public bool TryRead(ref ReadOnlySequence<byte> input, out HandshakeRecord record, bool alertsOnly = false)
    {
        record = default;
        while ((!alertsOnly || IsAlert(input)) && TryReadRecord(ref input, out record))
        {
            if (record.Type != RecordType.Alert)
            {
                _alerts.OnData();
                return true;
            }

            OnAlert(record.Body);
        }

        return false;
    }

    public void WriteMessage(ReadOnlySpan<byte> message, IBufferWriter<byte> output, ushort version = TlmspDialect.Version)
    {
        if (Outgoing is { } flow)
        {
            flow.SealHandshakeRecord(RecordType.Handshake, message, output);
        }
        else
        {
            WriteRecord(RecordType.Handshake, message, output, version);
        }
    }

    /// <summary>Passes on an alert of somebody else as it came.</summary>
    public void WriteRelayedAlert(ReadOnlySpan<byte> body, IBufferWriter<byte> output)
    {
        if (!_ended)
        {
            Outgoing?.CountRelayed();
            WriteRecord(RecordType.Alert, body, output);
        }
    }

    public void WriteChangeCipherSpec(IBufferWriter<byte> output) => WriteRecord(RecordType.ChangeCipherSpec, [1], output);

    /// <summary>Writes a fatal alert in the form of the phase. Nothing but alerts of others follows it.</summary>
    public void WriteAlert(TlmspAlert alert, byte contextId, IBufferWriter<byte> output)
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        ReadOnlySpan<byte> content = [(byte)TlmspAlertLevel.Fatal, (byte)alert];
        if (Outgoing is { } flow)
        {
            flow.Originate(RecordType.Alert, contextId, content, output);
        }
        else if (SessionId is null)
        {
            WriteRecord(RecordType.Alert, content, output);
        }
        else if (Self is TlmspDialect.Client or TlmspDialect.Server)
        {
            WriteRecord(RecordType.Alert, [0, 0, 0, 0, 2, .. content], output);
        }
        else
        {
            WriteRecord(RecordType.Alert, [0, 0x80, 0, Self, 0, 0, 2, .. content], output);
        }
    }

    /// <summary>Writes a record without protection.</summary>
    public void WriteRecord(RecordType type, ReadOnlySpan<byte> body, IBufferWriter<byte> output, ushort version = TlmspDialect.Version)
    {
        int prefix = SessionId is null ? 0 : TlmspDialect.SessionIdLength;
        Span<byte> record = output.GetSpan(RecordHeader.Size + prefix + body.Length);
        RecordHeader.Write(record, type, prefix + body.Length, version);
        if (SessionId is { } sid)
        {
            BinaryPrimitives.WriteUInt32BigEndian(record[RecordHeader.Size..], sid);
        }

        body.CopyTo(record[(RecordHeader.Size + prefix)..]);
        output.Advance(RecordHeader.Size + prefix + body.Length);
    }

    private static bool IsAlert(in ReadOnlySequence<byte> input) =>
        RecordHeader.TryRead(input, out RecordHeader header) && header.Type == RecordType.Alert;

    private bool TryReadRecord(ref ReadOnlySequence<byte> input, out HandshakeRecord record)
    {
        record = default;
        if (!RecordHeader.TryRead(input, out RecordHeader header))
        {
            return false;
        }

        if (IsVersionSettled ? header.Version != TlmspDialect.Version : header.Version >> 8 != 3)
        {
            throw new TlmspException(Misbehaviour.BadRecordVersion, $"{header.Version:x4}");
        }

        if (header.Length > _limits.MaxHandshakeMessage + ProtectionOverhead)
        {
            throw new TlmspException(Misbehaviour.HandshakeMessageTooLong, $"a record of {header.Length} bytes");
        }

        // A client that refuses ServerHello does not take the session id from it: its alert is a plain one (handshake.md §10.1).
        bool refusal = !_sessionIdSeen && Receives == Direction.ClientToServer && header is { Type: RecordType.Alert, Length: 2 };
        int prefix = SessionId is null || refusal ? 0 : TlmspDialect.SessionIdLength;
        if (header.Length < prefix)
        {
            throw new TlmspException(Misbehaviour.RecordTooShort, $"{header.Length} bytes");
        }

        if (input.Length < RecordHeader.Size + header.Length)
        {
            return false;
        }

        ReadOnlySequence<byte> content = input.Slice(RecordHeader.Size, header.Length);
        if (SessionId is { } expected && !refusal)
        {
            _sessionIdSeen = true;
            Span<byte> sid = stackalloc byte[TlmspDialect.SessionIdLength];
            content.Slice(0, prefix).CopyTo(sid);
            if (BinaryPrimitives.ReadUInt32BigEndian(sid) != expected)
            {
                throw new TlmspException(Misbehaviour.WrongSessionId, $"{header.Type} record");
            }
        }

        byte[] body = content.Slice(prefix).ToArray();
        if (body.Length == 0)
        {
            throw new TlmspException(Misbehaviour.EmptyRecord, $"{header.Type} record");
        }

        input = input.Slice(RecordHeader.Size + header.Length);
        if (header.Type == RecordType.Handshake && Incoming is { } flow)
        {
            byte[] plaintext = new byte[body.Length];
            body = plaintext[..flow.OpenHandshakeRecord(header.Type, body, plaintext)];
        }

        record = new HandshakeRecord(header.Type, body);
        return true;
    }

    private void OnAlert(byte[] body)
    {
        byte contextId = 0;
        ReadOnlySpan<byte> content;
        string origin = "the neighbour";
        if (Incoming is { } flow)
        {
            // An unprotected alert could come from anybody; once there are keys it is refused (the reference accepts it).
            if (body.Length <= 3)
            {
                throw new TlmspException(Misbehaviour.MalformedAlert, "an alert without protection");
            }

            byte[] buffer = new byte[ContainerParts.Headroom + body.Length];
            body.CopyTo(buffer, ContainerParts.Headroom);
            byte[] plaintext = new byte[body.Length];
            OpenedContainer container = flow.Open(RecordType.Alert, buffer, ContainerParts.Headroom, plaintext);
            if (container.Parts.End != buffer.Length)
            {
                throw new TlmspException(Misbehaviour.MalformedAlert, "more than one container");
            }

            contextId = container.Parts.ContextId;
            content = container.Plaintext;
            origin = $"entity {container.Origin:x2}";
        }
        else
        {
            content = ReadUnprotected(body, ref contextId, ref origin);
        }

        // Only what this party has accepted itself goes on.
        TlmspAlert? end = _alerts.OnAlert(content, contextId);
        RelayAlert?.Invoke(body);
        if (end is { } fatal)
        {
            throw new TlmspException(Misbehaviour.AlertReceived, fatal, $"sent by {origin}", contextId);
        }

        if (_alerts.IsClosed)
        {
            throw new TlmspException(Misbehaviour.AlertReceived, TlmspAlert.CloseNotify, "close_notify inside the handshake");
        }
    }

    /// <summary>Two bytes are a TLS alert, three a "TLMSPAlert" (entity first), everything else a container in the clear (§2.5).</summary>
    internal static ReadOnlySpan<byte> ReadUnprotected(byte[] body, scoped ref byte contextId, scoped ref string origin)
    {
        if (body.Length is 2 or 3)
        {
            return body.AsSpan(body.Length - 2);
        }

        var reader = new WireReader(body, "alert container", Misbehaviour.MalformedAlert);
        contextId = reader.U8("context id");
        ushort flags = reader.U16("flags");
        if ((flags & (TlmspDialect.FlagInserted | TlmspDialect.FlagDeleted)) != 0)
        {
            origin = $"entity {reader.U8("m_id"):x2}";
            reader.Bytes(3 * reader.U8("delete indicators"), "delete indicators");
        }

        ReadOnlySpan<byte> content = reader.Vector16("fragment");
        reader.End();
        return content;
    }
}
