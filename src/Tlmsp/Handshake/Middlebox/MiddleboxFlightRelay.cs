using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>
/// The flights of other middleboxes: from the server's side those of the boxes behind this one, from the client's side those before it,
/// each time the one nearest the server first (handshake.md §1.3).
/// </summary>
internal abstract class MiddleboxFlightRelay(TlmspMiddleboxHandshake handshake, bool fromClient, int index, Func<HandshakeState> next) : HandshakeState
{
    /// <summary>From the server's side one flight goes on until own messages end it; from the client's side each box begins one.</summary>
    public override bool IsInsideFlight => true;

    protected TlmspMiddleboxHandshake Handshake { get; } = handshake;

    protected bool FromClient { get; } = fromClient;

    protected int Index { get; } = index;

    protected Func<HandshakeState> Next { get; } = next;

    protected MiddleboxPeer Peer => Handshake.Peers[Index];

    public static HandshakeState Start(TlmspMiddleboxHandshake handshake, bool fromClient, Func<HandshakeState> next)
    {
        int first = fromClient ? handshake.Index - 1 : handshake.Peers.Count - 1;
        return HasFlight(handshake, fromClient, first) ? new RelayMiddleboxHello(handshake, fromClient, first, next) : next();
    }

    protected static bool HasFlight(TlmspMiddleboxHandshake handshake, bool fromClient, int index) =>
        fromClient ? index >= 0 : index > handshake.Index;

    protected void CheckId(byte id, HandshakeMessage message)
    {
        // Boxes nearer the client only start when this one's flight has reached them.
        if (FromClient && !Handshake.FlightSent)
        {
            throw Unexpected(message.Type.ToString());
        }

        if (id != Peer.Id)
        {
            throw new TlmspException(Misbehaviour.WrongMiddleboxId, $"{message.Type} of {id:x2} where {Peer.Id:x2} is due");
        }
    }
}

internal sealed class RelayMiddleboxHello(TlmspMiddleboxHandshake handshake, bool fromClient, int index, Func<HandshakeState> next)
    : MiddleboxFlightRelay(handshake, fromClient, index, next)
{
    public override bool IsInsideFlight => !FromClient;

    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.MiddleboxHello);
        MiddleboxHello hello = MiddleboxHello.Read(message);
        CheckId(hello.Id, message);
        Peer.OnHello(hello, message.Raw);
        Handshake.Forward(message, FromClient);
        return new RelayMiddleboxCertificate(Handshake, FromClient, Index, Next);
    }
}

internal sealed class RelayMiddleboxCertificate(TlmspMiddleboxHandshake handshake, bool fromClient, int index, Func<HandshakeState> next)
    : MiddleboxFlightRelay(handshake, fromClient, index, next)
{
    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.MiddleboxCertificate);
        TlmspMiddleboxOptions options = Handshake.Options;
        (byte id, IReadOnlyList<ReadOnlyMemory<byte>> chain) = CertificateMessage.ReadMiddlebox(message, options.Limits);
        CheckId(id, message);
        X509Certificate2 certificate = options.Validator.ValidateMiddlebox(
            chain, Peer.Entry.Address, verifierIsServer: FromClient, allowNameMismatch: options.AllowReferenceMiddleboxes);
        Peer.OnCertificate(chain[0], certificate, message.Raw);
        Handshake.Forward(message, FromClient);
        return new RelayMiddleboxKeyExchange(Handshake, FromClient, Index, Next);
    }
}

/// <summary>There are no secrets between middleboxes: the key exchange of another one only passes (handshake.md §3.4).</summary>
internal sealed class RelayMiddleboxKeyExchange(TlmspMiddleboxHandshake handshake, bool fromClient, int index, Func<HandshakeState> next)
    : MiddleboxFlightRelay(handshake, fromClient, index, next)
{
    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.MiddleboxKeyExchange);
        CheckId(SignedKeyShare.ReadMiddleboxKeyExchange(message).Id, message);
        Handshake.Forward(message, FromClient);
        return new RelayMiddleboxHelloDone(Handshake, FromClient, Index, Next);
    }
}

internal sealed class RelayMiddleboxHelloDone(TlmspMiddleboxHandshake handshake, bool fromClient, int index, Func<HandshakeState> next)
    : MiddleboxFlightRelay(handshake, fromClient, index, next)
{
    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.MiddleboxHelloDone);
        CheckId(ShortMessages.ReadMiddleboxHelloDone(message), message);
        Peer.HelloDoneMessage = message.Raw;
        Handshake.Forward(message, FromClient);
        return HasFlight(Handshake, FromClient, Index - 1) ? new RelayMiddleboxHello(Handshake, FromClient, Index - 1, Next) : Next();
    }
}
