namespace Tlmsp;

/// <summary>
/// What a client has learned from a first connection: the path that the server wants, and the proof that it was asked (handshake.md §1.5).
/// Give it to a new <see cref="TlmspClientHandshake"/> over a new connection to <see cref="FirstHop"/>.
/// </summary>
public sealed class TlmspDiscovery
{
    internal TlmspDiscovery(uint sessionId, byte[] hash, IReadOnlyList<MiddleboxEntry> listed, IReadOnlyList<MiddleboxEntry> path, TlmspAddress server)
    {
        SessionId = sessionId;
        Hash = hash;
        Listed = listed;
        Entries = path;
        Path = [.. path.Select(TlmspMiddlebox.From)];
        FirstHop = path.FirstOrDefault(entry => !entry.Transparent)?.Address ?? server;
    }

    /// <summary>Session id of the first connection; the new one has the same.</summary>
    public uint SessionId { get; }

    /// <summary>The new path, nearest to the client first.</summary>
    public IReadOnlyList<TlmspMiddlebox> Path { get; }

    /// <summary>Where to connect: the first middlebox of the new path that is not transparent, else the server.</summary>
    public TlmspAddress FirstHop { get; }

    internal byte[] Hash { get; }

    internal IReadOnlyList<MiddleboxEntry> Listed { get; }

    internal IReadOnlyList<MiddleboxEntry> Entries { get; }
}
