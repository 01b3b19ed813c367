using System.Buffers;
using System.Security.Cryptography;

namespace Tlmsp.Tests.Recorded;

/// <summary>One direction of one recorded hop: the messages before ChangeCipherSpec, and the bytes after it.</summary>
internal sealed record RecordedStream(IReadOnlyList<HandshakeMessage> Messages, byte[] Protected);

/// <summary>
/// Everything that the parties of a recorded session derived, derived again by the product's own code from the premaster secrets and
/// the wire.
/// </summary>
internal sealed class RecordedHandshake
{
    private readonly RecordedSessionFile _file;
    private readonly byte[] _seedTail;

    public RecordedHandshake(RecordedSessionFile file)
    {
        _file = file;
        HandshakeMessage serverHello = First(file.Hops[0].ToClient);
        ServerHello = ServerHello.Read(serverHello.Body);
        ClientHello = ClientHello.Read(First(file.Hops[0].ToServer).Body);
        SessionId = ServerHello.Tlmsp!.SessionId;
        ToServer = [.. file.Hops.Select(hop => Split(hop.ToServer, Direction.ClientToServer))];
        ToClient = [.. file.Hops.Select(hop => Split(hop.ToClient, Direction.ServerToClient))];
        Path = new SessionPath(SessionId, TlmspCipherSuite.FromId(ServerHello.CipherSuite)!, ClientHello.Contexts!, ServerHello.Tlmsp.Middleboxes);
        Peers = [.. Path.Middleboxes.Select(entry => new MiddleboxPeer(entry))];
        Transcript = new Transcript(Path.Suite);
        ReadFlights();

        EndpointSecret = Pair(TlmspDialect.Client, TlmspDialect.Server, ClientHello.Random, ServerHello.Random);
        ClientSecrets = [.. Peers.Select(peer => Pair(TlmspDialect.Client, peer.Id, ClientHello.Random, peer.ToClientRandom))];
        ServerSecrets = [.. Peers.Select(peer => Pair(TlmspDialect.Server, peer.Id, ServerHello.Random, peer.ToServerRandom))];
        _seedTail = [.. Peers.SelectMany(peer => (byte[])[.. peer.ToServerRandom, .. peer.ToClientRandom]), .. ServerHello.Random, .. ClientHello.Random];

        ClientContributions = KeyMaterial.Open(Find(ToServer[0], HandshakeType.MiddleboxKeyMaterial, TlmspDialect.Server), TlmspDialect.Client, Path, EndpointSecret.AToB);
        ServerContributions = KeyMaterial.Open(Find(ToClient[0], HandshakeType.MiddleboxKeyMaterial, TlmspDialect.Client), TlmspDialect.Server, Path, EndpointSecret.BToA);
        EndpointKeys = DirectionKeys.Derive(Path, ClientContributions, ServerContributions, _seedTail);
        MiddleboxContributions = [.. Peers.Select((peer, i) => (
            KeyMaterial.Open(Find(ToServer[i], HandshakeType.MiddleboxKeyMaterial, peer.Id), TlmspDialect.Client, Path, ClientSecrets[i].AToB),
            KeyMaterial.Open(Find(ToClient[i + 1], HandshakeType.MiddleboxKeyMaterial, peer.Id), TlmspDialect.Server, Path, ServerSecrets[i].AToB)))];
        MiddleboxKeys = [.. MiddleboxContributions.Select(tables => DirectionKeys.Derive(Path, tables.Client, tables.Server, _seedTail))];
    }

    public ClientHello ClientHello { get; }

    public ServerHello ServerHello { get; }

    public uint SessionId { get; }

    public SessionPath Path { get; }

    public IReadOnlyList<MiddleboxPeer> Peers { get; }

    public Transcript Transcript { get; }

    /// <summary>Sent in the clear before the server's ChangeCipherSpec where there is no middlebox; part of the server's Finished.</summary>
    public byte[]? NewSessionTicket { get; private set; }

    public RecordedStream[] ToServer { get; }

    public RecordedStream[] ToClient { get; }

    public PairSecret EndpointSecret { get; }

    public PairSecret[] ClientSecrets { get; }

    public PairSecret[] ServerSecrets { get; }

    public ContributionTable ClientContributions { get; }

    public ContributionTable ServerContributions { get; }

    public (ContributionTable Client, ContributionTable Server)[] MiddleboxContributions { get; }

    public (DirectionKeys ToServer, DirectionKeys ToClient) EndpointKeys { get; }

    public (DirectionKeys ToServer, DirectionKeys ToClient)[] MiddleboxKeys { get; }

    /// <summary>H over the leaf certificates, the client's first if it sent one.</summary>
    public byte[] IdListHash { get; private set; } = [];

    public byte EntityAt(int position) => Path.Entities[position];

    /// <summary>The keys that an entity holds.</summary>
    public DirectionKeys KeysOf(int position, Direction direction)
    {
        (DirectionKeys ToServer, DirectionKeys ToClient) keys =
            position == 0 || position == Path.Entities.Length - 1 ? EndpointKeys : MiddleboxKeys[position - 1];
        return direction == Direction.ClientToServer ? keys.ToServer : keys.ToClient;
    }

    /// <summary>The receive state of an entity right after the sender's ChangeCipherSpec.</summary>
    /// <param name="position">Place of the receiver on the path.</param>
    /// <param name="direction">What it receives.</param>
    /// <param name="allKeys">True to hold every key whatever the grants, to look into what the entity itself cannot.</param>
    public IncomingFlow Receiver(int position, Direction direction, bool allKeys = false)
    {
        DirectionKeys keys = allKeys
            ? KeysOf(0, direction)
            : KeysOf(position, direction);
        bool atServer = direction == Direction.ClientToServer && position == Path.Entities.Length - 1;
        bool atClient = direction == Direction.ServerToClient && position == 0;
        SecretKey[]? checkKeys = atServer ? [.. ServerSecrets.Reverse().Select(pair => pair.BToA), EndpointSecret.AToB]
            : atClient ? [.. ClientSecrets.Select(pair => pair.BToA), EndpointSecret.BToA]
            : null;
        return new IncomingFlow(Path, EntityAt(position), direction, keys, checkKeys);
    }

