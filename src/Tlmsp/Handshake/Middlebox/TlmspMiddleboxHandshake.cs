using System.Buffers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>
/// The handshake of a middlebox between its two connection halves (handshake.md §7.3). Each side has states of its own; what one side
/// needs from the other is checked where it is used.
/// </summary>
/// <remarks>Not safe for concurrent use: calls for the two sides must not overlap.</remarks>
public sealed class TlmspMiddleboxHandshake : IDisposable
{
    private readonly ArrayBufferWriter<byte> _unused = new();
    private IBufferWriter<byte> _toClient;
    private IBufferWriter<byte> _toServer;
    private EphemeralKey? _toClientKey;
    private EphemeralKey? _toServerKey;
    private HandshakeState _clientSide;
    private HandshakeState _serverSide;
    private bool _failed;
    private bool _taken;

    /// <summary>Prepares a handshake.</summary>
    /// <exception cref="ArgumentException">The options are not valid; see <see cref="TlmspMiddleboxOptions.Validate"/>.</exception>
    public TlmspMiddleboxHandshake(TlmspMiddleboxOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Options = options;
        ClientChannel = new HandshakeChannel(TlmspDialect.NoEntity, Direction.ClientToServer, options.Limits);
        ServerChannel = new HandshakeChannel(TlmspDialect.NoEntity, Direction.ServerToClient, options.Limits) { IsVersionSettled = true };
        ClientChannel.RelayAlert = body => ServerChannel.WriteRelayedAlert(body, _toServer!);
        ServerChannel.RelayAlert = body => ClientChannel.WriteRelayedAlert(body, _toClient!);
        _toClient = _unused;
        _toServer = _unused;
        _clientSide = new RelayClientHello(this);
        _serverSide = new RelayServerHello(this);
    }

    internal TlmspMiddleboxOptions Options { get; }

    internal HandshakeChannel ClientChannel { get; }

    internal HandshakeChannel ServerChannel { get; }

    internal ClientHello? ClientHello { get; private set; }

    /// <summary>Place in the list.</summary>
    internal int Index { get; private set; }

    /// <summary>In list order; the entry at <see cref="Index"/> is this middlebox.</summary>
    internal IReadOnlyList<MiddleboxPeer> Peers { get; private set; } = [];

    internal MiddleboxPeer Own => Peers[Index];

    internal byte Self => Own.Id;

    internal SessionPath Path { get; set; } = null!;

    internal Transcript Transcript { get; set; } = null!;

    internal byte[] ClientHelloMessage { get; private set; } = [];

    internal byte[] ServerRandom { get; set; } = [];

    internal X509Certificate2? ServerCertificate { get; set; }

    internal ReadOnlyMemory<byte> ServerLeaf { get; set; }

    internal ReadOnlyMemory<byte> ClientLeaf { get; set; }

    internal bool ClientCertificateRequested { get; set; }

    internal SignedKeyShare? ServerShare { get; set; }

    internal KeyExchangeGroup Group { get; set; } = null!;

    internal bool FlightSent { get; private set; }

    internal bool IsClientSideComplete => _clientSide.IsComplete;

    private bool IsComplete => _clientSide.IsComplete && _serverSide.IsComplete;

    /// <summary>What this middlebox shares with the client; null until ClientKeyExchange has passed.</summary>
    internal PairSecret? ClientSecret { get; private set; }

    internal PairSecret? ServerSecret { get; private set; }

    internal ContributionTable? ClientContributions { get; set; }

    internal ContributionTable? ServerContributions { get; set; }

    internal (DirectionKeys ClientToServer, DirectionKeys ServerToClient)? Keys { get; private set; }

    internal NonceSource ClientNonces { get; private set; } = null!;

    internal NonceSource ServerNonces { get; private set; } = null!;

    /// <summary>Where the next hop is; known once <see cref="HandshakeStatus.NeedNextHop"/> was returned.</summary>
    public TlmspAddress? NextHop { get; private set; }

    /// <summary>What the client asks for; known together with <see cref="NextHop"/>.</summary>
    public TlmspOffer? Offer { get; private set; }

    /// <summary>
    /// True after a call that ended inside a flight: nobody answers before the rest has come, so what the call wrote may leave together
    /// with it. False again once the flight is whole, or after an exception.
    /// </summary>
    public bool IsInsideFlight { get; private set; }

