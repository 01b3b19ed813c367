using System.Buffers;
using System.Buffers.Binary;

namespace Tlmsp.Tests.Recorded;

/// <summary>
/// One direction of one connection, taken apart by the product's record layer: the handshake up to ChangeCipherSpec, and the records
/// after it.
/// </summary>
internal sealed class RecordedStream
{
    private readonly List<HandshakeMessage> _messages = [];
    private readonly List<byte[]> _alerts = [];
    private readonly List<byte[]> _records = [];

    private RecordedStream()
    {
    }

    public IReadOnlyList<HandshakeMessage> Messages => _messages;

    /// <summary>Bodies of the alerts before ChangeCipherSpec, whatever their form.</summary>
    public IReadOnlyList<byte[]> Alerts => _alerts;

    /// <summary>The alert that ended the handshake before ChangeCipherSpec.</summary>
    public TlmspAlert? FatalAlert { get; private set; }

    public bool HasChangeCipherSpec { get; private set; }

    /// <summary>Whole records after ChangeCipherSpec.</summary>
    public IReadOnlyList<byte[]> Records => _records;

    /// <summary>The start of a record of which the rest was not recorded.</summary>
    public byte[] Cut { get; private set; } = [];

    /// <summary>Handshake records after ChangeCipherSpec.</summary>
    public int ProtectedMessages => _records.Count(record => (RecordType)record[0] == RecordType.Handshake);

    public HandshakeMessage? Find(HandshakeType type, byte id)
    {
        foreach (HandshakeMessage message in _messages)
        {
            if (message.Type == type && KeyMaterial.ReadId(message) == id)
            {
                return message;
            }
        }

        return null;
    }

    /// <param name="bytes">What was recorded.</param>
    /// <param name="sessionId">The session id, in every record after the first; null when no ServerHello ever came.</param>
    /// <exception cref="TlmspException">The product refuses a record.</exception>
    public static RecordedStream Read(byte[] bytes, uint? sessionId)
    {
        var stream = new RecordedStream();
        var input = new ReadOnlySequence<byte>(bytes);
        while (stream.TryReadSome(ref input, sessionId))
        {
        }

        if (stream.HasChangeCipherSpec)
        {
            while (TryTakeRecord(ref input, out byte[] record))
            {
                stream._records.Add(record);
            }
        }

        stream.Cut = input.ToArray();
        return stream;
    }

    /// <summary>The first message alone: enough to see what a connection is about, whatever comes after it.</summary>
    public static RecordedStream ReadFirst(byte[] bytes)
    {
        var stream = new RecordedStream();
        var input = new ReadOnlySequence<byte>(bytes);
        while (stream._messages.Count == 0 && stream.TryReadSome(ref input, sessionId: null))
        {
        }

        return stream;
    }

    private bool TryReadSome(ref ReadOnlySequence<byte> input, uint? sessionId)
    {
        // A client that refuses ServerHello answers without the session id (handshake.md §10.1).
        bool plainAlert = input.Length >= RecordHeader.Size && input.FirstSpan[0] == (byte)RecordType.Alert
            && BinaryPrimitives.ReadUInt16BigEndian(input.Slice(3, 2).ToArray()) == 2;
        var channel = new HandshakeChannel(0, default, new TlmspLimits()) { RelayAlert = _alerts.Add };
        if (_messages.Count > 0 && !plainAlert && sessionId is { } sid)
        {
            channel.ActivateSessionId(sid);
        }

        try
        {
            if (!channel.TryRead(ref input, out HandshakeRecord record))
            {
                return false;
            }

            if (record.Type == RecordType.Handshake)
            {
                _messages.Add(HandshakeMessage.FromRecord(record.Body));
                return true;
            }

            Assert.Equal(RecordType.ChangeCipherSpec, record.Type);
            Assert.Equal([1], record.Body);
            HasChangeCipherSpec = true;
            return false;
        }
        catch (TlmspException e) when (e.FromPeer)
        {
            FatalAlert ??= e.Alert;
            return true;
        }
    }

    private static bool TryTakeRecord(ref ReadOnlySequence<byte> input, out byte[] record)
    {
        record = [];
        if (!RecordHeader.TryRead(input, out RecordHeader header) || input.Length < RecordHeader.Size + header.Length)
        {
            return false;
        }

        record = input.Slice(0, RecordHeader.Size + header.Length).ToArray();
        input = input.Slice(record.Length);
        return true;
    }
}
