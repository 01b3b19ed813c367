using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>
/// The four messages of each middlebox. Both endpoints see the flights from the middlebox nearest the server to the one nearest the
/// client (handshake.md §1.3); <c>index</c> is the place in the list, <c>next</c> what follows the last flight.
/// </summary>
internal abstract class MiddleboxFlight(TlmspHandshake handshake, int index, Func<HandshakeState> next) : HandshakeState
{
    protected TlmspHandshake Handshake { get; } = handshake;

    protected int Index { get; } = index;

    protected Func<HandshakeState> Next { get; } = next;

    protected MiddleboxPeer Peer => Handshake.Peers[Index];

    /// <summary>The first state of all flights; <paramref name="next"/> at once when there is no middlebox.</summary>
    public static HandshakeState Start(TlmspHandshake handshake, Func<HandshakeState> next) =>
        handshake.Peers.Count == 0 ? next() : new ExpectMiddleboxHello(handshake, handshake.Peers.Count - 1, next);

    protected void CheckId(byte id, HandshakeMessage message)
    {
        if (id != Peer.Id)
        {
            throw new TlmspException(Misbehaviour.WrongMiddleboxId, $"{message.Type} of {id:x2} where {Peer.Id:x2} is due");
        }
    }
}

internal sealed class ExpectMiddleboxHello(TlmspHandshake handshake, int index, Func<HandshakeState> next)
    : MiddleboxFlight(handshake, index, next)
{
    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.MiddleboxHello);
        MiddleboxHello hello = MiddleboxHello.Read(message);
        CheckId(hello.Id, message);
        Peer.OnHello(hello, message.Raw);
        Handshake.Transcript.AddEndpointOnly(message.Raw);
        return new ExpectMiddleboxCertificate(Handshake, Index, Next);
    }
}

internal sealed class ExpectMiddleboxCertificate(TlmspHandshake handshake, int index, Func<HandshakeState> next)
    : MiddleboxFlight(handshake, index, next)
{
    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.MiddleboxCertificate);
        TlmspOptions options = Handshake.CommonOptions;
        (byte id, IReadOnlyList<ReadOnlyMemory<byte>> chain) = CertificateMessage.ReadMiddlebox(message, options.Limits);
        CheckId(id, message);
        X509Certificate2 certificate = options.Validator.ValidateMiddlebox(
            chain, Peer.Entry.Address, verifierIsServer: !Handshake.IsClient, allowNameMismatch: options.AllowReferenceMiddleboxes);
        Peer.OnCertificate(chain[0], certificate, message.Raw);
        Handshake.Transcript.AddEndpointOnly(message.Raw);
        return new ExpectMiddleboxKeyExchange(Handshake, Index, Next);
    }
}

internal sealed class ExpectMiddleboxKeyExchange(TlmspHandshake handshake, int index, Func<HandshakeState> next)
    : MiddleboxFlight(handshake, index, next)
{
    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.MiddleboxKeyExchange);
        (byte id, SignedKeyShare toClient, SignedKeyShare toServer) = SignedKeyShare.ReadMiddleboxKeyExchange(message);
        CheckId(id, message);
        Verify(toClient);
        Verify(toServer);
        Peer.Share = Handshake.IsClient ? toClient : toServer;
        Handshake.Transcript.AddEndpointOnly(message.Raw);
        return new ExpectMiddleboxHelloDone(Handshake, Index, Next);
    }

    private void Verify(SignedKeyShare share)
    {
        // One ephemeral key of ours serves the whole path, so there is one group (handshake.md §4.2).
        if (share.Group != Handshake.Group.Id)
        {
            throw new TlmspException(Misbehaviour.GroupMismatch, $"middlebox {Peer.Id:x2} uses {share.Group:x4}, the server {Handshake.Group.Id:x4}");
        }

        byte[] signed = [.. Peer.ToClientRandom, .. Peer.ToServerRandom, .. share.Params];
        SignatureCheck.Require(
            Peer.Certificate!, share, signed, allowSha1: Handshake.CommonOptions.AllowReferenceMiddleboxes, Misbehaviour.BadMiddleboxKeyExchangeSignature);
    }
}

internal sealed class ExpectMiddleboxHelloDone(TlmspHandshake handshake, int index, Func<HandshakeState> next)
    : MiddleboxFlight(handshake, index, next)
{
    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.MiddleboxHelloDone);
        CheckId(ShortMessages.ReadMiddleboxHelloDone(message), message);
        Peer.HelloDoneMessage = message.Raw;
        Handshake.Transcript.AddEndpointOnly(message.Raw);
        return Index == 0 ? Next() : new ExpectMiddleboxHello(Handshake, Index - 1, Next);
    }
}
