using System.Security.Cryptography;

namespace Tlmsp.Tests.Recorded;

/// <summary>How far a recorded handshake went.</summary>
internal enum RecordedStage
{
    /// <summary>It ended before every party had shown its certificate and the client its key.</summary>
    Hello,

    /// <summary>It ended before both endpoints had contributed to the context keys.</summary>
    Secrets,

    /// <summary>It ended before both last flights had gone all the way.</summary>
    Keys,

    /// <summary>Everything was there.</summary>
    Finished,
}

/// <summary>
/// Everything that the parties of a recorded session derived, derived again by the product's own code from the premaster secrets and
/// the wire, as far as the session went.
/// </summary>
internal sealed class RecordedHandshake
{
    private static readonly TlmspLimits Limits = new() { MaxCertificateBytes = TlmspDialect.MaxRecordLength };
    private readonly byte[] _seedTail = [];

    public RecordedHandshake(RecordedSession session)
    {
        Session = session;
        ServerHello? hello = session.ServerHello;
        IReadOnlyList<MiddleboxEntry>? list = hello?.Tlmsp?.Middleboxes;
        if (list?.Count != session.Hops.Count - 1)
        {
            // In a discovery the client has to come again, by way of the middlebox that the server wants. Nothing else goes on without it.
            if (session.HasProtectedRecords)
            {
                throw new InvalidDataException($"{session.Hops.Count} hops for {list?.Count} middleboxes were recorded.");
            }

            return;
        }

        TlmspCipherSuite suite = TlmspCipherSuite.FromId(hello!.CipherSuite)!;
        Path = new SessionPath(hello.Tlmsp!.SessionId, suite, session.ClientHello.Contexts!, list);
        Peers = [.. Path.Middleboxes.Select(entry => new MiddleboxPeer(entry))];
        Transcript = new Transcript(Path.Suite);
        if (!TryReadFlights() || !TryDeriveSecrets())
        {
            return;
        }

        Stage = RecordedStage.Secrets;
        _seedTail =
        [
            .. Peers.SelectMany(peer => (byte[])[.. peer.ToServerRandom, .. peer.ToClientRandom]),
            .. hello.Random, .. session.ClientHello.Random,
        ];
        if (!TryDeriveKeys())
        {
            return;
        }

        Stage = session.IsComplete ? RecordedStage.Finished : RecordedStage.Keys;
    }

    public RecordedSession Session { get; }

    public RecordedStage Stage { get; private set; } = RecordedStage.Hello;

    public SessionPath Path { get; } = null!;

    public IReadOnlyList<MiddleboxPeer> Peers { get; } = [];

    public Transcript Transcript { get; } = null!;

    /// <summary>Sent in the clear before the server's ChangeCipherSpec; part of the server's Finished.</summary>
    public byte[]? NewSessionTicket { get; private set; }

    public PairSecret EndpointSecret { get; private set; } = null!;

    public PairSecret[] ClientSecrets { get; private set; } = [];

    public PairSecret[] ServerSecrets { get; private set; } = [];

    public ContributionTable ClientContributions { get; private set; } = null!;

    public ContributionTable ServerContributions { get; private set; } = null!;

    /// <summary>What each middlebox was given.</summary>
    public (ContributionTable Client, ContributionTable Server)[] MiddleboxContributions { get; private set; } = [];

    public (DirectionKeys ToServer, DirectionKeys ToClient) EndpointKeys { get; private set; }

    public (DirectionKeys ToServer, DirectionKeys ToClient)[] MiddleboxKeys { get; private set; } = [];

    /// <summary>H over the leaf certificates, the client's first if it sent one.</summary>
    public byte[] IdListHash { get; private set; } = [];

    public int ServerPosition => Session.Hops.Count;

    public byte EntityAt(int position) => Path.Entities[position];

    public bool IsEndpoint(int position) => position == 0 || position == ServerPosition;

