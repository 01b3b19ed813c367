using System.Buffers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>The handshake of an endpoint: bytes in, bytes out. Thrown away once it has given its session.</summary>
/// <remarks>Not safe for concurrent use.</remarks>
public abstract class TlmspHandshake : IDisposable
{
    private readonly ArrayBufferWriter<byte> _unused = new();
    private IBufferWriter<byte> _output;
    private bool _failed;
    private bool _taken;

    private protected TlmspHandshake(TlmspOptions options, byte self)
    {
        CommonOptions = options;
        Self = self;
        Channel = new HandshakeChannel(self, self == TlmspDialect.Client ? Direction.ServerToClient : Direction.ClientToServer, options.Limits);
        Nonces = options.NonceSourceFactory(self);
        _output = _unused;
        State = null!;
    }

    internal TlmspOptions CommonOptions { get; }

    internal byte Self { get; }

    internal bool IsClient => Self == TlmspDialect.Client;

    internal byte Far => IsClient ? TlmspDialect.Server : TlmspDialect.Client;

    internal HandshakeChannel Channel { get; }

    internal NonceSource Nonces { get; }

    internal HandshakeState State { get; set; }

    internal SessionPath Path { get; set; } = null!;

    internal Transcript Transcript { get; set; } = null!;

    internal KeyExchangeGroup Group { get; set; } = null!;

    internal EphemeralKey? Ephemeral { get; set; }

    internal byte[] ClientRandom { get; set; } = [];

    internal byte[] ServerRandom { get; set; } = [];

    internal ReadOnlyMemory<byte> ServerLeaf { get; set; }

    internal X509Certificate2? ServerCertificate { get; set; }

    /// <summary>DER of the client's leaf; empty when it sent none.</summary>
    internal ReadOnlyMemory<byte> ClientLeaf { get; set; }

    internal X509Certificate2? ClientCertificate { get; set; }

    internal string? ServerName { get; set; }

    /// <summary>In list order, nearest to the client first.</summary>
    internal IReadOnlyList<MiddleboxPeer> Peers { get; set; } = [];

    internal PairSecret? FarSecret { get; private set; }

    internal ContributionTable? Own { get; private set; }

    internal ContributionTable? FarContributions { get; set; }

    internal (DirectionKeys ClientToServer, DirectionKeys ServerToClient)? Keys { get; private set; }

    /// <summary>Writes what starts the handshake: the client's hello; nothing at a server.</summary>
    public virtual void Start(IBufferWriter<byte> output)
    {
    }

    /// <summary>Takes whole records from the start of <paramref name="input"/> and writes the answers.</summary>
    /// <param name="input">What was received; sliced past what was taken. Bytes after the last handshake record are left for the session.</param>
    /// <param name="output">Receives answers; flush it once after the call when anything was written.</param>
    /// <returns><see cref="HandshakeStatus.Complete"/>, <see cref="HandshakeStatus.NeedMoreData"/> or <see cref="HandshakeStatus.Reconnect"/>.</returns>
    /// <exception cref="TlmspException">The peer misbehaved or sent a fatal alert. Our alert, if one is due, is in <paramref name="output"/>: flush and close.</exception>
    /// <exception cref="InvalidOperationException">An earlier call failed.</exception>
    public HandshakeStatus Process(ref ReadOnlySequence<byte> input, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (_failed)
        {
            throw new InvalidOperationException("The handshake has failed.");
        }

        _output = output;
        _failed = true;
        try
        {
            while (!State.IsComplete && State is not ReconnectDone && Channel.TryRead(ref input, out HandshakeRecord record))
            {
                OnRecord(record);
            }

            _failed = false;
            return State.IsComplete ? HandshakeStatus.Complete
                : State is ReconnectDone ? HandshakeStatus.Reconnect
                : HandshakeStatus.NeedMoreData;
        }
        catch (TlmspException e) when (State is ExpectReconnect && e is { FromPeer: true, Alert: TlmspAlert.CloseNotify })
        {
            _failed = false;
            State = new ReconnectDone();
            return HandshakeStatus.Reconnect;
        }
        catch (TlmspException e)
        {
            if (!e.FromPeer)
            {
                Channel.WriteAlert(e.Alert, contextId: 0, output);
            }

            throw;
        }
        catch
        {
            // Ours to mend, such as a policy that throws; the peer is told all the same.
            Channel.WriteAlert(TlmspAlert.InternalError, contextId: 0, output);
            throw;
        }
        finally
        {
            _output = _unused;
        }
    }

