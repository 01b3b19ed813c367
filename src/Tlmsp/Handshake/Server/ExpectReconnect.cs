namespace Tlmsp;

/// <summary>
/// The server has asked for another path: the client ends this connection with a fatal close_notify (handshake.md §1.5). Until then the
/// middleboxes of the old list may send their flights, since they keep to that list, and transparent ones, since they are there.
/// </summary>
internal sealed class ExpectReconnect(int middleboxes) : HandshakeState
{
    private const int MessagesPerFlight = 4;
    private int _left = middleboxes * MessagesPerFlight;

    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        bool ofFlight = message.Type is HandshakeType.MiddleboxHello or HandshakeType.MiddleboxCertificate
            or HandshakeType.MiddleboxKeyExchange or HandshakeType.MiddleboxHelloDone;
        return ofFlight && _left-- > 0 ? this : throw Unexpected(message.Type.ToString());
    }
}