    /// <summary>Takes records that came from the client's side.</summary>
    /// <param name="input">What was received; sliced past what was taken.</param>
    /// <param name="toClient">Receives records for the client's side.</param>
    /// <param name="toServer">Receives records for the next hop; keep them until it is connected.</param>
    /// <exception cref="TlmspException">A party misbehaved or sent a fatal alert; alerts for both sides are in the outputs: flush both and close.</exception>
    public HandshakeStatus ProcessClient(ref ReadOnlySequence<byte> input, IBufferWriter<byte> toClient, IBufferWriter<byte> toServer) =>
        Process(fromClient: true, ref input, toClient, toServer);

    /// <summary>Takes records that came from the server's side; as <see cref="ProcessClient"/>.</summary>
    public HandshakeStatus ProcessServer(ref ReadOnlySequence<byte> input, IBufferWriter<byte> toClient, IBufferWriter<byte> toServer) =>
        Process(fromClient: false, ref input, toClient, toServer);

    /// <summary>Writes the alert for a next hop that is not allowed, cannot be reached or does not answer (170), and ends the handshake.</summary>
    public void RefuseNextHop(IBufferWriter<byte> toClient)
    {
        ArgumentNullException.ThrowIfNull(toClient);
        _failed = true;
        ClientChannel.WriteAlert(Misbehaviour.NextHopRefused.Alert(), contextId: 0, toClient);
    }

    /// <summary>Hands out the session.</summary>
    /// <exception cref="InvalidOperationException">The handshake is not complete, or the session was taken already.</exception>
    public TlmspMiddleboxSession Complete()
    {
        if (_failed || _taken || !IsComplete)
        {
            throw new InvalidOperationException("The handshake has no session to give.");
        }

        _taken = true;
        SessionPath path = Path;    // in the lambda the property would make the session hold on to the whole handshake
        TlmspPathMiddlebox[] middleboxes = [.. Peers.Select(peer => TlmspPathMiddlebox.From(peer, path))];
        var info = new TlmspSessionInfo(Path, Group, ClientHello!.ServerName, ServerCertificate, clientCertificate: null, middleboxes);
        (DirectionKeys toServer, DirectionKeys toClient) = Keys!.Value;
        PairSecret client = ClientSecret!;
        PairSecret server = ServerSecret!;
        client.AToB.Release();      // only opened key material
        server.AToB.Release();
        return new TlmspMiddleboxSession(
            info, Self,
            new ContainerRelay(Path, Self, ClientChannel.Incoming!, ServerChannel.Outgoing!),
            new ContainerRelay(Path, Self, ServerChannel.Incoming!, ClientChannel.Outgoing!),
            dispose: () =>
            {
                toServer.Dispose();
                toClient.Dispose();
                client.Dispose();
                server.Dispose();
            });
    }

    /// <summary>Zeroes what the handshake kept.</summary>
    public void Dispose()
    {
        Transcript?.Dispose();
        _toClientKey?.Dispose();
        _toServerKey?.Dispose();
        ClientContributions?.Dispose();
        ServerContributions?.Dispose();
        if (!_taken)
        {
            ClientSecret?.Dispose();
            ServerSecret?.Dispose();
            Keys?.ClientToServer.Dispose();
            Keys?.ServerToClient.Dispose();
        }
    }

    internal void Forward(HandshakeMessage message, bool fromClient) => Send(message.Raw, toServer: fromClient);

    internal void Send(byte[] message, bool toServer)
    {
        if (toServer)
        {
            ServerChannel.WriteMessage(message, _toServer);
        }
        else
        {
            ClientChannel.WriteMessage(message, _toClient);
        }
    }

    /// <summary>The list is known: finds this middlebox and the next hop (handshake.md §8.2, §8.5).</summary>
    internal void OnClientHello(ClientHello hello, byte[] message)
    {
        IReadOnlyList<MiddleboxEntry> list = hello.Tlmsp!.Path;
        if (!Options.Transparent || list.Count > 0)
        {
            OnPath(list, list.ToList().FindIndex(entry => Options.Addresses.Contains(entry.Address)));
        }

        ClientHello = hello;
        ClientHelloMessage = message;
        int next = Peers.Count == 0 ? 0 : Index + 1;
        NextHop = list.Skip(next).FirstOrDefault(entry => !entry.Transparent)?.Address ?? hello.Tlmsp.ServerAddress;
        Offer = new TlmspOffer(
            hello.ServerName, hello.Tlmsp.ClientAddress, hello.Tlmsp.ServerAddress, hello.Contexts!,
            [.. list.Select(TlmspMiddlebox.From)]);
    }