    /// <summary>Hands out the session. The handshake is of no more use then, but still has to be disposed of.</summary>
    /// <exception cref="InvalidOperationException">The handshake is not complete, or the session was taken already.</exception>
    public TlmspSession Complete()
    {
        if (!State.IsComplete || _taken || _failed)
        {
            throw new InvalidOperationException("The handshake has no session to give.");
        }

        _taken = true;
        SessionPath path = Path;    // in the lambda the property would make the session hold on to the whole handshake
        TlmspPathMiddlebox[] middleboxes = [.. Peers.Select(peer => TlmspPathMiddlebox.From(peer, path))];
        var info = new TlmspSessionInfo(Path, Group, ServerName, ServerCertificate, ClientCertificate, middleboxes);
        (DirectionKeys toServer, DirectionKeys toClient) = Keys!.Value;
        PairSecret far = FarSecret!;
        PairSecret[] pairs = [.. Peers.Select(peer => peer.Secret!)];
        return new TlmspSession(
            info,
            new ContainerReader(Path, Channel.Incoming!),
            new ContainerWriter(Channel.Outgoing!),
            release: () =>
            {
                toServer.Release();
                toClient.Release();
                far.Release();
                Array.ForEach(pairs, pair => pair.Release());
            },
            dispose: () =>
            {
                toServer.Dispose();
                toClient.Dispose();
                far.Dispose();
                Array.ForEach(pairs, pair => pair.Dispose());
            });
    }

