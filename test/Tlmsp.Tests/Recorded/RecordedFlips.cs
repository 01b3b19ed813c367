using System.Buffers;
using Tlmsp.TestSupport;

namespace Tlmsp.Tests.Recorded;

/// <summary>Flips single bytes of protected records, and looks who notices.</summary>
internal sealed class RecordedFlips(RecordedHandshake handshake)
{
    // Flips per hop and direction, spread over its records. All that can be tried would take hours for a long session.
    private const int Budget = 4000;
    private const int MinPerRecord = 16;
    private const int MinStep = 3;

    public int AtReceiver { get; private set; }

    public int AtNextEndpoint { get; private set; }

    /// <summary>True when containers passed a middlebox: part of each is beyond its reach.</summary>
    public bool CouldHide { get; private set; }

    public void Run(int hop, Direction direction)
    {
        int receiver = direction == Direction.ClientToServer ? hop + 1 : hop;
        IReadOnlyList<byte[]> records = handshake.Session.Stream(hop, direction).Records;
        List<Outcome> unharmed = ReceiveAll(receiver, direction, records);
        CouldHide |= !handshake.IsEndpoint(receiver) && unharmed[^1].Taken > 1 + handshake.Peers.Count;

        for (int index = 0; index < records.Count && IsRead(index, unharmed); index++)
        {
            foreach (int at in Positions(records[index].Length, index, Math.Max(MinPerRecord, Budget / records.Count)))
            {
                byte[][] flipped = [.. records.Take(index + 2)];
                flipped[index] = [.. records[index]];
                flipped[index][at] ^= (byte)(1 << (at % 8));
                string where = $"hop {hop}, {direction}, record {index}, byte {at}";
                bool canSee = handshake.IsEndpoint(receiver) || CanSee(receiver, direction, records[index], at, flipped[index][at]);
                Check(receiver, direction, flipped, canSee, unharmed, where);
            }
        }
    }

    /// <summary>
    /// Behind a record that ends the connection, such as a fatal alert, nothing is read; a record that a middlebox refuses even unharmed
    /// goes no further.
    /// </summary>
    private static bool IsRead(int index, List<Outcome> unharmed)
    {
        foreach (Outcome outcome in unharmed.SkipLast(1))
        {
            if (index >= outcome.Taken || outcome.FirstSent[index] >= outcome.Sent.Count)
            {
                return false;
            }

            index = outcome.FirstSent[index];
        }

        return index <= unharmed[^1].Taken;
    }

    /// <summary>
    /// Evenly spread, starting at another byte in each record; closer at both ends of a long one, where its headers and MACs are.
    /// </summary>
    private static IEnumerable<int> Positions(int length, int index, int count)
    {
        const int head = 40;
        const int tail = 120;
        int fine = Math.Max(MinStep, (head + tail) / count);
        int coarse = Math.Max(fine, length / count);
        for (int at = index % fine; at < length;)
        {
            yield return at;
            at += at < head || at >= length - tail ? fine : Math.Min(coarse, Math.Max(fine, length - tail - at));
        }
    }

    private void Check(int receiver, Direction direction, IReadOnlyList<byte[]> records, bool canSee, List<Outcome> unharmed, string where)
    {
        Outcome outcome = Receive(receiver, direction, records);
        if (outcome.IsNoticed(unharmed[0], records.Count))
        {
            AtReceiver++;
            return;
        }

        // What a middlebox cannot see it passes on unchanged: the next endpoint must see it, whoever is in between.
        Assert.False(canSee, $"{where}: entity {handshake.EntityAt(receiver):x2} did not notice");
        for (int i = 1; i < unharmed.Count; i++)
        {
            receiver += direction == Direction.ClientToServer ? 1 : -1;
            int sent = outcome.Sent.Count;
            outcome = Receive(receiver, direction, outcome.Sent);
            if (outcome.IsNoticed(unharmed[i], sent))
            {
                AtNextEndpoint += handshake.IsEndpoint(receiver) ? 1 : 0;
                return;
            }
        }

        Assert.Fail($"{where}: the endpoint did not notice");
    }

