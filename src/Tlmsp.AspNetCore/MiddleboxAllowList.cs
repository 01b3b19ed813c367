using Tlmsp.Http;

namespace Tlmsp.AspNetCore;

/// <summary>The middleboxes that a server accepts on the path, adds to it, or excludes from it. Empty: none is accepted.</summary>
/// <remarks>
/// A server cannot lower a grant on the wire, only accept or refuse the client's list: a middlebox that is granted anything else than
/// what is allowed here ends the handshake with alert 171.
/// </remarks>
public sealed partial class MiddleboxAllowList
{
    private readonly Dictionary<TlmspAddress, Grant> _allowed = [];

    /// <summary>True when nothing is allowed.</summary>
    public bool IsEmpty => _allowed.Count == 0 && Policy is null;

    /// <summary>The list.</summary>
    public IReadOnlyDictionary<TlmspAddress, Grant> Items => _allowed;

    /// <summary>
    /// Decides instead of the list on what clients list: null accepts an offer, a text refuses it and is logged. What this server inserts
    /// is not in the offer.
    /// </summary>
    public Func<TlmspOffer, string?>? Policy { get; set; }

    /// <summary>Allows a middlebox with exactly these rights.</summary>
    /// <param name="address">As clients list it, such as <c>waf.example:7001</c>.</param>
    /// <param name="grant">
    /// Its rights. Contexts that the client's profile does not have do not count, so that one grant can speak of all profiles:
    /// <c>head=r,req-head=r,resp-head=r</c>.
    /// </param>
    /// <exception cref="FormatException">The address has no usable host or port.</exception>
    /// <exception cref="ArgumentException">This server inserts the middlebox with other rights.</exception>
    public MiddleboxAllowList Allow(string address, Grant grant)
    {
        ArgumentNullException.ThrowIfNull(grant);
        TlmspAddress parsed = TlmspAddress.Parse(address);
        if (IsInserted(parsed) && !_allowed[parsed].Equals(grant))
        {
            throw new ArgumentException($"{parsed} is inserted with {_allowed[parsed]} already. Remove one of the two.", nameof(address));
        }

        _allowed[parsed] = grant;
        return this;
    }

    /// <summary>A client cannot say that a middlebox may only delete; this list can.</summary>
    internal Grant EffectiveGrant(TlmspMiddlebox middlebox) =>
        (Policy is null || middlebox.Inserted) && _allowed.TryGetValue(middlebox.Address, out Grant? allowed)
            && allowed.Within(middlebox.Grant.Select(grant => grant.ContextId)) is { } own && own.OnWire().Equals(middlebox.Grant)
            ? own
            : middlebox.Grant;

    internal string? Check(TlmspOffer offer, HttpMappingMode mode)
    {
        // Only what this server asked for, and a client has brought back unchanged, arrives as inserted.
        TlmspMiddlebox[] listed = [.. offer.Middleboxes.Where(middlebox => !middlebox.Inserted)];
        if (listed.FirstOrDefault(middlebox => _forbidden.Contains(middlebox.Address)) is { } forbidden)
        {
            return $"middlebox {forbidden.Address} is forbidden (tlmsp.Middleboxes.Forbid)";
        }

        if (Policy is { } policy)
        {
            if (policy(offer.With(listed)) is { } refusal)
            {
                return refusal;
            }
        }
        else
        {
            foreach (TlmspMiddlebox middlebox in listed)
            {
                if (!_allowed.TryGetValue(middlebox.Address, out Grant? allowed))
                {
                    return $"middlebox {middlebox.Address} is not allowed; to allow it: tlmsp.Middleboxes.Allow(\"{middlebox.Address}\", Grant.Parse(\"{middlebox.Grant}\"))";
                }

                if (!Within(offer, allowed).OnWire().Equals(middlebox.Grant))
                {
                    return $"the client grants {middlebox.Address} {middlebox.Grant}, and {allowed} is allowed; "
                        + $"to allow it: tlmsp.Middleboxes.Allow(\"{middlebox.Address}\", Grant.Parse(\"{middlebox.Grant}\"))";
                }
            }
        }

        if (FindBlind(offer) is { } blind)
        {
            return blind;
        }

        TlmspMiddlebox? headWriter = offer.Middleboxes.FirstOrDefault(middlebox =>
            middlebox.Grant[HttpContexts.Headers] == TlmspAccess.Write && middlebox.Grant[HttpContexts.Body] != TlmspAccess.Write);
        return mode == HttpMappingMode.EtsiCurl && headWriter is not null
            ? $"middlebox {headWriter.Address} may write heads but not content, which the EtsiCurl mapping would let it do all the same"
            : null;
    }
}
