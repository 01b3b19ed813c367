namespace Tlmsp;

/// <summary>The server waits for ClientKeyExchange, after the flights of all middleboxes.</summary>
internal sealed class ExpectClientKeyExchange(TlmspServerHandshake handshake) : HandshakeState
{
    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.ClientKeyExchange);
        byte[] point = ClientKeyExchange.Read(message);
        handshake.Transcript.AddClientKeyExchange(message.Raw);
        handshake.DeriveSecrets(point);
        return ExpectKeyConfirmation.Start(handshake, SendKeyMaterial);
    }

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