    /// <summary>Takes a place on the path.</summary>
    /// <param name="list">The path.</param>
    /// <param name="index">Own place; negative when this middlebox is not on it.</param>
    /// <exception cref="TlmspException">It is not.</exception>
    internal void OnPath(IReadOnlyList<MiddleboxEntry> list, int index)
    {
        if (index < 0)
        {
            throw new TlmspException(
                Misbehaviour.NotOnPath,
                $"the list holds {string.Join(", ", list.Select(entry => entry.Address))}, this is {string.Join(", ", Options.Addresses)}");
        }

        Index = index;
        Peers = [.. list.Select(entry => new MiddleboxPeer(entry))];
        ClientChannel.Self = ServerChannel.Self = Self;
        ClientNonces = Options.NonceSourceFactory(Self);
        ServerNonces = Options.NonceSourceFactory(Self);
    }

    /// <summary>Own flight, the same bytes to both sides (handshake.md §1.2).</summary>
    internal void SendFlight()
    {
        FlightSent = true;
        TlmspCertificate certificate = Options.Certificate!;
        byte[] toClientRandom = new byte[TlmspDialect.RandomLength];
        byte[] toServerRandom = new byte[TlmspDialect.RandomLength];
        Options.Random.Fill(toClientRandom);
        Options.Random.Fill(toServerRandom);
        var hello = new MiddleboxHello(Self, toClientRandom, toServerRandom);
        byte[] helloMessage = hello.ToMessage();
        byte[] certificateMessage = CertificateMessage.WriteMiddlebox(Self, certificate.Chain);
        byte[] doneMessage = ShortMessages.MiddleboxHelloDone(Self);
        Own.OnHello(hello, helloMessage);
        Own.OnCertificate(certificate.Chain[0], null, certificateMessage);
        Own.HelloDoneMessage = doneMessage;

        ushort scheme = SignatureSchemes.Select(certificate, ClientHello!.SignatureSchemes);
        _toClientKey = Group.Generate(Options.Random);
        _toServerKey = Group.Generate(Options.Random);
        WireWriter exchange = WireWriter.Message(HandshakeType.MiddleboxKeyExchange);
        exchange.U8(Self);
        foreach (EphemeralKey key in (ReadOnlySpan<EphemeralKey>)[_toClientKey, _toServerKey])
        {
            byte[] parameters = SignedKeyShare.WriteParams(Group.Id, key.PublicPoint);
            byte[] signed = [.. toClientRandom, .. toServerRandom, .. parameters];
            SignedKeyShare.Write(exchange, parameters, scheme, SignatureSchemes.Sign(certificate, scheme, signed));
        }

        foreach (byte[] message in (ReadOnlySpan<byte[]>)[helloMessage, certificateMessage, exchange.ToMessage(), doneMessage])
        {
            Send(message, toServer: false);
            Send(message, toServer: true);
        }
    }

    /// <summary>The secrets shared with both endpoints (records-keys.md §7.4).</summary>
    internal void DeriveSecrets(ReadOnlySpan<byte> clientPoint)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(Path.Suite.Hash);
        hash.AppendData(ClientLeaf.Span);
        foreach (MiddleboxPeer peer in Peers)
        {
            hash.AppendData(peer.Leaf.Span);
        }

