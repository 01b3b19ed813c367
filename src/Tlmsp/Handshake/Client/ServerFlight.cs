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

/// <summary>The client waits for ServerHelloDone. A request for a client certificate is not answered.</summary>
internal sealed class ExpectServerHelloDone(TlmspClientHandshake handshake, byte[] serverPoint) : HandshakeState
{
    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.ServerHelloDone);
        ShortMessages.CheckServerHelloDone(message);
        handshake.Transcript.AddOpening(message.Raw);
        return MiddleboxFlight.Start(handshake, SendKeyExchange);
    }

    private HandshakeState SendKeyExchange()
    {
        handshake.Ephemeral = handshake.Group.Generate(handshake.Options.Random);
        byte[] message = ClientKeyExchange.Write(handshake.Ephemeral.PublicPoint);
        handshake.Transcript.AddClientKeyExchange(message);
        handshake.DeriveSecrets(serverPoint);    // first, because it may find bad shares
        handshake.Send(message);
        handshake.SendKeyMaterial();
        return ExpectKeyConfirmation.Start(handshake, SendFinished);
    }

    private HandshakeState SendFinished()
    {
        handshake.DeriveContextKeys();
        handshake.SendFinished();
        return new ExpectChangeCipherSpec(handshake, static () => new HandshakeDone());
    }
}
