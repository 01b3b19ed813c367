using System.Buffers;

namespace Tlmsp.Tests.Recorded;

/// <summary>One protected handshake message, or one container, of a hop.</summary>
internal sealed record RecordedItem(byte[] Record, byte[]? Message, RecordedContainer? Container);

/// <summary>Takes what one party received on one hop out of its records, one message or container after the other.</summary>
internal sealed class RecordedReceiver(RecordedStream stream, uint sessionId, IncomingFlow flow)
{
    private const int Prefix = RecordHeader.Size + TlmspDialect.SessionIdLength;
    private int _next;
    private byte[] _record = [];
    private byte[] _buffer = [];
    private int _at;

    public delegate void Act(in OpenedContainer container);

    /// <summary>Opens everything.</summary>
    public static IReadOnlyList<RecordedItem> OpenAll(RecordedStream stream, uint sessionId, IncomingFlow flow)
    {
        var receiver = new RecordedReceiver(stream, sessionId, flow);
        var items = new List<RecordedItem>();
        while (receiver.TryNext(out byte[]? message))
        {
            RecordedContainer? container = null;
            if (message is null)
            {
                receiver.Open((in OpenedContainer opened) => container = RecordedContainer.Of(opened));
            }

            items.Add(new RecordedItem(receiver._record, message, container));
        }

        return items;
    }

    /// <summary>Goes to the next item. A handshake message is opened at once; for a container call <see cref="Open"/>.</summary>
    public bool TryNext(out byte[]? message)
    {
        message = null;
        if (_at < _buffer.Length)
        {
            return true;
        }

        if (_next == stream.Records.Count)
        {
            return false;
        }

        _record = stream.Records[_next++];
        if ((RecordType)_record[0] == RecordType.Handshake)
        {
            message = OpenMessage();
            return true;
        }

        // The product's reader checks the header and gives the containers, with its room before them.
        var reader = default(RecordReader);
        var input = new ReadOnlySequence<byte>(_record);
        Assert.True(reader.TryRead(ref input, sessionId));
        _buffer = reader.Buffer.ToArray();
        _at = ContainerParts.Headroom;
        reader.Done();
        return true;
    }

    /// <summary>Opens the container that <see cref="TryNext"/> has come to.</summary>
    public void Open(Act act)
    {
        OpenedContainer container = flow.Open((RecordType)_record[0], _buffer, _at, new byte[TlmspDialect.MaxFragmentReceived]);
        _at = container.Parts.End;
        act(container);
    }

    private byte[] OpenMessage()
    {
        byte[] body = _record[Prefix..];
        byte[] plaintext = new byte[body.Length];
        return plaintext[..flow.OpenHandshakeRecord(RecordType.Handshake, body, plaintext)];
    }
}