        hash.AppendData(ServerLeaf.Span);
        byte[] idList = hash.GetHashAndReset();
        Span<byte> premaster = stackalloc byte[Group.SecretLength];
        _toClientKey!.DeriveSecret(clientPoint, premaster);
        ClientSecret = new PairSecret(Path.Suite, premaster, idList, ClientHello!.Random, Own.ToClientRandom);
        CryptographicOperations.ZeroMemory(premaster);
        _toServerKey!.DeriveSecret(ServerShare!.Point, premaster);
        ServerSecret = new PairSecret(Path.Suite, premaster, idList, ServerRandom, Own.ToServerRandom);
        CryptographicOperations.ZeroMemory(premaster);
    }

    /// <summary>Both endpoints have contributed: the context keys this middlebox was granted.</summary>
    internal void DeriveContextKeys()
    {
        var seed = new WireWriter();
        foreach (MiddleboxPeer peer in Peers)
        {
            seed.Bytes(peer.ToServerRandom);
            seed.Bytes(peer.ToClientRandom);
        }

        seed.Bytes(ServerRandom);
        seed.Bytes(ClientHello!.Random);
        Keys = DirectionKeys.Derive(Path, ClientContributions!, ServerContributions!, seed.ToArray());
        if (Options.KeyLog is { } log)
        {
            KeyLogWriter.Write(
                log, Path, Self, ClientHello.Random, Keys.Value,
                [(TlmspDialect.Client, Self, ClientSecret!), (TlmspDialect.Server, Self, ServerSecret!)]);
        }

        Own.SharedContributions = Transcript.SharedContributions(Path, Self, ClientContributions!, ServerContributions!);
    }

    /// <summary>Passes ChangeCipherSpec on and switches this direction's protection on, on both halves (records-keys.md §7.7).</summary>
    internal void RelayChangeCipherSpec(bool fromClient)
    {
        (DirectionKeys toServer, DirectionKeys toClient) = Keys!.Value;
        if (fromClient)
        {
            ClientChannel.Incoming = new IncomingFlow(Path, Self, Direction.ClientToServer, toServer, checkKeys: null);
            ServerChannel.WriteChangeCipherSpec(_toServer);
            ServerChannel.Outgoing = new OutgoingFlow(Path, Self, toServer, ServerSecret!.BToA, ServerNonces);
        }
        else
        {
            ServerChannel.Incoming = new IncomingFlow(Path, Self, Direction.ServerToClient, toClient, checkKeys: null);
            ClientChannel.WriteChangeCipherSpec(_toClient);
            ClientChannel.Outgoing = new OutgoingFlow(Path, Self, toClient, ClientSecret!.BToA, ClientNonces);
        }
    }

    internal byte[] FinishedValue(string label)
    {
        bool withClient = label is TlmspDialect.LabelClientMiddleboxFinished or TlmspDialect.LabelMiddleboxClientFinished;
        return Transcript.MiddleboxFinishedValue(
            withClient ? ClientSecret!.Master : ServerSecret!.Master, label,
            Own.HelloMessage, Own.CertificateBytes, Own.HelloDoneMessage, Own.SharedContributions);
    }

    private HandshakeStatus Process(bool fromClient, ref ReadOnlySequence<byte> input, IBufferWriter<byte> toClient, IBufferWriter<byte> toServer)
    {
        ArgumentNullException.ThrowIfNull(toClient);
        ArgumentNullException.ThrowIfNull(toServer);
        if (_failed)
        {
            throw new InvalidOperationException("The handshake has failed.");
        }

        HandshakeChannel channel = fromClient ? ClientChannel : ServerChannel;
        bool wasRouted = NextHop is not null;
        _toClient = toClient;
        _toServer = toServer;
        _failed = true;
        IsInsideFlight = false;
        try
        {
            ref HandshakeState state = ref (fromClient ? ref _clientSide : ref _serverSide);
            while (!IsComplete && channel.TryRead(ref input, out HandshakeRecord record, alertsOnly: state.IsComplete))
            {
                state = Next(state, record);
            }

            _failed = false;
            IsInsideFlight = state.IsInsideFlight;
            return IsComplete ? HandshakeStatus.Complete
                : !wasRouted && NextHop is not null ? HandshakeStatus.NeedNextHop
                : HandshakeStatus.NeedMoreData;
        }
        catch (TlmspException e)
        {
            // A relayed alert has reached the other side already; everything else is told to both.
            if (!e.FromPeer)
            {
                AlertBoth(e.Alert);
            }

            throw;
        }
        catch
        {
            // Ours to mend, such as a policy that throws; the neighbours are told all the same.
            AlertBoth(TlmspAlert.InternalError);
            throw;
        }
        finally
        {
            _toClient = _unused;
            _toServer = _unused;
        }
    }

    private void AlertBoth(TlmspAlert alert)
    {
        ClientChannel.WriteAlert(alert, contextId: 0, _toClient);
        if (NextHop is not null)
        {
            ServerChannel.WriteAlert(alert, contextId: 0, _toServer);
        }
    }

    private HandshakeState Next(HandshakeState state, HandshakeRecord record)
    {
        switch (record.Type)
        {
            case RecordType.Handshake:
                HandshakeMessage message = HandshakeMessage.FromRecord(record.Body);
                return message.Raw.Length <= Options.Limits.MaxHandshakeMessage
                    ? state.OnMessage(message)
                    : throw new TlmspException(Misbehaviour.HandshakeMessageTooLong, $"{message.Type} of {message.Raw.Length} bytes");
            case RecordType.ChangeCipherSpec:
                return record.Body is [1]
                    ? state.OnChangeCipherSpec()
                    : throw new TlmspException(Misbehaviour.BadChangeCipherSpec, $"{record.Body.Length} bytes");
            default:
                throw new TlmspException(Misbehaviour.DataBeforeFinished, $"{record.Type} record in {state.GetType().Name}");
        }
    }
}