    public OutgoingFlow Sender(int position, Direction direction, NonceSource nonces)
    {
        bool toServer = direction == Direction.ClientToServer;
        SecretKey checkKey = position == 0 ? EndpointSecret.AToB
            : position == Path.Entities.Length - 1 ? EndpointSecret.BToA
            : toServer ? ServerSecrets[position - 1].BToA : ClientSecrets[position - 1].BToA;
        return new OutgoingFlow(Path, EntityAt(position), KeysOf(position, direction), checkKey, nonces);
    }

    public static HandshakeMessage Find(RecordedStream stream, HandshakeType type, byte id) =>
        stream.Messages.Single(message => message.Type == type && KeyMaterial.ReadId(message) == id);

    private void ReadFlights()
    {
        var leaves = new List<byte[]>();
        byte[] serverLeaf = [];
        Transcript.AddOpening(ToServer[0].Messages[0].Raw);
        foreach (HandshakeMessage message in ToClient[0].Messages)
        {
            switch (message.Type)
            {
                case HandshakeType.Certificate:
                    serverLeaf = CertificateMessage.Read(message, new TlmspLimits())[0].ToArray();
                    Transcript.AddOpening(message.Raw);
                    break;
                case HandshakeType.ServerHello or HandshakeType.ServerKeyExchange or HandshakeType.ServerHelloDone:
                    Transcript.AddOpening(message.Raw);
                    break;
                case HandshakeType.MiddleboxHello:
                    MiddleboxHello hello = MiddleboxHello.Read(message);
                    Peer(hello.Id).OnHello(hello, message.Raw);
                    Transcript.AddEndpointOnly(message.Raw);
                    break;
                case HandshakeType.MiddleboxCertificate:
                    (byte id, IReadOnlyList<ReadOnlyMemory<byte>> chain) = CertificateMessage.ReadMiddlebox(message, new TlmspLimits());
                    Peer(id).OnCertificate(chain[0], null, message.Raw);
                    Transcript.AddEndpointOnly(message.Raw);
                    break;
                case HandshakeType.MiddleboxHelloDone:
                    Peer(ShortMessages.ReadMiddleboxHelloDone(message)).HelloDoneMessage = message.Raw;
                    Transcript.AddEndpointOnly(message.Raw);
                    break;
                case HandshakeType.NewSessionTicket:
                    NewSessionTicket = message.Raw;
                    break;
                case HandshakeType.MiddleboxKeyMaterial or HandshakeType.MiddleboxKeyConfirmation:
                    break;
                default:
                    Transcript.AddEndpointOnly(message.Raw);
                    break;
            }
        }

        foreach (HandshakeMessage message in ToServer[0].Messages.Skip(1))
        {
            switch (message.Type)
            {
                case HandshakeType.Certificate:
                    leaves.AddRange(message.Body.Length == 3 ? [] : [CertificateMessage.Read(message, new TlmspLimits())[0].ToArray()]);
                    Transcript.AddClientKeyExchange(message.Raw);
                    break;
                case HandshakeType.ClientKeyExchange:
                    Transcript.AddClientKeyExchange(message.Raw);
                    break;
                case HandshakeType.MiddleboxKeyMaterial:
                    break;
                default:
                    Transcript.AddEndpointOnly(message.Raw);
                    break;
            }
        }

        Transcript.AddKeyMaterial(Find(ToServer[0], HandshakeType.MiddleboxKeyMaterial, TlmspDialect.Server).Raw, fromClient: true);
        Transcript.AddKeyMaterial(Find(ToClient[0], HandshakeType.MiddleboxKeyMaterial, TlmspDialect.Client).Raw, fromClient: false);
        leaves.AddRange(Peers.Select(peer => peer.Leaf.ToArray()));
        leaves.Add(serverLeaf);
        IdListHash = CryptographicOperations.HashData(Path.Suite.Hash, [.. leaves.SelectMany(leaf => leaf)]);
    }

    private MiddleboxPeer Peer(byte id) => Peers.Single(peer => peer.Id == id);

    private PairSecret Pair(byte a, byte b, byte[] aRandom, byte[] bRandom) =>
        new(Path.Suite, _file.Premasters[(a, b)], IdListHash, aRandom, bRandom);

    private static HandshakeMessage First(byte[] stream)
    {
        var input = new ReadOnlySequence<byte>(stream);
        var channel = new HandshakeChannel(0, default, new TlmspLimits());
        Assert.True(channel.TryRead(ref input, out HandshakeRecord record));
        return HandshakeMessage.FromRecord(record.Body);
    }

    private RecordedStream Split(byte[] stream, Direction direction)
    {
        var input = new ReadOnlySequence<byte>(stream);
        var channel = new HandshakeChannel(0, direction, new TlmspLimits());
        var messages = new List<HandshakeMessage>();
        while (channel.TryRead(ref input, out HandshakeRecord record))
        {
            if (record.Type == RecordType.ChangeCipherSpec)
            {
                Assert.Equal([1], record.Body);
                return new RecordedStream(messages, input.ToArray());
            }

            messages.Add(HandshakeMessage.FromRecord(record.Body));
            if (messages.Count == 1)
            {
                channel.ActivateSessionId(SessionId);
            }
        }

        throw new InvalidDataException("The stream has no ChangeCipherSpec.");
    }
}
