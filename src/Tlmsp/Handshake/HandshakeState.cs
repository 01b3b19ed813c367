namespace Tlmsp;

/// <summary>A point in a handshake: it accepts only what is legal there and returns the next one.</summary>
internal abstract class HandshakeState
{
    /// <summary>True for the state after the last message.</summary>
    public virtual bool IsComplete => false;

    /// <summary>True inside a flight: nobody on the path answers before the rest of it has come (handshake.md §1.3).</summary>
    public virtual bool IsInsideFlight => false;

    /// <summary>Takes the message out of a handshake record.</summary>
    /// <exception cref="TlmspException">The record is not exactly one message (handshake.md §0.3).</exception>
    public virtual HandshakeMessage Read(byte[] record) => HandshakeMessage.FromRecord(record);

    /// <exception cref="TlmspException">The message is not legal here, or wrong.</exception>
    public virtual HandshakeState OnMessage(HandshakeMessage message) => throw Unexpected(message.Type.ToString());

    /// <exception cref="TlmspException">ChangeCipherSpec is not legal here.</exception>
    public virtual HandshakeState OnChangeCipherSpec() => throw Unexpected("ChangeCipherSpec");

    /// <summary>Refuses everything but one type.</summary>
    protected void Require(HandshakeMessage message, HandshakeType type)
    {
        if (message.Type != type)
        {
            throw Unexpected(message.Type.ToString());
        }
    }

    protected TlmspException Unexpected(string what) => new(Misbehaviour.UnexpectedHandshakeMessage, $"{what} in {GetType().Name}");
}

/// <summary>This connection is over; the client comes back over another path.</summary>
internal sealed class ReconnectDone : HandshakeState;

/// <summary>The handshake is done.</summary>
internal sealed class HandshakeDone : HandshakeState
{
    public override bool IsComplete => true;
}
