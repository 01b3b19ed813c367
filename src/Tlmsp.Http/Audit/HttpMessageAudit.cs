namespace Tlmsp.Http;

/// <summary>
/// What middleboxes did to one request or response, as far as it was read: it grows until <see cref="IsComplete"/>. Safe for concurrent
/// use.
/// </summary>
public sealed class HttpMessageAudit
{
    private readonly TlmspSessionInfo _session;
    private readonly HttpProfile _profile;
    private readonly HttpDirection _direction;
    private volatile TlmspAuditEntry[] _entries = [];
    private volatile bool _isComplete;

    internal HttpMessageAudit(TlmspSessionInfo session, HttpProfile profile, HttpDirection direction, long messageNumber)
    {
        _session = session;
        _profile = profile;
        _direction = direction;
        MessageNumber = messageNumber;
    }

    /// <summary>
    /// Which message of its direction of the connection it is; the first is 0. Interim responses (1xx) belong to the final one.
    /// </summary>
    public long MessageNumber { get; }

    /// <summary>
    /// True when every context of this direction is audited. Elsewhere nothing is recorded, because nothing could be proved.
    /// </summary>
    public bool IsAudited => _profile.IdsIn(_direction).All(IsAuditedContext);

    /// <summary>
    /// True when the message was read to its end, so that nothing more is added, but for what happens in a tunnel that the exchange opened.
    /// </summary>
    public bool IsComplete
    {
        get => _isComplete;
        internal set => _isComplete = value;
    }

    /// <summary>
    /// What was found so far; one entry per middlebox, action and part. Empty says nothing unless <see cref="IsAudited"/>.
    /// </summary>
    public IReadOnlyList<TlmspAuditEntry> Entries => _entries;

    /// <summary>What that means.</summary>
    public TlmspAuditVerdict Verdict => _entries.Length > 0 ? TlmspAuditVerdict.Touched
        : IsAudited ? TlmspAuditVerdict.Untouched
        : TlmspAuditVerdict.NotAudited;

    /// <summary>True when the context of a role is audited.</summary>
    /// <exception cref="ArgumentException">The profile of the connection has no context for the role.</exception>
    public bool IsAuditedIn(HttpRole role) => IsAuditedContext(_profile.IdOf(_direction, role));

    /// <summary>For logs, such as <c>Touched: waf.example:7001 changed 1 container of Head</c>.</summary>
    public override string ToString()
    {
        TlmspAuditEntry[] entries = _entries;
        return entries.Length == 0
            ? Verdict.ToString()
            : $"{Verdict}: " + string.Join(", ", entries.Select(entry =>
                $"{entry.Middlebox.Address} {entry.Action.ToString().ToLowerInvariant()} {entry.Containers} "
                + $"{(entry.Containers == 1 ? "container" : "containers")} of {entry.Part}"));
    }

    /// <summary>Called under the lock of the trail.</summary>
    internal void Add(byte middleboxId, TlmspAuditAction action, HttpMessagePart part, long containers)
    {
        TlmspAuditEntry[] entries = _entries;
        int index = Array.FindIndex(entries, entry => entry.Middlebox.Id == middleboxId && entry.Action == action && entry.Part == part);
        if (index < 0)
        {
            TlmspPathMiddlebox middlebox = _session.Middleboxes.First(candidate => candidate.Id == middleboxId);
            _entries = [.. entries, new TlmspAuditEntry(middlebox, action, part, containers)];
            return;
        }

        TlmspAuditEntry[] grown = [.. entries];
        grown[index] = grown[index] with { Containers = grown[index].Containers + containers };
        _entries = grown;
    }

    private bool IsAuditedContext(byte id) => _session.Contexts.Any(context => context.Id == id && context.Audited);
}