    /// <summary>Zeroes what the handshake kept; the session, if it was taken, keeps its own.</summary>
    public void Dispose()
    {
        Transcript?.Dispose();
        Ephemeral?.Dispose();
        Own?.Dispose();
        FarContributions?.Dispose();
        foreach (MiddleboxPeer peer in Peers)
        {
            peer.Confirmed?.Dispose();
            if (!_taken)
            {
                peer.Secret?.Dispose();
            }
        }

        if (!_taken)
        {
            FarSecret?.Dispose();
            Keys?.ClientToServer.Dispose();
            Keys?.ServerToClient.Dispose();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Ends this connection so that the client can come back over another path: a close_notify that is fatal (handshake.md §1.5).</summary>
    internal void SendReconnect() => Channel.WriteAlert(TlmspAlert.CloseNotify, contextId: 0, _output);

    internal void Send(byte[] message, ushort version = TlmspDialect.Version) => Channel.WriteMessage(message, _output, version);

    /// <summary>H over the leaf certificates of the path (records-keys.md §7.2).</summary>
    internal byte[] IdListHash()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(Path.Suite.Hash);
        hash.AppendData(ClientLeaf.Span);
        foreach (MiddleboxPeer peer in Peers)
        {
            hash.AppendData(peer.Leaf.Span);
        }

        hash.AppendData(ServerLeaf.Span);
        return hash.GetHashAndReset();
    }

    /// <summary>The secrets shared with the far endpoint and with every middlebox, all from the one ephemeral key (§7.3, §7.4).</summary>
    internal void DeriveSecrets(ReadOnlySpan<byte> farPoint)
    {
        byte[] idList = IdListHash();
        Span<byte> premaster = stackalloc byte[Ephemeral!.SecretLength];
        Ephemeral.DeriveSecret(farPoint, premaster);
        FarSecret = new PairSecret(Path.Suite, premaster, idList, ClientRandom, ServerRandom);
        CryptographicOperations.ZeroMemory(premaster);
        foreach (MiddleboxPeer peer in Peers)
        {
            Ephemeral.DeriveSecret(peer.Share!.Point, premaster);
            peer.Secret = IsClient
                ? new PairSecret(Path.Suite, premaster, idList, ClientRandom, peer.ToClientRandom)
                : new PairSecret(Path.Suite, premaster, idList, ServerRandom, peer.ToServerRandom);
            CryptographicOperations.ZeroMemory(premaster);
        }

        Ephemeral.Dispose();
    }

    /// <summary>KeyMaterial for every middlebox in list order, then for the far endpoint (§8.2).</summary>
    internal void SendKeyMaterial()
    {
        Own = ContributionTable.Generate(Path.SlotCount, CommonOptions.Random);
        foreach (MiddleboxPeer peer in Peers)
        {
            Send(KeyMaterial.Seal(
                HandshakeType.MiddleboxKeyMaterial, peer.Id, Path, Own, context => Path.AccessOf(peer.Id, context), peer.Secret!.AToB, Nonces));
        }

        byte[] message = KeyMaterial.Seal(
            HandshakeType.MiddleboxKeyMaterial, Far, Path, Own, _ => TlmspAccess.Write, IsClient ? FarSecret!.AToB : FarSecret!.BToA, Nonces);
        Transcript.AddKeyMaterial(message, IsClient);
        Send(message);
    }

    /// <summary>Context keys, once both endpoints' contributions are there (§7.6).</summary>
    internal void DeriveContextKeys()
    {
        var seed = new WireWriter();
        foreach (MiddleboxPeer peer in Peers)
        {
            seed.Bytes(peer.ToServerRandom);
            seed.Bytes(peer.ToClientRandom);
        }

        seed.Bytes(ServerRandom);
        seed.Bytes(ClientRandom);
        ContributionTable client = IsClient ? Own! : FarContributions!;
        ContributionTable server = IsClient ? FarContributions! : Own!;
        Keys = DirectionKeys.Derive(Path, client, server, seed.ToArray());
        if (CommonOptions.KeyLog is { } log)
        {
            KeyLogWriter.Write(
                log, Path, Self, ClientRandom, Keys.Value,
                [(TlmspDialect.Client, TlmspDialect.Server, FarSecret!), .. Peers.Select(peer => (Self, peer.Id, peer.Secret!))]);
        }

        if (!IsClient)
        {
            foreach (MiddleboxPeer peer in Peers)
            {
                peer.SharedContributions = Transcript.SharedContributions(Path, peer.Id, client, server);
            }
        }
    }

    /// <summary>Own last flight: ChangeCipherSpec, Finished, MiddleboxFinished in list order (handshake.md §6.1).</summary>
    internal void SendFinished()
    {
        Channel.WriteChangeCipherSpec(_output);
        (DirectionKeys toServer, DirectionKeys toClient) = Keys!.Value;
        Channel.Outgoing = new OutgoingFlow(
            Path, Self, IsClient ? toServer : toClient, IsClient ? FarSecret!.AToB : FarSecret!.BToA, Nonces);
        byte[] finished = ShortMessages.Finished(Transcript.FinishedValue(FarSecret.Master, IsClient));
        Transcript.AddFinished(finished, IsClient);
        Send(finished);
        foreach (MiddleboxPeer peer in Peers)
        {
            Send(ShortMessages.MiddleboxFinished(
                peer.Id, MiddleboxFinishedValue(peer, IsClient ? TlmspDialect.LabelClientMiddleboxFinished : TlmspDialect.LabelServerMiddleboxFinished)));
        }
    }

    internal byte[] MiddleboxFinishedValue(MiddleboxPeer peer, string label) => Transcript.MiddleboxFinishedValue(
        peer.Secret!.Master, label, peer.HelloMessage, peer.CertificateBytes, peer.HelloDoneMessage, peer.SharedContributions);

    /// <summary>Switches receive protection on: the far endpoint's ChangeCipherSpec came.</summary>
    internal void ActivateIncoming()
    {
        (DirectionKeys toServer, DirectionKeys toClient) = Keys!.Value;
        IEnumerable<MiddleboxPeer> nearestFirst = IsClient ? Peers : Peers.Reverse();
        SecretKey far = IsClient ? FarSecret!.BToA : FarSecret!.AToB;
        SecretKey[] checkKeys = [.. nearestFirst.Select(peer => peer.Secret!.BToA), far];
        Channel.Incoming = new IncomingFlow(
            Path, Self, Channel.Receives, Channel.Receives == Direction.ClientToServer ? toServer : toClient, checkKeys);
    }

    private void OnRecord(HandshakeRecord record)
    {
        switch (record.Type)
        {
            case RecordType.Handshake:
                HandshakeMessage message = State.Read(record.Body);
                if (message.Raw.Length > CommonOptions.Limits.MaxHandshakeMessage)
                {
                    throw new TlmspException(Misbehaviour.HandshakeMessageTooLong, $"{message.Type} of {message.Raw.Length} bytes");
                }

                State = State.OnMessage(message);
                break;
            case RecordType.ChangeCipherSpec:
                if (record.Body is not [1])
                {
                    throw new TlmspException(Misbehaviour.BadChangeCipherSpec, $"{record.Body.Length} bytes");
                }

                State = State.OnChangeCipherSpec();
                break;
            default:
                throw new TlmspException(Misbehaviour.DataBeforeFinished, $"{record.Type} record in {State.GetType().Name}");
        }
    }
}
