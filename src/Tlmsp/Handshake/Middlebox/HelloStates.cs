namespace Tlmsp;

/// <summary>Client side: ClientHello goes on byte for byte (handshake.md §2.6).</summary>
internal sealed class RelayClientHello(TlmspMiddleboxHandshake handshake) : HandshakeState
{
    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.ClientHello);
        ClientHello hello = ClientHello.Read(message.Body);
        hello.ThrowUnlessTlmsp(handshake.Options.Limits);
        handshake.ClientChannel.IsVersionSettled = true;
        handshake.OnClientHello(hello, message.Raw);
        handshake.Forward(message, fromClient: true);
        return handshake.Peers.Count == 0 ? new AwaitTransparentPath(handshake) : Flights(handshake);
    }

    /// <summary>What follows on the client's side.</summary>
    public static HandshakeState Flights(TlmspMiddleboxHandshake handshake) =>
        MiddleboxFlightRelay.Start(handshake, fromClient: true, () => new RelayClientKeyExchange(handshake));
}

/// <summary>
/// Client side of a transparent middlebox: who else is on the path is in the server's answer, before which nothing more may come.
/// </summary>
internal sealed class AwaitTransparentPath(TlmspMiddleboxHandshake handshake) : HandshakeState
{
    public override HandshakeState OnMessage(HandshakeMessage message) => handshake.Peers.Count == 0
        ? throw Unexpected(message.Type.ToString())
        : RelayClientHello.Flights(handshake).OnMessage(message);
}

/// <summary>Server side: ServerHello.</summary>
internal sealed class RelayServerHello(TlmspMiddleboxHandshake handshake) : HandshakeState
{
    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.ServerHello);
        if (handshake.ClientHello is null)
        {
            throw Unexpected(message.Type.ToString());
        }

        ServerHello hello = ServerHello.Read(message.Body);
        TlmspCipherSuite suite = handshake.Options.CipherSuites.FirstOrDefault(candidate => candidate.Id == hello.CipherSuite)
            ?? throw new TlmspException(Misbehaviour.SuiteNotOffered, $"{hello.CipherSuite:x4}");
        TlmspServerExtension tlmsp = hello.Tlmsp
            ?? throw new TlmspException(Misbehaviour.MissingTlmspExtension, "the server speaks plain TLS only");
        TlmspClientExtension offered = handshake.ClientHello!.Tlmsp!;
        if (tlmsp.ClientAddress != offered.ClientAddress || tlmsp.ServerAddress != offered.ServerAddress)
        {
            throw new TlmspException(Misbehaviour.AddressMismatch, $"'{tlmsp.ClientAddress}', '{tlmsp.ServerAddress}'");
        }

        if (offered.Discovery is { } discovery && discovery.SessionId != tlmsp.SessionId)
        {
            throw new TlmspException(Misbehaviour.BadDiscovery, $"the server answers session {discovery.SessionId:x8} with {tlmsp.SessionId:x8}");
        }

        // The server's list is not adopted (§2.7): whether a difference is acceptable is for the client to say. A transparent middlebox
        // that nobody has listed has no other (§1.6).
        IReadOnlyList<MiddleboxEntry> path = handshake.Peers.Count == 0 ? tlmsp.Middleboxes : offered.Path;
        if (handshake.Peers.Count == 0)
        {
            handshake.OnPath(
                path, path.ToList().FindIndex(entry => entry.Transparent && handshake.Options.Addresses.Contains(entry.Address)));
        }

        handshake.ServerRandom = hello.Random;
        handshake.Path = new SessionPath(tlmsp.SessionId, suite, handshake.ClientHello.Contexts!, path);
        handshake.Transcript = new Transcript(suite);
        handshake.Transcript.AddOpening(handshake.ClientHelloMessage);
        handshake.Transcript.AddOpening(message.Raw);
        handshake.Forward(message, fromClient: false);
        handshake.ServerChannel.ActivateSessionId(tlmsp.SessionId);
        handshake.ClientChannel.ActivateSessionId(tlmsp.SessionId);
        return new RelayServerCertificate(handshake);
    }
}

/// <summary>Server side: Certificate.</summary>
internal sealed class RelayServerCertificate(TlmspMiddleboxHandshake handshake) : HandshakeState
{
    public override bool IsInsideFlight => true;

    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.Certificate);
        IReadOnlyList<ReadOnlyMemory<byte>> chain = CertificateMessage.Read(message, handshake.Options.Limits);
        handshake.ServerCertificate = handshake.Options.Validator.ValidateServer(chain, ServerName());
        handshake.ServerLeaf = chain[0];
        handshake.Transcript.AddOpening(message.Raw);
        handshake.Forward(message, fromClient: false);
        return new RelayServerKeyExchange(handshake);
    }

    /// <summary>The name that the client asks for, which may be another one than the address shows.</summary>
    private string ServerName() => handshake.ClientHello!.ServerName
        ?? (handshake.ClientHello.Tlmsp!.ServerAddress.TryGetEndPoint(out string? host, out _)
            ? host
            : throw new TlmspException(Misbehaviour.BadAddress, "the server address names no host"));
}

/// <summary>Server side: ServerKeyExchange, after an optional CertificateStatus.</summary>
internal sealed class RelayServerKeyExchange(TlmspMiddleboxHandshake handshake) : HandshakeState
{
    private bool _statusSeen;

    public override bool IsInsideFlight => true;

    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        if (message.Type == HandshakeType.CertificateStatus && !_statusSeen)
        {
            _statusSeen = true;
            handshake.Forward(message, fromClient: false);
            return this;
        }

        Require(message, HandshakeType.ServerKeyExchange);
        SignedKeyShare share = SignedKeyShare.ReadServerKeyExchange(message);
        handshake.Group = handshake.Options.Groups.FirstOrDefault(group => group.Id == share.Group)
            ?? throw new TlmspException(Misbehaviour.NoCommonGroup, $"the server chose {share.Group:x4}");
        byte[] signed = [.. handshake.ClientHello!.Random, .. handshake.ServerRandom, .. share.Params];
        SignatureCheck.Require(handshake.ServerCertificate!, share, signed, allowSha1: false, Misbehaviour.BadServerKeyExchangeSignature);

        handshake.ServerShare = share;
        handshake.Transcript.AddOpening(message.Raw);
        handshake.Forward(message, fromClient: false);
        return new RelayServerHelloDone(handshake);
    }
}

/// <summary>Server side: ServerHelloDone, after an optional CertificateRequest. Then it is the last middlebox's turn.</summary>
internal sealed class RelayServerHelloDone(TlmspMiddleboxHandshake handshake) : HandshakeState
{
    public override bool IsInsideFlight => true;

    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        if (message.Type == HandshakeType.CertificateRequest && !handshake.ClientCertificateRequested)
        {
            handshake.ClientCertificateRequested = true;
            handshake.Forward(message, fromClient: false);
            return this;
        }

        Require(message, HandshakeType.ServerHelloDone);
        ShortMessages.CheckServerHelloDone(message);
        handshake.Transcript.AddOpening(message.Raw);
        handshake.Forward(message, fromClient: false);
        return MiddleboxFlightRelay.Start(handshake, fromClient: false, () =>
        {
            handshake.SendFlight();
            return new RelayKeyMaterial(handshake, fromClient: false, 0);
        });
    }
}
