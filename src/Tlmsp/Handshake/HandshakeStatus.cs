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

    /// <summary>
    /// The path has changed (handshake.md §1.5): this connection is to be flushed and closed. At a client
    /// <see cref="TlmspClientHandshake.Discovery"/> says how to connect again.
    /// </summary>
    Reconnect,
}
