using System.Buffers;
using System.Buffers.Binary;

namespace Tlmsp.Tests.Recorded;

/// <summary>
/// Opens every record of every hop as its receiver would, and seals it again as its sender did, with the recorded nonces. The contents
/// go to <paramref name="data"/>.
/// </summary>
internal sealed class RecordedRecordChecks(RecordedHandshake handshake, RecordedDataChecks data)
{
    private readonly uint _sessionId = handshake.Path.SessionId;

    /// <summary>Messages and containers that came out the same.</summary>
    public int Sealed { get; private set; }

    /// <summary>Containers that reached a middlebox at the end of a session and did not leave it any more.</summary>
    public int Pending { get; private set; }

    public void Run()
    {
        foreach (Direction direction in (ReadOnlySpan<Direction>)[Direction.ClientToServer, Direction.ServerToClient])
        {
            for (int hop = 0; hop < handshake.Session.Hops.Count; hop++)
            {
                IReadOnlyList<RecordedItem> items = Open(hop, direction);
                Seal(hop, direction, items);
                data.Add(handshake, hop, direction, [.. items.Where(item => item.Container is not null).Select(item => item.Container!)]);
            }
        }
    }

    /// <summary>The receiver opens everything, and reads what it may; the contents come from one who may read all.</summary>
    private IReadOnlyList<RecordedItem> Open(int hop, Direction direction)
    {
        int receiver = direction == Direction.ClientToServer ? hop + 1 : hop;
        byte self = handshake.EntityAt(receiver);
        RecordedStream stream = handshake.Session.Stream(hop, direction);
        IReadOnlyList<RecordedItem> seen = RecordedReceiver.OpenAll(stream, _sessionId, handshake.Receiver(receiver, direction));
        IReadOnlyList<RecordedItem> all = RecordedReceiver.OpenAll(
            stream, _sessionId, handshake.Receiver(receiver, direction, allKeys: true));
        foreach ((RecordedItem own, RecordedItem full) in seen.Zip(all))
        {
            if (full.Container is { } container)
            {
                bool canRead = handshake.Path.AccessOf(self, container.Context) >= TlmspAccess.Read;
                Assert.Equal(canRead, own.Container!.CanRead);
                Assert.Equal(canRead ? container.Plaintext : [], own.Container.Plaintext);
            }
            else
            {
                Assert.Equal(full.Message!, own.Message!);
            }
        }

        return all;
    }

    private void Seal(int hop, Direction direction, IReadOnlyList<RecordedItem> items)
    {
        int sender = direction == Direction.ClientToServer ? hop : hop + 1;
        var nonces = new RecordedNonces();
        OutgoingFlow outgoing = handshake.Sender(sender, direction, nonces);
        int from = direction == Direction.ClientToServer ? hop - 1 : hop + 1;
        RecordedRelay? relay = handshake.IsEndpoint(sender)
            ? null
            : new RecordedRelay(handshake.EntityAt(sender), outgoing, nonces, new RecordedReceiver(
                handshake.Session.Stream(from, direction), _sessionId, handshake.Receiver(sender, direction)));
        foreach (RecordedItem item in items)
        {
            var output = new ArrayBufferWriter<byte>();
            if (item.Message is { } message)
            {
                relay?.TakeMessage();
                nonces.Add(item.Record.AsSpan(RecordHeader.Size + TlmspDialect.SessionIdLength, TlmspDialect.NonceLength));
                outgoing.SealHandshakeRecord(RecordType.Handshake, message, output);
                Assert.Equal(item.Record, output.WrittenSpan.ToArray());
            }
            else
            {
                RecordedContainer container = item.Container!;
                Seal(container, relay, outgoing, nonces, output);
                Assert.Equal(container.AsRecord(_sessionId), output.WrittenSpan.ToArray());
            }

            Assert.True(nonces.IsEmpty);
            Sealed++;
        }

        Pending += relay?.CountPending() ?? 0;
        CheckRecordsHoldNothingElse(handshake.Session.Stream(hop, direction), items);
    }

    private static void Seal(
        RecordedContainer container, RecordedRelay? relay, OutgoingFlow outgoing, RecordedNonces nonces, ArrayBufferWriter<byte> output)
    {
        if (relay is not null && !relay.IsOwn(container))
        {
            relay.Pass(container, output);
            return;
        }

        nonces.Add(container.Nonce);
        nonces.Add(container.ForwardingMacNonces[0]);
        outgoing.Originate(container.Type, container.Context, container.Plaintext, output);
    }

    /// <summary>The product gives each container a record of its own; a recorded record is one header and the same containers.</summary>
    private void CheckRecordsHoldNothingElse(RecordedStream stream, IReadOnlyList<RecordedItem> items)
    {
        Assert.Equal(stream.Records, items.Select(item => item.Record).Distinct());
        foreach (IGrouping<byte[], RecordedItem> record in items.Where(item => item.Container is not null).GroupBy(item => item.Record))
        {
            byte[] body = [.. record.SelectMany(item => item.Container!.Bytes)];
            byte[] whole = new byte[RecordHeader.Size + TlmspDialect.SessionIdLength + body.Length];
            RecordHeader.Write(whole, (RecordType)record.Key[0], TlmspDialect.SessionIdLength + body.Length);
            BinaryPrimitives.WriteUInt32BigEndian(whole.AsSpan(RecordHeader.Size), _sessionId);
            body.CopyTo(whole, RecordHeader.Size + TlmspDialect.SessionIdLength);
            Assert.Equal(whole, record.Key);
        }
    }
}
