namespace Tlmsp;

/// <summary>The server asked for a certificate: the client sends one, or an empty list (handshake.md §1.4).</summary>
internal sealed class ExpectClientCertificate(TlmspServerHandshake handshake) : HandshakeState
{
    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.Certificate);
        TlmspServerOptions options = handshake.Options;
        if (CertificateMessage.IsEmptyList(message))
        {
            if (options.ClientAuthentication == TlmspClientAuthentication.Require)
            {
                throw new TlmspException(Misbehaviour.ClientCertificateMissing, "an empty Certificate");
            }
        }
        else
        {
            IReadOnlyList<ReadOnlyMemory<byte>> chain = CertificateMessage.Read(message, options.Limits);
            handshake.ClientCertificate = options.ClientValidator.ValidateClient(chain);
            handshake.ClientLeaf = chain[0];
        }

        handshake.Transcript.AddClientKeyExchange(message.Raw);
        return new ExpectClientKeyExchange(handshake);
    }
}

/// <summary>The client proves that the certificate is its own.</summary>
internal sealed class ExpectCertificateVerify(TlmspServerHandshake handshake, Func<HandshakeState> next) : HandshakeState
{
    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.CertificateVerify);
        CertificateVerify verify = CertificateVerify.Read(message);
        SignatureCheck.Require(
            handshake.ClientCertificate!, verify.Scheme, verify.Signature, handshake.Transcript.AllMessages(), allowSha1: false,
            Misbehaviour.BadCertificateVerify);
        handshake.Transcript.AddEndpointOnly(message.Raw);
        return next();
    }
}

/// <summary>The server waits for ClientKeyExchange, after the flights of all middleboxes.</summary>
internal sealed class ExpectClientKeyExchange(TlmspServerHandshake handshake) : HandshakeState
{
    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.ClientKeyExchange);
        byte[] point = ClientKeyExchange.Read(message);
        handshake.Transcript.AddClientKeyExchange(message.Raw);
        handshake.DeriveSecrets(point);
        return handshake.ClientLeaf.IsEmpty ? AfterClient() : new ExpectCertificateVerify(handshake, AfterClient);
    }

    private HandshakeState AfterClient() => ExpectKeyConfirmation.Start(handshake, SendKeyMaterial);

    private HandshakeState SendKeyMaterial()
    {
        handshake.SendKeyMaterial();
        handshake.DeriveContextKeys();
        return new ExpectChangeCipherSpec(handshake, SendFinished);
    }

    private HandshakeState SendFinished()
    {
        handshake.SendFinished();
        return new HandshakeDone();
    }
}
