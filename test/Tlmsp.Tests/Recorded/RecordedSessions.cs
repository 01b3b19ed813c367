using System.Buffers;
using Tlmsp.Tests.Recorded;
using Xunit.Abstractions;

namespace Tlmsp.Tests;

/// <summary>Sessions of the reference stack, recorded with their premaster secrets, replayed through the product's own code.</summary>
public class RecordedSessions(ITestOutputHelper output)
{
    private static readonly Direction[] Directions = [Direction.ClientToServer, Direction.ServerToClient];

    public static TheoryData<string> Covered =>
        [.. RecordedFolder.Files.Where(file => WhyNotCovered(RecordedFolder.Load(file)) is null).DefaultIfEmpty("none")];

    public static TheoryData<string, string> NotCovered
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string file in RecordedFolder.Files)
            {
                if (WhyNotCovered(RecordedFolder.Load(file)) is { } reason)
                {
                    data.Add(file, reason);
                }
            }

            if (data.Count == 0)
            {
                data.Add("none", "");
            }

            return data;
        }
    }

    [RecordedFact]
    public void There_are_sessions_in_the_folder() => Assert.NotEmpty(RecordedFolder.Files);

    /// <summary>Lists the sessions that are not replayed; each stays here only as long as the product refuses what it needs.</summary>
    [RecordedTheory]
    [MemberData(nameof(NotCovered))]
    public void Sessions_that_are_not_covered_are_listed(string file, string reason)
    {
        output.WriteLine($"{file}: not covered, {reason}");
        if (file != "none")
        {
            Assert.ThrowsAny<Exception>(() => new RecordedHandshake(RecordedFolder.Load(file)));
        }
    }

    [RecordedTheory]
    [MemberData(nameof(Covered))]
    public void Keys_and_finished_values_are_those_of_the_recording(string file)
    {
        (RecordedSessionFile recorded, RecordedHandshake handshake) = Load(file);
        Assert.Equal(recorded.Masters[(TlmspDialect.Client, TlmspDialect.Server)], handshake.EndpointSecret.Master);
        for (int i = 0; i < handshake.Peers.Count; i++)
        {
            Assert.Equal(recorded.Masters[(TlmspDialect.Client, handshake.Peers[i].Id)], handshake.ClientSecrets[i].Master);
            Assert.Equal(recorded.Masters[(TlmspDialect.Server, handshake.Peers[i].Id)], handshake.ServerSecrets[i].Master);
            CheckConfirmations(handshake, i);
        }

        if (recorded.EndpointKeys.Count > 0)
        {
            CheckKeys(recorded, handshake);
        }

        CheckFinished(handshake);
    }

    [RecordedTheory]
    [MemberData(nameof(Covered))]
    public void Every_record_opens_for_every_entity_and_seals_to_the_same_bytes(string file)
    {
        (RecordedSessionFile recorded, RecordedHandshake handshake) = Load(file);
        int sealedCount = 0;
        foreach (Direction direction in Directions)
        {
            for (int hop = 0; hop < recorded.Hops.Count; hop++)
            {
                sealedCount += CheckHop(recorded, handshake, hop, direction);
            }
        }

        output.WriteLine($"{sealedCount} records opened and sealed again");
        Assert.True(sealedCount >= 2 * recorded.Hops.Count * (1 + handshake.Peers.Count));
    }

    [RecordedTheory]
    [MemberData(nameof(Covered))]
    public void Flipping_a_byte_of_a_protected_record_is_detected(string file)
    {
        (_, RecordedHandshake handshake) = Load(file);
        var flips = new RecordedFlips(handshake);
        foreach (Direction direction in Directions)
        {
            for (int hop = 0; hop < handshake.ToServer.Length; hop++)
            {
                flips.Run(hop, direction);
            }
        }

        output.WriteLine($"{flips.AtReceiver} flips detected by the receiving hop, {flips.AtNextEndpoint} by the next endpoint");
        Assert.True(flips.AtReceiver > 0);
    }

    private static (RecordedSessionFile File, RecordedHandshake Handshake) Load(string file)
    {
        RecordedSessionFile recorded = RecordedFolder.Load(file);
        return (recorded, new RecordedHandshake(recorded));
    }

    /// <returns>Null for a session that is replayed.</returns>
    private static string? WhyNotCovered(RecordedSessionFile recorded)
    {
        if (recorded.HasSeveralConnections)
        {
            return "more than one connection per hop, which only discovery makes";
        }

        ushort suite = SuiteOf(recorded);
        return TlmspCipherSuite.FromId(suite) is null ? $"suite {suite:x4} is not implemented" : null;
    }

    private static ushort SuiteOf(RecordedSessionFile recorded)
    {
        var input = new ReadOnlySequence<byte>(recorded.Hops[0].ToClient);
        Assert.True(new HandshakeChannel(0, default, new TlmspLimits()).TryRead(ref input, out HandshakeRecord record));
        return ServerHello.Read(HandshakeMessage.FromRecord(record.Body).Body).CipherSuite;
    }

    private static void CheckConfirmations(RecordedHandshake handshake, int index)
    {
        byte id = handshake.Peers[index].Id;
        ContributionTable toServer = KeyMaterial.Open(
            RecordedHandshake.Find(handshake.ToServer[index + 1], HandshakeType.MiddleboxKeyConfirmation, id), id, handshake.Path, handshake.ServerSecrets[index].BToA);
        ContributionTable toClient = KeyMaterial.Open(
            RecordedHandshake.Find(handshake.ToClient[index], HandshakeType.MiddleboxKeyConfirmation, id), id, handshake.Path, handshake.ClientSecrets[index].BToA);
        foreach ((ContributionTable confirmed, ContributionTable given, ContributionTable all) in new[]
        {
            (toServer, handshake.MiddleboxContributions[index].Client, handshake.ClientContributions),
            (toClient, handshake.MiddleboxContributions[index].Server, handshake.ServerContributions),
        })
        {
            Assert.Equal(all.Synch, confirmed.Synch);
            for (int slot = 0; slot < confirmed.Slots; slot++)
            {
                TlmspAccess access = handshake.Path.AccessOf(id, handshake.Path.ContextAt(slot));
                Assert.True(confirmed.HasEntry(slot));
                Assert.Equal(access >= TlmspAccess.Read ? all.Reader(slot) : default, confirmed.Reader(slot));
                Assert.Equal(access >= TlmspAccess.Write ? all.Writer(slot) : default, confirmed.Writer(slot));
                Assert.Equal(given.Reader(slot), confirmed.Reader(slot));
            }
        }
    }

    /// <summary>Every reader, writer, synch and pairwise encryption key of ours is one that the endpoints had in use, under its name.</summary>
    private static void CheckKeys(RecordedSessionFile recorded, RecordedHandshake handshake)
    {
        (DirectionKeys toServer, DirectionKeys toClient) = handshake.EndpointKeys;
        InUse("client_synch_mac_key", toServer.Synch);
        InUse("server_synch_mac_key", toClient.Synch);
        for (int slot = 0; slot < handshake.Path.SlotCount; slot++)
        {
            InUse("client_reader_enc_key_i", toServer.Reader(slot)!);
            InUse("server_reader_enc_key_i", toClient.Reader(slot)!);
            InUse("client_writer_MAC_key_i", toServer.Writer(slot)!);
            InUse("server_writer_MAC_key_i", toClient.Writer(slot)!);
        }

        foreach (PairSecret pair in (PairSecret[])[handshake.EndpointSecret, .. handshake.ClientSecrets, .. handshake.ServerSecrets])
        {
            InUse("A_to_B_Encryption_key", pair.AToB);
            InUse("B_to_A_Encryption_key", pair.BToA);
        }

        void InUse(string name, SecretKey key) => Assert.Contains($"{name}={Convert.ToHexStringLower(key.Bytes)}", recorded.EndpointKeys);
    }

    private static void CheckFinished(RecordedHandshake handshake)
    {
        Transcript transcript = handshake.Transcript;
        byte[][] fromClient = RecordedContainers.Open(
            handshake, 0, Direction.ClientToServer, handshake.Receiver(1, Direction.ClientToServer)).Messages;
        Assert.Equal(transcript.FinishedValue(handshake.EndpointSecret.Master, ofClient: true), fromClient[0][4..]);
        transcript.AddFinished(fromClient[0], fromClient: true);
        if (handshake.NewSessionTicket is { } ticket)
        {
            transcript.AddEndpointOnly(ticket);
        }

        byte[][] fromServer = RecordedContainers.Open(
            handshake, 0, Direction.ServerToClient, handshake.Receiver(0, Direction.ServerToClient)).Messages;
        Assert.Equal(transcript.FinishedValue(handshake.EndpointSecret.Master, ofClient: false), fromServer[0][4..]);
        transcript.AddFinished(fromServer[0], fromClient: false);

        for (int hop = 0; hop <= handshake.Peers.Count; hop++)
        {
            CheckMiddleboxFinished(handshake, hop, Direction.ClientToServer, fromClient[0]);
            CheckMiddleboxFinished(handshake, hop, Direction.ServerToClient, fromServer[0]);
        }
    }

    /// <summary>On the sender's side of a middlebox the endpoint's own value passes, behind it the value that the middlebox put in its place.</summary>
    private static void CheckMiddleboxFinished(RecordedHandshake handshake, int hop, Direction direction, byte[] finished)
    {
        bool toServer = direction == Direction.ClientToServer;
        byte[][] messages = RecordedContainers.Open(handshake, hop, direction, handshake.Receiver(toServer ? hop + 1 : hop, direction)).Messages;
        Assert.Equal(finished, messages[0]);
        for (int i = 0; i < handshake.Peers.Count; i++)
        {
            MiddleboxPeer peer = handshake.Peers[i];
            bool clientSide = hop <= i;
            string label = (toServer, clientSide) switch
            {
                (true, true) => TlmspDialect.LabelClientMiddleboxFinished,
                (true, false) => TlmspDialect.LabelMiddleboxServerFinished,
                (false, true) => TlmspDialect.LabelMiddleboxClientFinished,
                (false, false) => TlmspDialect.LabelServerMiddleboxFinished,
            };
            byte[] expected = handshake.Transcript.MiddleboxFinishedValue(
                (clientSide ? handshake.ClientSecrets[i] : handshake.ServerSecrets[i]).Master, label, peer.HelloMessage, peer.CertificateBytes, peer.HelloDoneMessage,
                Transcript.SharedContributions(handshake.Path, peer.Id, handshake.ClientContributions, handshake.ServerContributions));
            Assert.Equal((peer.Id, expected), ReadFinished(messages[1 + i]), (a, b) => a.Item1 == b.Item1 && a.Item2.SequenceEqual(b.Item2));
        }
    }

    private static (byte Id, byte[] Value) ReadFinished(byte[] message) => ShortMessages.ReadMiddleboxFinished(HandshakeMessage.FromBytes(message));

    /// <returns>Number of records that came out the same.</returns>
    private static int CheckHop(RecordedSessionFile recorded, RecordedHandshake handshake, int hop, Direction direction)
    {
        bool toServer = direction == Direction.ClientToServer;
        int receiver = toServer ? hop + 1 : hop;
        int sender = toServer ? hop : hop + 1;
        IncomingFlow flow = handshake.Receiver(receiver, direction);
        IncomingFlow all = handshake.Receiver(receiver, direction, allKeys: true);
        (byte[][] messages, byte[][] records) = RecordedContainers.Open(handshake, hop, direction, flow);
        RecordedContainers.Open(handshake, hop, direction, all);
        RecordedContainer[] seen = [.. records.Select(record => RecordedContainers.OpenContainer(handshake, record, flow))];
        RecordedContainer[] containers = [.. records.Select(record => RecordedContainers.OpenContainer(handshake, record, all))];
        foreach ((RecordedContainer own, RecordedContainer full) in seen.Zip(containers))
        {
            Assert.Equal(handshake.Path.AccessOf(handshake.EntityAt(receiver), own.Context) >= TlmspAccess.Read, own.CanRead);
            Assert.Equal(own.CanRead ? full.Plaintext : [], own.Plaintext);
        }

        CompareData(recorded, handshake, receiver, toServer ? "client" : "server", containers);
        var nonces = new RecordedNonces();
        OutgoingFlow outgoing = handshake.Sender(sender, direction, nonces);
        byte[][] raw = RecordedContainers.Records(toServer ? handshake.ToServer[hop] : handshake.ToClient[hop]);
        for (int i = 0; i < messages.Length; i++)
        {
            nonces.Add(raw[i].AsSpan(RecordHeader.Size + TlmspDialect.SessionIdLength, TlmspDialect.NonceLength));
            Assert.Equal(raw[i], Written(output => outgoing.SealHandshakeRecord(RecordType.Handshake, messages[i], output)));
        }

        if (sender == 0 || sender == handshake.Path.Entities.Length - 1)
        {
            foreach (RecordedContainer container in containers)
            {
                nonces.Add(container.Fragment.AsSpan(0, TlmspDialect.NonceLength));
                nonces.Add(container.ForwardingMacNonces[0]);
                Assert.Equal(container.Record, Written(output => outgoing.Originate(container.Type, container.Context, container.Plaintext, output)));
            }
        }
        else
        {
            SealAsMiddlebox(handshake, hop, direction, sender, containers, outgoing, nonces);
        }

        return messages.Length + containers.Length;
    }

    /// <summary>Finds out from each outgoing container what the middlebox did, and does the same.</summary>
    private static void SealAsMiddlebox(
        RecordedHandshake handshake, int hop, Direction direction, int self, RecordedContainer[] sent, OutgoingFlow outgoing, RecordedNonces nonces)
    {
        byte id = handshake.EntityAt(self);
        IncomingFlow flow = handshake.Receiver(self, direction);
        var arrived = new Queue<byte[]>(RecordedContainers.Open(handshake, direction == Direction.ClientToServer ? hop - 1 : hop + 1, direction, flow).Records);
        foreach (RecordedContainer container in sent)
        {
            if (container.IsInserted && !container.IsDeleted && container.Origin == id)
            {
                nonces.Add(container.Fragment.AsSpan(0, TlmspDialect.NonceLength));
                nonces.Add(container.ForwardingMacNonces[0]);
                Assert.Equal(container.Record, Written(output => outgoing.Originate(container.Type, container.Context, container.Plaintext, output)));
                continue;
            }

            RecordedContainers.With(handshake, arrived.Dequeue(), flow, (in OpenedContainer incoming) =>
            {
                bool same = incoming.Buffer.Slice(incoming.Parts.FragmentOffset, incoming.Parts.FragmentLength).SequenceEqual(container.Fragment);
                var output = new ArrayBufferWriter<byte>();
                if (same)
                {
                    nonces.Add(incoming.Parts.IsAudited ? container.ForwardingMacNonces[^1] : container.ForwardingMacNonces[0]);
                    outgoing.Forward(incoming, output);
                }
                else
                {
                    nonces.Add(container.Fragment.AsSpan(0, TlmspDialect.NonceLength));
                    nonces.Add(container.ForwardingMacNonces[0]);
                    if (container.IsDeleted && container.Origin == id)
                    {
                        outgoing.Delete(incoming, output);
                    }
                    else
                    {
                        outgoing.Modify(incoming, container.Plaintext, output);
                    }
                }

                Assert.Equal(container.Record, output.WrittenSpan.ToArray());
            });
        }
    }

    /// <summary>What a party's log says it received; logs cut long data, and curl keeps none.</summary>
    private static void CompareData(RecordedSessionFile recorded, RecordedHandshake handshake, int receiver, string side, RecordedContainer[] containers)
    {
        byte id = handshake.EntityAt(receiver);
        string? name = recorded.Ids.FirstOrDefault(entity => entity.Value == id).Key;
        if (name is null || !recorded.Data.TryGetValue(name, out List<RecordedData>? log) || log.Count == 0)
        {
            return;
        }

        bool endpoint = id is TlmspDialect.Client or TlmspDialect.Server;
        RecordedData[] received = [.. log.Where(item => item.Op == "received" && (endpoint || item.Side == side))];
        RecordedContainer[] expected = [.. containers.Where(container => !endpoint || container.Type == RecordType.ApplicationData)];
        Assert.Equal(received.Length, expected.Length);
        foreach ((RecordedData item, RecordedContainer container) in received.Zip(expected))
        {
            Assert.Equal(item.Context, container.Context);
            Assert.Equal(item.Deleted, container.IsDeleted);
            if (item.Data.Length > 0 || container.CanRead)
            {
                Assert.True(item.Data.Length == 0 || item.Length == container.Plaintext.Length, $"length {item.Length} and {container.Plaintext.Length}");
                Assert.Equal(item.Data, container.Plaintext[..item.Data.Length]);
            }
        }
    }

    private static byte[] Written(Action<IBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return output.WrittenSpan.ToArray();
    }
}
