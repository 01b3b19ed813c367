namespace Tlmsp;

/// <summary>The client waits for the server's Certificate.</summary>
internal sealed class ExpectServerCertificate(TlmspClientHandshake handshake) : HandshakeState
{
    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.Certificate);
        IReadOnlyList<ReadOnlyMemory<byte>> chain = CertificateMessage.Read(message, handshake.Options.Limits);
        handshake.ServerCertificate = handshake.Options.Validator.ValidateServer(chain, handshake.ServerName!);
        if ((LeafKey.Of(handshake.ServerCertificate).Ecdsa is not null) != handshake.Path.Suite.IsEcdsa)
        {
            throw new TlmspException(Misbehaviour.UnsuitableCertificate, $"its key does not fit {handshake.Path.Suite}");
        }

        handshake.ServerLeaf = chain[0];
        handshake.Transcript.AddOpening(message.Raw);
        return new ExpectServerKeyExchange(handshake);
    }
}

/// <summary>The client waits for ServerKeyExchange.</summary>
internal sealed class ExpectServerKeyExchange(TlmspClientHandshake handshake) : HandshakeState
{
    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.ServerKeyExchange);
        SignedKeyShare share = SignedKeyShare.ReadServerKeyExchange(message);
        handshake.Group = handshake.Options.Groups.FirstOrDefault(group => group.Id == share.Group)
            ?? throw new TlmspException(Misbehaviour.GroupNotOffered, $"{share.Group:x4}");
        byte[] signed = [.. handshake.ClientRandom, .. handshake.ServerRandom, .. share.Params];
        SignatureCheck.Require(handshake.ServerCertificate!, share, signed, allowSha1: false, Misbehaviour.BadServerKeyExchangeSignature);

        handshake.Transcript.AddOpening(message.Raw);
        return new ExpectServerHelloDone(handshake, share.Point);
    }
}

/// <summary>The client waits for ServerHelloDone, after an optional CertificateRequest.</summary>
internal sealed class ExpectServerHelloDone(TlmspClientHandshake handshake, byte[] serverPoint) : HandshakeState
{
    private ushort[]? _schemes;

    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        if (message.Type == HandshakeType.CertificateRequest && _schemes is null)
        {
            _schemes = CertificateRequestMessage.Read(message);
            handshake.Transcript.AddEndpointOnly(message.Raw);
            return this;
        }

        Require(message, HandshakeType.ServerHelloDone);
        ShortMessages.CheckServerHelloDone(message);
        handshake.Transcript.AddOpening(message.Raw);
        return handshake.IsPathChanged ? Reconnect() : MiddleboxFlight.Start(handshake, SendKeyExchange);
    }

    private ReconnectDone Reconnect()
    {
        handshake.Discovery = new TlmspDiscovery(
            handshake.Path.SessionId, handshake.Transcript.CurrentHash(), handshake.Listed, handshake.Path.Middleboxes, handshake.Options.ServerAddress);
        handshake.SendReconnect();
        return new ReconnectDone();
    }

    private HandshakeState SendKeyExchange()
    {
        TlmspCertificate? certificate = SendCertificate();
        handshake.Ephemeral = handshake.Group.Generate(handshake.Options.Random);
        byte[] message = ClientKeyExchange.Write(handshake.Ephemeral.PublicPoint);
        handshake.Transcript.AddClientKeyExchange(message);
        handshake.DeriveSecrets(serverPoint);    // first, because it may find bad shares
        handshake.Send(message);
        if (certificate is not null)
        {
            SendCertificateVerify(certificate);
        }

        handshake.SendKeyMaterial();
        return ExpectKeyConfirmation.Start(handshake, SendFinished);
    }

    /// <summary>Answers a CertificateRequest: with our certificate, or with an empty list where there is none that the server could check.</summary>
    private TlmspCertificate? SendCertificate()
    {
        if (_schemes is null)
        {
            return null;
        }

        TlmspCertificate? certificate = handshake.Options.Certificate is { } own && SignatureSchemes.CanSign(own, _schemes) ? own : null;
        byte[] message = CertificateMessage.Write(certificate?.Chain ?? []);
        handshake.Transcript.AddClientKeyExchange(message);
        handshake.Send(message);
        handshake.ClientLeaf = certificate?.Chain[0] ?? default;
        return certificate;
    }

    /// <summary>Signs every message up to and including ClientKeyExchange (handshake.md §1.4).</summary>
    private void SendCertificateVerify(TlmspCertificate certificate)
    {
        ushort scheme = SignatureSchemes.Select(certificate, _schemes);
        byte[] message = new CertificateVerify(scheme, SignatureSchemes.Sign(certificate, scheme, handshake.Transcript.AllMessages())).ToMessage();
        handshake.Transcript.AddEndpointOnly(message);
        handshake.Send(message);
    }

    private HandshakeState SendFinished()
    {
        handshake.DeriveContextKeys();
        handshake.SendFinished();
        return new ExpectChangeCipherSpec(handshake, static () => new HandshakeDone());
    }
}