    /// <summary>
    /// Whether a middlebox holds a key that covers a byte. Beyond its reach are check MACs with their flags, forwarding MACs of an audit
    /// trail that are not the latest, writer MACs where it may not write, and labels that put a container into a context that it may not
    /// read.
    /// </summary>
    private bool CanSee(int receiver, Direction direction, byte[] record, int at, byte flipped)
    {
        const int start = RecordHeader.Size + TlmspDialect.SessionIdLength;
        if ((RecordType)record[0] == RecordType.Handshake || at < start)
        {
            return true;
        }

        ContainerField field = ContainerField.At(record, at, start);
        DirectionKeys keys = handshake.KeysOf(receiver, direction);
        return field.Kind switch
        {
            ContainerFieldKind.Context => handshake.Path.SlotOf(flipped) is int slot && (slot < 0 || keys.Reader(slot) is not null),
            ContainerFieldKind.WriterMac => keys.Writer(handshake.Path.SlotOf(field.Context)) is not null,
            ContainerFieldKind.ForwardingMac => false,
            _ => true,
        };
    }

    /// <summary>What becomes of an unharmed stream at each party up to the endpoint.</summary>
    private List<Outcome> ReceiveAll(int receiver, Direction direction, IReadOnlyList<byte[]> records)
    {
        var outcomes = new List<Outcome> { Receive(receiver, direction, records) };
        while (!handshake.IsEndpoint(receiver))
        {
            receiver += direction == Direction.ClientToServer ? 1 : -1;
            outcomes.Add(Receive(receiver, direction, outcomes[^1].Sent));
        }

        return outcomes;
    }

    /// <summary>Lets a party take a stream through the product's channel, then its reader or relay.</summary>
    private Outcome Receive(int receiver, Direction direction, IReadOnlyList<byte[]> records)
    {
        IncomingFlow flow = handshake.Receiver(receiver, direction);
        var channel = new HandshakeChannel(handshake.EntityAt(receiver), direction, new TlmspLimits()) { Incoming = flow };
        channel.ActivateSessionId(handshake.Path.SessionId);
        var nonces = new CounterNonceSource(handshake.EntityAt(receiver), TlmspRandom.System);
        OutgoingFlow outgoing = handshake.Sender(receiver, direction, nonces);
        var reader = new ContainerReader(handshake.Path, flow);
        var relay = new ContainerRelay(handshake.Path, handshake.EntityAt(receiver), flow, outgoing);
        var sink = new CollectingReceiver();
        var input = new ReadOnlySequence<byte>([.. records.SelectMany(record => record)]);
        var output = new ArrayBufferWriter<byte>();
        var outcome = new Outcome();
        try
        {
            while (!input.IsEmpty)
            {
                if (outcome.Taken <= handshake.Peers.Count)
                {
                    if (!channel.TryRead(ref input, out HandshakeRecord record))
                    {
                        break;
                    }

                    if (record.Type != RecordType.Handshake)
                    {
                        outcome.Fault = Misbehaviour.UnexpectedHandshakeMessage;
                        break;
                    }

                    outgoing.SealHandshakeRecord(RecordType.Handshake, record.Body, output);
                }
                else if (!(handshake.IsEndpoint(receiver) ? reader.TryRead(ref input, sink) : relay.TryRelay(ref input, null, output)))
                {
                    break;
                }

                outcome.Take(output);
            }
        }
        catch (TlmspException e)
        {
            outcome.Fault = e.Misbehaviour;
        }

        return outcome;
    }

    /// <summary>How far a party came with a stream, and what it sent on.</summary>
    private sealed class Outcome
    {
        public int Taken => FirstSent.Count;

        public Misbehaviour? Fault { get; set; }

        /// <summary>Records.</summary>
        public List<byte[]> Sent { get; } = [];

        /// <summary>Per record that was taken: the place in <see cref="Sent"/> where what became of it starts.</summary>
        public List<int> FirstSent { get; } = [];

        public void Take(ArrayBufferWriter<byte> output)
        {
            FirstSent.Add(Sent.Count);
            for (ReadOnlyMemory<byte> rest = output.WrittenMemory; !rest.IsEmpty; rest = rest[Sent[^1].Length..])
            {
                RecordHeader.TryRead(new ReadOnlySequence<byte>(rest), out RecordHeader header);
                Sent.Add(rest[..(RecordHeader.Size + header.Length)].ToArray());
            }

            output.Clear();
        }

        /// <summary>Another fault than the unharmed stream has, or fewer records: a length that grew swallows what follows.</summary>
        public bool IsNoticed(Outcome unharmed, int offered) =>
            Taken < Math.Min(offered, unharmed.Taken) || Fault != (offered > unharmed.Taken ? unharmed.Fault : null);
    }
}