    /// <summary>Every key that an entity holds.</summary>
    public (DirectionKeys ToServer, DirectionKeys ToClient) KeysOf(int position) =>
        IsEndpoint(position) ? EndpointKeys : MiddleboxKeys[position - 1];

    public DirectionKeys KeysOf(int position, Direction direction) =>
        direction == Direction.ClientToServer ? KeysOf(position).ToServer : KeysOf(position).ToClient;

    /// <summary>The receive state of an entity right after the sender's ChangeCipherSpec.</summary>
    /// <param name="position">Place of the receiver on the path.</param>
    /// <param name="direction">What it receives.</param>
    /// <param name="allKeys">True to hold every key whatever the grants, to look into what the entity itself cannot.</param>
    public IncomingFlow Receiver(int position, Direction direction, bool allKeys = false)
    {
        bool atServer = direction == Direction.ClientToServer && position == ServerPosition;
        bool atClient = direction == Direction.ServerToClient && position == 0;
        SecretKey[]? checkKeys = atServer ? [.. ServerSecrets.Reverse().Select(pair => pair.BToA), EndpointSecret.AToB]
            : atClient ? [.. ClientSecrets.Select(pair => pair.BToA), EndpointSecret.BToA]
            : null;
        return new IncomingFlow(Path, EntityAt(position), direction, KeysOf(allKeys ? 0 : position, direction), checkKeys);
    }

    public OutgoingFlow Sender(int position, Direction direction, NonceSource nonces)
    {
        bool toServer = direction == Direction.ClientToServer;
        SecretKey checkKey = position == 0 ? EndpointSecret.AToB
            : position == ServerPosition ? EndpointSecret.BToA
            : toServer ? ServerSecrets[position - 1].BToA : ClientSecrets[position - 1].BToA;
        return new OutgoingFlow(Path, EntityAt(position), KeysOf(position, direction), checkKey, nonces);
    }

    /// <returns>False when somebody's certificate, or the client's key, is missing.</returns>
    private bool TryReadFlights()
    {
        byte[] serverLeaf = [];
        Transcript.AddOpening(Session.ToServer[0].Messages[0].Raw);
        foreach (HandshakeMessage message in Session.ToClient[0].Messages)
        {
            switch (message.Type)
            {
                case HandshakeType.Certificate:
                    serverLeaf = CertificateMessage.Read(message, Limits)[0].ToArray();
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
                    (byte id, IReadOnlyList<ReadOnlyMemory<byte>> chain) = CertificateMessage.ReadMiddlebox(message, Limits);
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
                case HandshakeType.HelloRequest or HandshakeType.MiddleboxKeyMaterial or HandshakeType.MiddleboxKeyConfirmation:
                    break;
                default:
                    Transcript.AddEndpointOnly(message.Raw);
                    break;
            }
        }

        byte[] clientLeaf = ReadClientFlight(out bool hasKey);
        if (!hasKey || serverLeaf.Length == 0 || Peers.Any(peer => peer.Leaf.IsEmpty || peer.HelloDoneMessage.Length == 0))
        {
            return false;
        }

        IdListHash = CryptographicOperations.HashData(
            Path.Suite.Hash, [.. clientLeaf, .. Peers.SelectMany(peer => peer.Leaf.ToArray()), .. serverLeaf]);
        return true;
    }

    /// <returns>The client's leaf; empty when it sent none.</returns>
    private byte[] ReadClientFlight(out bool hasKey)
    {
        byte[] leaf = [];
        hasKey = false;
        foreach (HandshakeMessage message in Session.ToServer[0].Messages.Skip(1))
        {
            switch (message.Type)
            {
                case HandshakeType.Certificate:
                    leaf = message.Body.Length == 3 ? [] : CertificateMessage.Read(message, Limits)[0].ToArray();
                    Transcript.AddClientKeyExchange(message.Raw);
                    break;
                case HandshakeType.ClientKeyExchange:
                    hasKey = true;
                    Transcript.AddClientKeyExchange(message.Raw);
                    break;
                case HandshakeType.MiddleboxKeyMaterial:
                    break;
                default:
                    Transcript.AddEndpointOnly(message.Raw);
                    break;
            }
        }

        return leaf;
    }

