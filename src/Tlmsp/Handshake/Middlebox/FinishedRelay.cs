using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>ChangeCipherSpec switches one direction on both halves.</summary>
internal sealed class RelayChangeCipherSpec(TlmspMiddleboxHandshake handshake, bool fromClient) : HandshakeState
{
    public override HandshakeState OnChangeCipherSpec()
    {
        // The client needs the server's contributions first, the server the client's whole last flight.
        if (fromClient ? handshake.ServerContributions is null || handshake.ClientContributions is null : !handshake.IsClientSideComplete)
        {
            throw Unexpected("ChangeCipherSpec");
        }

        if (fromClient)
        {
            handshake.DeriveContextKeys();
        }

        handshake.RelayChangeCipherSpec(fromClient);
        return new RelayFinished(handshake, fromClient);
    }
}

/// <summary>An endpoint's Finished: cannot be checked here, but is covered by MiddleboxFinished.</summary>
internal sealed class RelayFinished(TlmspMiddleboxHandshake handshake, bool fromClient) : HandshakeState
{
    public override bool IsInsideFlight => true;

    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.Finished);
        handshake.Transcript.AddFinished(message.Raw, fromClient);
        handshake.Forward(message, fromClient);
        return new RelayMiddleboxFinished(handshake, fromClient, 0);
    }
}

/// <summary>MiddleboxFinished in list order; the one for this middlebox is checked and replaced (handshake.md §6.4).</summary>
internal sealed class RelayMiddleboxFinished(TlmspMiddleboxHandshake handshake, bool fromClient, int index) : HandshakeState
{
    public override bool IsInsideFlight => true;

    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.MiddleboxFinished);
        (byte id, byte[] verifyData) = ShortMessages.ReadMiddleboxFinished(message);
        byte due = handshake.Peers[index].Id;
        if (id != due)
        {
            throw new TlmspException(Misbehaviour.WrongMiddleboxId, $"MiddleboxFinished of {id:x2} where {due:x2} is due");
        }

        if (index == handshake.Index)
        {
            byte[] expected = handshake.FinishedValue(
                fromClient ? TlmspDialect.LabelClientMiddleboxFinished : TlmspDialect.LabelServerMiddleboxFinished);
            if (!CryptographicOperations.FixedTimeEquals(expected, verifyData))
            {
                throw new TlmspException(Misbehaviour.BadMiddleboxFinished, fromClient ? "of the client" : "of the server");
            }

            byte[] own = handshake.FinishedValue(
                fromClient ? TlmspDialect.LabelMiddleboxServerFinished : TlmspDialect.LabelMiddleboxClientFinished);
            handshake.Send(ShortMessages.MiddleboxFinished(id, own), toServer: fromClient);
        }
        else
        {
            handshake.Forward(message, fromClient);
        }

        return index + 1 < handshake.Peers.Count ? new RelayMiddleboxFinished(handshake, fromClient, index + 1) : new HandshakeDone();
    }
}
