namespace Tlmsp.Http;

/// <summary>
/// A handshake ended because the path has changed (handshake.md §1.5): no fault of anybody's. The connection is to be closed; a client
/// connects again over the new path.
/// </summary>
public sealed class TlmspReconnectException : Exception
{
    internal TlmspReconnectException(TlmspDiscovery? discovery)
        : base("The path has changed: the client connects again over the new one.") => Discovery = discovery;

    /// <summary>At a client: how to connect again. Null at a server, whose next connection it may be.</summary>
    public TlmspDiscovery? Discovery { get; }
}
