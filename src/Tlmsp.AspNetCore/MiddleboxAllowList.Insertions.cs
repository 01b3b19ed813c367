namespace Tlmsp.AspNetCore;

/// <summary>What the server itself wants on the path, or never: dynamic discovery (handshake.md §1.5).</summary>
public sealed partial class MiddleboxAllowList
{
    private readonly List<(TlmspAddress Address, MiddleboxPlace Place)> _insertions = [];
    private readonly HashSet<TlmspAddress> _forbidden = [];

    /// <summary>
    /// Completes the path in code: gets the offer with everything that <see cref="Insert"/> adds already in its list, and returns the whole
    /// path, nearest to the client first. It can add anywhere, but leave out or change nothing that the client listed. Called on the first
    /// connection of every client, also with an empty list. Default: none.
    /// </summary>
    public Func<TlmspOffer, IReadOnlyList<TlmspMiddlebox>>? PathCompletion { get; set; }

    /// <summary>
    /// Puts a middlebox on the path of every client. A client that has listed it already, with exactly these rights, connects as it is;
    /// any other is asked to come back over the new path, if it accepts the middlebox.
    /// </summary>
    /// <param name="address">Where clients, or the middlebox before it, connect to, such as <c>waf.example:7001</c>.</param>
    /// <param name="grant">Its rights; see <see cref="Allow"/>. Clients with a profile under which none would be left are refused.</param>
    /// <param name="place">Where on the path. Several of one place are in the order of the calls, seen from the client.</param>
    /// <exception cref="FormatException">The address has no usable host or port.</exception>
    /// <exception cref="ArgumentException">The middlebox is forbidden, inserted already, or allowed with other rights.</exception>
    public MiddleboxAllowList Insert(string address, Grant grant, MiddleboxPlace place = MiddleboxPlace.NearestToServer)
    {
        ArgumentNullException.ThrowIfNull(grant);
        TlmspAddress parsed = TlmspAddress.Parse(address);
        string? conflict = _forbidden.Contains(parsed) ? "forbidden"
            : IsInserted(parsed) ? "inserted"
            : _allowed.TryGetValue(parsed, out Grant? allowed) && !allowed.Equals(grant) ? $"allowed with {allowed}"
            : null;
        if (conflict is not null)
        {
            throw new ArgumentException($"{parsed} is {conflict} already. Remove one of the two.", nameof(address));
        }

        _allowed[parsed] = grant;
        _insertions.Add((parsed, place));
        return this;
    }

    /// <summary>Refuses every path with this middlebox on it, whatever else says that it is allowed.</summary>
    /// <param name="address">As clients list it.</param>
    /// <exception cref="FormatException">The address has no usable host or port.</exception>
    /// <exception cref="ArgumentException">The middlebox is one that this server inserts.</exception>
    public MiddleboxAllowList Forbid(string address)
    {
        TlmspAddress parsed = TlmspAddress.Parse(address);
        if (IsInserted(parsed))
        {
            throw new ArgumentException($"{parsed} is inserted already. Remove one of the two.", nameof(address));
        }

        _forbidden.Add(parsed);
        return this;
    }

    /// <summary>The path for an offer that was accepted.</summary>
    /// <exception cref="InvalidOperationException"><see cref="PathCompletion"/> adds what must not be there.</exception>
    internal IReadOnlyList<TlmspMiddlebox> Complete(TlmspOffer offer)
    {
        TlmspMiddlebox[] path =
            [.. Missing(offer, MiddleboxPlace.NearestToClient), .. offer.Middleboxes, .. Missing(offer, MiddleboxPlace.NearestToServer)];
        if (PathCompletion is not { } complete)
        {
            return path;
        }

        IReadOnlyList<TlmspMiddlebox> completed = complete(offer.With(path));
        foreach (TlmspMiddlebox middlebox in completed.Except(offer.Middleboxes))
        {
            CheckInserted(middlebox);
        }

        return completed;
    }

    private bool IsInserted(TlmspAddress address) => _insertions.Any(insertion => insertion.Address == address);

    private IEnumerable<TlmspMiddlebox> Missing(TlmspOffer offer, MiddleboxPlace place) =>
        from insertion in _insertions
        where insertion.Place == place && offer.Middleboxes.All(listed => listed.Address != insertion.Address)
        select new TlmspMiddlebox(insertion.Address, Within(offer, _allowed[insertion.Address])) { Inserted = true };

    /// <returns>Why a middlebox that this server inserts would see nothing of a client's connections; null when none is blind.</returns>
    private string? FindBlind(TlmspOffer offer)
    {
        foreach ((TlmspAddress address, _) in _insertions)
        {
            Grant grant = _allowed[address];
            if (grant.Count > 0 && Within(offer, grant).Count == 0)
            {
                return $"middlebox {address} is inserted with {grant}, and the client's profile has none of these contexts; "
                    + "grant it contexts of every profile in tlmsp.Profiles";
            }
        }

        return null;
    }

    private static Grant Within(TlmspOffer offer, Grant grant) => grant.Within(offer.Contexts.Select(context => context.Id));

    private void CheckInserted(TlmspMiddlebox middlebox)
    {
        if (_forbidden.Contains(middlebox.Address))
        {
            throw new InvalidOperationException($"Middleboxes.PathCompletion adds {middlebox.Address}, which Middleboxes.Forbid excludes.");
        }

        // The client brings the path back as the wire has it, and the list alone remembers what rw stands for.
        if (!EffectiveGrant(middlebox with { Grant = middlebox.Grant.OnWire(), Inserted = true }).Equals(middlebox.Grant))
        {
            throw new InvalidOperationException(
                $"Middleboxes.PathCompletion grants {middlebox.Address} {middlebox.Grant}. "
                + "To hold it to rd, call Middleboxes.Allow with it as well.");
        }
    }
}
