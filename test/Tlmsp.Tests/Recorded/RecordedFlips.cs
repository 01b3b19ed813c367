using System.Buffers;
using Tlmsp.TestSupport;

namespace Tlmsp.Tests.Recorded;

/// <summary>Flips single bytes of protected records, and looks who notices.</summary>
internal sealed class RecordedFlips(RecordedHandshake handshake)
{
    private const int Step = 3;     // every third byte, starting at another one per record

    public int AtReceiver { get; private set; }

    public int AtNextEndpoint { get; private set; }

    public void Run(int hop, Direction direction)
    {
        bool toServer = direction == Direction.ClientToServer;
        byte[][] records = RecordedContainers.Records(toServer ? handshake.ToServer[hop] : handshake.ToClient[hop]);
        for (int index = 0; index < records.Length; index++)
        {
            for (int at = index % Step; at < records[index].Length; at += Step)
            {
                byte[][] flipped = [.. records];
                flipped[index] = [.. records[index]];
                flipped[index][at] ^= (byte)(1 << (at % 8));
                Check(hop, direction, flipped, index, at);
            }
        }
    }

    private void Check(int hop, Direction direction, byte[][] records, int index, int at)
    {
        bool toServer = direction == Direction.ClientToServer;
        int receiver = toServer ? hop + 1 : hop;
        bool endpoint = receiver == 0 || receiver == handshake.Path.Entities.Length - 1;
        byte[][]? relayed = Receive(receiver, direction, records, endpoint);
        if (relayed is null)
        {
            AtReceiver++;
            return;
        }

        // What a middlebox cannot see it passes on unchanged: the next endpoint must see it, whoever is in between.
        string where = $"hop {hop}, {direction}, record {index}, byte {at}";
        Assert.False(endpoint, $"{where}: nobody noticed");
        while (relayed is not null && !endpoint)
        {
            receiver += toServer ? 1 : -1;
            endpoint = receiver == 0 || receiver == handshake.Path.Entities.Length - 1;
            relayed = Receive(receiver, direction, relayed, endpoint);
        }

        Assert.True(relayed is null, $"{where}: the endpoint did not notice");
        AtNextEndpoint++;
    }

    /// <summary>Lets a party take a stream through the product's reader or relay.</summary>
    /// <returns>What a middlebox sends on; null when the party found a fault or could not take everything.</returns>
    private byte[][]? Receive(int receiver, Direction direction, byte[][] records, bool endpoint)
    {
        IncomingFlow flow = handshake.Receiver(receiver, direction);
        var channel = new HandshakeChannel(handshake.EntityAt(receiver), direction, new TlmspLimits()) { Incoming = flow };
        channel.ActivateSessionId(handshake.SessionId);
        var input = new ReadOnlySequence<byte>([.. records.SelectMany(record => record)]);
        var output = new ArrayBufferWriter<byte>();
        var sent = new List<byte[]>();
        OutgoingFlow outgoing = handshake.Sender(receiver, direction, new CounterNonceSource(handshake.EntityAt(receiver), TlmspRandom.System));
        try
        {
            for (int i = 0; i < 1 + handshake.Peers.Count; i++)
            {
                if (!channel.TryRead(ref input, out HandshakeRecord record) || record.Type != RecordType.Handshake)
                {
                    return null;
                }

                if (!endpoint)
                {
                    outgoing.SealHandshakeRecord(RecordType.Handshake, record.Body, output);
                    Take(output, sent);
                }
            }

            if (endpoint)
            {
                var reader = new ContainerReader(handshake.Path, flow);
                var sink = new CollectingReceiver();
                while (reader.TryRead(ref input, sink))
                {
                }
            }
            else
            {
                var relay = new ContainerRelay(handshake.Path, handshake.EntityAt(receiver), flow, outgoing);
                while (relay.TryRelay(ref input, null, output))
                {
                    Take(output, sent);
                }
            }
        }
        catch (TlmspException)
        {
            return null;
        }

        // A length that grew swallows what follows, and the rest of the stream never comes.
        return input.IsEmpty ? [.. sent] : null;
    }

    private static void Take(ArrayBufferWriter<byte> output, List<byte[]> sent)
    {
        sent.Add(output.WrittenSpan.ToArray());
        output.Clear();
    }
}
