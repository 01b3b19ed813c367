using Tlmsp.Http;

namespace Tlmsp.Client;

/// <summary>What a client agrees to when a server answers with another path than it listed (handshake.md §1.5).</summary>
public sealed partial class MiddleboxPath
{
    private readonly Dictionary<TlmspAddress, Grant> _accepted = [];

    /// <summary>
    /// Decides instead of <see cref="Accept"/> on the path that a server wants: null agrees, a text refuses it with alert 171 and is in the
    /// exception. Asked on every new connection whose path is not what was listed.
    /// </summary>
    public Func<TlmspPathProposal, string?>? Policy { get; set; }

    /// <summary>True while no middlebox is listed, and none can be added.</summary>
    internal bool IsUnused => _items.Count == 0 && _accepted.Count == 0 && Policy is null;

    /// <summary>
    /// Agrees to a middlebox that a server may insert, anywhere on the path. Data goes through it then: the client connects once more, over
    /// the new path, before it sends its first request. Default: none is accepted.
    /// </summary>
    /// <param name="address">As the server names it, such as <c>waf.example:7001</c>.</param>
    /// <param name="grant">The most that it may be granted.</param>
    /// <exception cref="FormatException">The address has no usable host or port.</exception>
    /// <exception cref="ArgumentException">
    /// The grant is for deletion: the server asks for writing then, and only a listed middlebox can be held to less.
    /// </exception>
    public MiddleboxPath Accept(string address, Grant grant)
    {
        ArgumentNullException.ThrowIfNull(grant);
        TlmspAddress parsed = TlmspAddress.Parse(address);
        if (grant.Any(right => right.Access == TlmspAccess.Delete))
        {
            throw new ArgumentException(
                $"{parsed} cannot be accepted with {grant}: the wire has no rd, a server asks for rw. "
                + "List the middlebox with Add to hold it to rd, or accept rw.", nameof(grant));
        }

        _accepted[parsed] = grant;
        return this;
    }

    /// <returns>Null to agree; else why not, and how to.</returns>
    internal string? Check(TlmspPathProposal proposal, HttpMappingMode mode)
    {
        if ((Policy is { } policy ? policy(proposal) : CheckAccepted(proposal)) is { } refusal)
        {
            return refusal;
        }

        TlmspMiddlebox? headWriter = proposal.Path.FirstOrDefault(middlebox =>
            middlebox.Grant[HttpContexts.Headers] == TlmspAccess.Write && middlebox.Grant[HttpContexts.Body] != TlmspAccess.Write);
        return mode == HttpMappingMode.EtsiCurl && headWriter is not null
            ? $"{headWriter.Address} may write heads but not content, which the EtsiCurl mapping would let it do all the same"
            : null;
    }

    private string? CheckAccepted(TlmspPathProposal proposal)
    {
        foreach (TlmspMiddlebox inserted in proposal.Inserted)
        {
            string what = $"the server inserts the middlebox {inserted.Address} with {inserted.Grant}";
            string remedy = $"to accept it: tlmsp.Middleboxes.Accept(\"{inserted.Address}\", Grant.Parse(\"{inserted.Grant}\"))";
            if (!_accepted.TryGetValue(inserted.Address, out Grant? most))
            {
                return $"{what}, which this client has not accepted; {remedy}";
            }

            if (inserted.Grant.Any(right => right.Access > most[right.ContextId]))
            {
                return $"{what}, and this client accepts {most}; {remedy}";
            }
        }

        return proposal.Removed.FirstOrDefault() is { } removed
            ? $"the server leaves out {removed.Address}, which this client lists; to agree to that, set tlmsp.Middleboxes.Policy"
            : null;
    }
}