    private bool TryDeriveSecrets()
    {
        byte[] client = Session.ClientHello.Random;
        byte[] server = Session.ServerHello!.Random;
        PairSecret? endpoints = Pair(TlmspDialect.Client, TlmspDialect.Server, client, server);
        PairSecret?[] withClient = [.. Peers.Select(peer => Pair(TlmspDialect.Client, peer.Id, client, peer.ToClientRandom))];
        PairSecret?[] withServer = [.. Peers.Select(peer => Pair(TlmspDialect.Server, peer.Id, server, peer.ToServerRandom))];
        if (endpoints is null || withClient.Contains(null) || withServer.Contains(null))
        {
            return false;
        }

        EndpointSecret = endpoints;
        ClientSecrets = withClient!;
        ServerSecrets = withServer!;
        return true;
    }

    private bool TryDeriveKeys()
    {
        RecordedStream[] toServer = Session.ToServer;
        RecordedStream[] toClient = Session.ToClient;
        HandshakeMessage? ofClient = toServer[0].Find(HandshakeType.MiddleboxKeyMaterial, TlmspDialect.Server);
        HandshakeMessage? ofServer = toClient[^1].Find(HandshakeType.MiddleboxKeyMaterial, TlmspDialect.Client);
        HandshakeMessage?[] fromClient = [.. Peers.Select((peer, i) => toServer[i].Find(HandshakeType.MiddleboxKeyMaterial, peer.Id))];
        HandshakeMessage?[] fromServer = [.. Peers.Select((peer, i) => toClient[i + 1].Find(HandshakeType.MiddleboxKeyMaterial, peer.Id))];
        if (ofClient is null || ofServer is null || fromClient.Contains(null) || fromServer.Contains(null))
        {
            return false;
        }

        ClientContributions = KeyMaterial.Open(ofClient.Value, TlmspDialect.Client, Path, EndpointSecret.AToB);
        ServerContributions = KeyMaterial.Open(ofServer.Value, TlmspDialect.Server, Path, EndpointSecret.BToA);
        Transcript.AddKeyMaterial(ofClient.Value.Raw, fromClient: true);
        Transcript.AddKeyMaterial(ofServer.Value.Raw, fromClient: false);
        EndpointKeys = DirectionKeys.Derive(Path, ClientContributions, ServerContributions, _seedTail);
        MiddleboxContributions = [.. Peers.Select((_, i) => (
            KeyMaterial.Open(fromClient[i]!.Value, TlmspDialect.Client, Path, ClientSecrets[i].AToB),
            KeyMaterial.Open(fromServer[i]!.Value, TlmspDialect.Server, Path, ServerSecrets[i].AToB)))];
        MiddleboxKeys = [.. MiddleboxContributions.Select(tables => DirectionKeys.Derive(Path, tables.Client, tables.Server, _seedTail))];
        return true;
    }

    private MiddleboxPeer Peer(byte id) => Peers.Single(peer => peer.Id == id);

    /// <returns>Null when the session ended before anybody recorded a premaster secret of the pair.</returns>
    private PairSecret? Pair(byte a, byte b, byte[] aRandom, byte[] bRandom)
    {
        if (Session.Secrets(a, b, aRandom, bRandom).FirstOrDefault() is { } secret)
        {
            return new PairSecret(Path.Suite, secret.Premaster, IdListHash, aRandom, bRandom);
        }

        return Session.IsComplete
            ? throw new InvalidDataException($"No premaster secret of {a:x2} and {b:x2} was recorded.")
            : null;
    }
}
