namespace Tlmsp;

/// <summary>Where a handshake stands.</summary>
public enum HandshakeStatus
{
    /// <summary>More bytes are needed from the peer.</summary>
    NeedMoreData,

    /// <summary>Only at a middlebox: the next hop is known and must be dialled.</summary>
    NeedNextHop,

    /// <summary>The session is established; take it with Complete().</summary>
    Complete,
}
