namespace Tlmsp;

/// <summary>The client's checks of the middlebox list in ServerHello (handshake.md §2.7).</summary>
internal static class AnsweredPath
{
    /// <returns>True when the path is another one than listed, so that the client must connect again.</returns>
    /// <exception cref="TlmspException">The list is not an acceptable answer, or the application refuses it.</exception>
    public static bool Check(TlmspClientHandshake handshake, TlmspServerExtension answer)
    {
        IReadOnlyList<MiddleboxEntry> path = answer.Middleboxes;
        if (handshake.Resumed is { } resumed)
        {
            // One round only: the second answer must be what the first one asked for.
            return resumed.SessionId != answer.SessionId
                ? throw new TlmspException(Misbehaviour.BadDiscovery, $"the server answers session {resumed.SessionId:x8} with {answer.SessionId:x8}")
                : path.SequenceEqual(resumed.Entries) ? false : throw Mismatch(path);
        }

        if (path.SequenceEqual(handshake.Listed))
        {
            return false;
        }

        CheckChanges(handshake, path);
        var proposal = new TlmspPathProposal([.. handshake.Listed.Select(TlmspMiddlebox.From)], [.. path.Select(TlmspMiddlebox.From)]);
        if (handshake.Options.PathPolicy(proposal) is { } refusal)
        {
            throw new TlmspException(Misbehaviour.MiddleboxListRefused, refusal);
        }

        // A transparent middlebox is on the path already.
        return !path.Where(entry => !entry.Transparent).SequenceEqual(handshake.Listed.Where(entry => !entry.Transparent));
    }

    /// <summary>The server may insert and leave out; it can change nothing, reorder nothing, and not pass its wishes off as ours.</summary>
    private static void CheckChanges(TlmspClientHandshake handshake, IReadOnlyList<MiddleboxEntry> path)
    {
        int next = 0;
        foreach (MiddleboxEntry entry in path)
        {
            if (entry.Inserted)
            {
                CheckInserted(handshake, entry);
                continue;
            }

            while (next < handshake.Listed.Count && handshake.Listed[next] != entry)
            {
                next++;
            }

            if (next++ >= handshake.Listed.Count)
            {
                throw Mismatch(path);
            }
        }

        if (path.Count > handshake.Options.Limits.MaxMiddleboxes)
        {
            throw new TlmspException(Misbehaviour.LimitExceeded, $"{path.Count} middleboxes in the server's list");
        }
    }

    private static void CheckInserted(TlmspClientHandshake handshake, MiddleboxEntry entry)
    {
        if (handshake.Listed.Any(own => own.Id == entry.Id))
        {
            throw new TlmspException(Misbehaviour.DuplicateMiddleboxId, $"the server inserts {entry.Address} under our id {entry.Id:x2}");
        }

        if (!entry.Transparent && !entry.Address.TryGetEndPoint(out _, out _))
        {
            throw new TlmspException(Misbehaviour.BadAddress, $"the server inserts '{entry.Address}', which cannot be dialled");
        }

        foreach (TlmspGrant grant in entry.Grant)
        {
            if (handshake.Options.Contexts.All(context => context.Id != grant.ContextId))
            {
                throw new TlmspException(Misbehaviour.BadGrant, $"the server inserts {entry.Address} for context {grant.ContextId}, which does not exist");
            }
        }
    }

    private static TlmspException Mismatch(IReadOnlyList<MiddleboxEntry> path) => new(
        Misbehaviour.MiddleboxListMismatch,
        path.Count == 0
            ? "the server answered with an empty list"
            : "the server answered with " + string.Join(", ", path.Select(entry => $"{entry.Address} ({entry.Grant})")));
}
