namespace Tlmsp;

/// <summary>
/// The paths that a server asked clients to take (handshake.md §1.5): each may come back once, within a minute, with the hash of the first
/// connection. The reference keeps no such memory and takes any hash.
/// </summary>
internal sealed class DiscoveryMemory
{
    private const int Capacity = 4096;
    private static readonly TimeSpan s_lifetime = TimeSpan.FromMinutes(1);
    private readonly Lock _lock = new();
    private readonly BoundedCache<uint, Entry> _entries = new(Capacity);

    public void Remember(uint sessionId, byte[] hash, IReadOnlyList<MiddleboxEntry> listed, IReadOnlyList<MiddleboxEntry> path, DateTimeOffset now)
    {
        lock (_lock)
        {
            _entries.Set(sessionId, new Entry(hash, listed, path, now + s_lifetime));
        }
    }

    /// <summary>Takes a memory out and compares it with what a client brings back.</summary>
    /// <returns>What is wrong; null when everything is as it was.</returns>
    public string? Redeem(TlmspClientExtension hello, DateTimeOffset now)
    {
        (uint sessionId, byte[] hash, IReadOnlyList<MiddleboxEntry> path) = hello.Discovery!.Value;
        lock (_lock)
        {
            if (!_entries.TryGet(sessionId, out Entry? entry) || entry.Until < now)
            {
                return $"session {sessionId:x8} asks for nothing, or no longer";
            }

            // Once only, also when it is wrong: a guess costs a whole first connection.
            _entries.Set(sessionId, entry with { Until = DateTimeOffset.MinValue });
            return !entry.Hash.AsSpan().SequenceEqual(hash) ? "the hash is not that of the first connection"
                : !entry.Listed.SequenceEqual(hello.Middleboxes) ? "the initial list has changed"
                : !entry.Path.SequenceEqual(path) ? "the path is not the one that was asked for"
                : null;
        }
    }

    private sealed record Entry(byte[] Hash, IReadOnlyList<MiddleboxEntry> Listed, IReadOnlyList<MiddleboxEntry> Path, DateTimeOffset Until);
}
