using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>One KeyConfirmation per middlebox, in list order (handshake.md §5.3: the reference accepts any order and repetitions).</summary>
internal sealed class ExpectKeyConfirmation(TlmspHandshake handshake, int index, Func<HandshakeState> next) : HandshakeState
{
    /// <summary>The first state after the own KeyExchange.</summary>
    public static HandshakeState Start(TlmspHandshake handshake, Func<HandshakeState> next) =>
        handshake.Peers.Count == 0 ? new ExpectKeyMaterial(handshake, next) : new ExpectKeyConfirmation(handshake, 0, next);

    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.MiddleboxKeyConfirmation);
        MiddleboxPeer peer = handshake.Peers[index];
        byte id = KeyMaterial.ReadId(message);
        if (id != peer.Id)
        {
            throw new TlmspException(Misbehaviour.KeyConfirmationOrder, $"confirmation of {id:x2} where {peer.Id:x2} is due");
        }

        peer.Confirmed = KeyMaterial.Open(message, peer.Id, handshake.Path, peer.Secret!.BToA);
        return index + 1 < handshake.Peers.Count
            ? new ExpectKeyConfirmation(handshake, index + 1, next)
            : new ExpectKeyMaterial(handshake, next);
    }
}

/// <summary>The far endpoint's contributions, which must be complete and be what every middlebox confirmed (records-keys.md §8.3).</summary>
internal sealed class ExpectKeyMaterial(TlmspHandshake handshake, Func<HandshakeState> next) : HandshakeState
{
    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.MiddleboxKeyMaterial);
        byte id = KeyMaterial.ReadId(message);
        if (id != handshake.Self)
        {
            throw new TlmspException(Misbehaviour.WrongMiddleboxId, $"KeyMaterial for {id:x2}");
        }

        SecretKey key = handshake.IsClient ? handshake.FarSecret!.BToA : handshake.FarSecret!.AToB;
        ContributionTable far = KeyMaterial.Open(message, handshake.Far, handshake.Path, key);
        handshake.FarContributions = far;
        CheckComplete(far);
        foreach (MiddleboxPeer peer in handshake.Peers)
        {
            CheckConfirmation(peer, far);
        }

        handshake.Transcript.AddKeyMaterial(message.Raw, fromClient: !handshake.IsClient);
        return next();
    }

    /// <summary>The reference takes zeros for what is missing, and half of the keys' secret with it.</summary>
    private void CheckComplete(ContributionTable far)
    {
        for (int slot = 0; slot < far.Slots; slot++)
        {
            if (!far.HasReader(slot) || !far.HasWriter(slot))
            {
                throw new TlmspException(Misbehaviour.MissingContribution, $"context {handshake.Path.ContextAt(slot)} of entity {handshake.Far:x2}");
            }
        }
    }

    private void CheckConfirmation(MiddleboxPeer peer, ContributionTable far)
    {
        ContributionTable confirmed = peer.Confirmed!;
        bool good = CryptographicOperations.FixedTimeEquals(confirmed.Synch, far.Synch);
        for (int slot = 0; slot < far.Slots; slot++)
        {
            TlmspAccess access = handshake.Path.AccessOf(peer.Id, handshake.Path.ContextAt(slot));
            // More than the grant is refused as well: then the far endpoint gave this middlebox more than it says.
            good &= confirmed.HasEntry(slot)
                & CryptographicOperations.FixedTimeEquals(confirmed.Reader(slot), access >= TlmspAccess.Read ? far.Reader(slot) : default)
                & CryptographicOperations.FixedTimeEquals(confirmed.Writer(slot), access >= TlmspAccess.Write ? far.Writer(slot) : default);
        }

        if (!good)
        {
            throw new TlmspException(Misbehaviour.KeyConfirmationFault, $"middlebox {peer.Id:x2} ({peer.Entry.Address})");
        }
    }
}
