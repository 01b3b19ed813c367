using System.Security.Cryptography;

namespace Tlmsp;

internal sealed class ExpectChangeCipherSpec(TlmspHandshake handshake, Func<HandshakeState> next) : HandshakeState
{
    public override HandshakeState OnChangeCipherSpec()
    {
        handshake.ActivateIncoming();
        return new ExpectFinished(handshake, next);
    }
}

/// <summary>The far endpoint's Finished (records-keys.md §9.1).</summary>
internal sealed class ExpectFinished(TlmspHandshake handshake, Func<HandshakeState> next) : HandshakeState
{
    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.Finished);
        byte[] expected = handshake.Transcript.FinishedValue(handshake.FarSecret!.Master, ofClient: !handshake.IsClient);
        if (!CryptographicOperations.FixedTimeEquals(expected, message.Body))
        {
            throw new TlmspException(Misbehaviour.BadFinished, $"entity {handshake.Far:x2}");
        }

        handshake.Transcript.AddFinished(message.Raw, fromClient: !handshake.IsClient);
        return handshake.Peers.Count == 0 ? next() : new ExpectMiddleboxFinished(handshake, 0, next);
    }
}

/// <summary>One MiddleboxFinished per middlebox, in list order (records-keys.md §9.2).</summary>
internal sealed class ExpectMiddleboxFinished(TlmspHandshake handshake, int index, Func<HandshakeState> next) : HandshakeState
{
    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.MiddleboxFinished);
        MiddleboxPeer peer = handshake.Peers[index];
        (byte id, byte[] verifyData) = ShortMessages.ReadMiddleboxFinished(message);
        if (id != peer.Id)
        {
            throw new TlmspException(Misbehaviour.WrongMiddleboxId, $"MiddleboxFinished of {id:x2} where {peer.Id:x2} is due");
        }

        byte[] expected = handshake.MiddleboxFinishedValue(
            peer, handshake.IsClient ? TlmspDialect.LabelMiddleboxClientFinished : TlmspDialect.LabelMiddleboxServerFinished);
        if (!CryptographicOperations.FixedTimeEquals(expected, verifyData))
        {
            throw new TlmspException(Misbehaviour.BadMiddleboxFinished, $"middlebox {peer.Id:x2} ({peer.Entry.Address})");
        }

        return index + 1 < handshake.Peers.Count ? new ExpectMiddleboxFinished(handshake, index + 1, next) : next();
    }
}
