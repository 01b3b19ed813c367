namespace Tlmsp;

/// <summary>The path that a server answers with: the client's list, completed by the middleboxes that the server wants (handshake.md §1.5).</summary>
internal static class ServerPath
{
    /// <returns>The client's own entries, or a new list with entries inserted among them.</returns>
    /// <exception cref="InvalidOperationException">The application's answer leaves out or changes what the client listed.</exception>
    /// <exception cref="TlmspException">The answer is too long.</exception>
    public static IReadOnlyList<MiddleboxEntry> Complete(TlmspServerOptions options, TlmspOffer offer, IReadOnlyList<MiddleboxEntry> listed)
    {
        if (options.PathCompletion is not { } complete)
        {
            return listed;
        }

        IReadOnlyList<TlmspMiddlebox> wanted = complete(offer);
        if (wanted.Count > options.Limits.MaxMiddleboxes)
        {
            // The client's list is most of it: a long one must not pass for an error of the application.
            throw new TlmspException(
                Misbehaviour.MiddleboxListRefused,
                $"with what PathCompletion adds the path would have {wanted.Count} middleboxes; "
                + $"{options.Limits.MaxMiddleboxes} are allowed");
        }

        var path = new List<MiddleboxEntry>(wanted.Count);
        int next = 0;
        foreach (TlmspMiddlebox middlebox in wanted)
        {
            if (next < listed.Count && TlmspMiddlebox.From(listed[next]) == middlebox)
            {
                path.Add(listed[next++]);
            }
            else
            {
                byte id = UnusedId(options.Random, [.. listed, .. path]);
                path.Add(new MiddleboxEntry(id, middlebox.Address, middlebox.Grant.OnWire(), Inserted: true, middlebox.Transparent));
            }
        }

        return next == listed.Count
            ? path
            : throw new InvalidOperationException($"PathCompletion leaves out or changes {listed[next].Address}, which the client listed; it can only add.");
    }

    /// <summary>Ids are random, so that no party can rely on their order (handshake.md §8.1).</summary>
    private static byte UnusedId(TlmspRandom random, List<MiddleboxEntry> used)
    {
        Span<byte> draw = stackalloc byte[1];
        byte id;
        do
        {
            random.Fill(draw);
            id = draw[0];
        }
        while (id is < TlmspDialect.FirstMiddlebox or > TlmspDialect.LastMiddlebox || used.Exists(entry => entry.Id == id));
        return id;
    }
}
