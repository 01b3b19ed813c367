namespace Tlmsp;

/// <summary>Who is on the path and what each may do: the agreed contexts and middlebox list of one session.</summary>
internal sealed class SessionPath
{
    private readonly byte[] _entities;
    private readonly TlmspContext[] _contexts;
    private readonly MiddleboxEntry[] _middleboxes;
    private readonly Grant[] _effective;

    /// <param name="sessionId">The session id.</param>
    /// <param name="suite">The cipher suite.</param>
    /// <param name="contexts">The application contexts.</param>
    /// <param name="middleboxes">The list as on the wire, nearest to the client first.</param>
    /// <param name="effective">What this endpoint lets a middlebox do with the keys it has; by default all that they allow.</param>
    public SessionPath(
        uint sessionId, TlmspCipherSuite suite, IEnumerable<TlmspContext> contexts, IEnumerable<MiddleboxEntry> middleboxes,
        Func<MiddleboxEntry, Grant>? effective = null)
    {
        SessionId = sessionId;
        Suite = suite;
        _contexts = [.. contexts.OrderBy(context => context.Id)];
        _middleboxes = [.. middleboxes];
        _effective = [.. _middleboxes.Select(effective ?? (entry => entry.Grant))];
        _entities = [TlmspDialect.Client, .. _middleboxes.Select(middlebox => middlebox.Id), TlmspDialect.Server];
    }

    public uint SessionId { get; }

    public TlmspCipherSuite Suite { get; }

    /// <summary>The application contexts in ascending order; context 0 is implied.</summary>
    public IReadOnlyList<TlmspContext> Contexts => _contexts;

    public IReadOnlyList<MiddleboxEntry> Middleboxes => _middleboxes;

    /// <summary>Client, middleboxes in list order, server.</summary>
    public ReadOnlySpan<byte> Entities => _entities;

    /// <summary>Number of contexts including context 0.</summary>
    public int SlotCount => _contexts.Length + 1;

    /// <summary>Place of a context in per-context tables: 0 for context 0, then by list; -1 when it does not exist.</summary>
    public int SlotOf(byte contextId)
    {
        if (contextId == 0)
        {
            return 0;
        }

        for (int i = 0; i < _contexts.Length; i++)
        {
            if (_contexts[i].Id == contextId)
            {
                return i + 1;
            }
        }

        return -1;
    }

    public byte ContextAt(int slot) => slot == 0 ? (byte)0 : _contexts[slot - 1].Id;

    public bool IsAudited(int slot) => slot != 0 && _contexts[slot - 1].Audited;

    /// <summary>Position on the path from the client (0) to the server; -1 for an unknown entity.</summary>
    public int PositionOf(byte entity) => Array.IndexOf(_entities, entity);

    public TlmspAccess AccessOf(byte entity, byte contextId)
    {
        int position = PositionOf(entity);
        return position < 0 ? TlmspAccess.None
            : contextId == 0 || position == 0 || position == _entities.Length - 1 ? TlmspAccess.Write
            : _middleboxes[position - 1].Grant[contextId];
    }

    /// <summary>What this endpoint lets a middlebox do, which may be less than its keys allow.</summary>
    public Grant EffectiveGrant(byte middlebox) => _effective[PositionOf(middlebox) - 1];

    /// <summary>True for a middlebox that may delete here and nothing more: the wire cannot say that, so endpoints enforce it (http-mapping §13).</summary>
    public bool MayOnlyDelete(byte entity, byte contextId)
    {
        int position = PositionOf(entity);
        return position > 0 && position < _entities.Length - 1 && _effective[position - 1][contextId] == TlmspAccess.Delete;
    }

    /// <summary>The entities whose data reaches <paramref name="self"/> in a direction, nearest first (records-keys.md §0.1).</summary>
    public byte[] Upstream(byte self, Direction direction)
    {
        int position = PositionOf(self);
        byte[] upstream = direction == Direction.ClientToServer ? _entities[..position] : _entities[(position + 1)..];
        if (direction == Direction.ClientToServer)
        {
            Array.Reverse(upstream);
        }

        return upstream;
    }
}
