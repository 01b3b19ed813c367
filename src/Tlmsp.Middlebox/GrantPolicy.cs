using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>What a middlebox must be granted, and what it does not want to be.</summary>
/// <param name="NextHop">Where to, for the messages.</param>
/// <param name="Demand">The least rights, in the contexts that a connection has.</param>
/// <param name="Refuse">Rights that are too much.</param>
internal sealed record GrantPolicy(string NextHop, Grant Demand, Grant Refuse)
{
    /// <summary>Holds a connection to it.</summary>
    /// <param name="contextIds">The contexts that the connection has.</param>
    /// <param name="grant">What it grants.</param>
    /// <returns>What is wrong and how to fix it, with the alert to send; null where nothing is.</returns>
    public PolicyException? FindProblem(IEnumerable<byte> contextIds, Grant grant)
    {
        Grant demanded = Demand.Within(contextIds);
        if (Demand.Count > 0 && demanded.Count == 0)
        {
            return new PolicyException(
                $"connections to {NextHop} have to grant {Text(Demand)}, and this one has none of these contexts. Have the client choose "
                + "another profile, or demand what its profile has as well.", TlmspAlert.MiddleboxRequired);
        }

        foreach (TlmspGrant each in demanded)
        {
            if (grant[each.ContextId] < each.Access)
            {
                return new PolicyException(
                    $"connections to {NextHop} have to grant {Text(demanded)}, and this one grants {Text(grant)}. "
                    + "Have client and server grant more, or demand less.", TlmspAlert.MiddleboxRequired);
            }
        }

        foreach (TlmspGrant each in Refuse)
        {
            if (grant[each.ContextId] >= each.Access)
            {
                return new PolicyException(
                    $"connections to {NextHop} must not grant {Text(Refuse)}, and this one grants {Text(grant)}. "
                    + "Have client and server grant less, or refuse less.", TlmspAlert.MiddleboxAuthorizationFailure);
            }
        }

        return null;
    }

    /// <summary>Looks for a right that an inspector needs and this refuses, whatever the profile of a connection may be.</summary>
    public string? FindProblem(ITlmspInspector inspector)
    {
        foreach (InspectorNeedsAttribute need in inspector.Needs)
        {
            foreach (TlmspGrant each in Refuse.Where(each => each.ContextId <= HttpContexts.Tunnel))
            {
                HttpContextUse use = HttpContexts.Known(each.ContextId);
                if (use.Role == need.Role && (use.Direction ?? need.Direction) == need.Direction && each.Access <= need.Access)
                {
                    return $"NextHops {NextHop} refuses {Text(Refuse)}, and {InspectorSet.NameOf(inspector)} needs {use.Name}. "
                        + "Refuse less, or remove the inspector.";
                }
            }
        }

        return null;
    }

    /// <summary>With the names of contexts, where they have one.</summary>
    private static string Text(Grant grant) => grant.Count == 0 ? "nothing" : string.Join(',', grant.Select(each =>
        (each.ContextId <= HttpContexts.Tunnel ? HttpContexts.Known(each.ContextId).Name : $"{each.ContextId}")
        + each.Access switch
        {
            TlmspAccess.Write => "=rw",
            TlmspAccess.Delete => "=rd",
            _ => "=r",
        }));
}

/// <summary>A connection grants too little or too much.</summary>
internal sealed class PolicyException(string message, TlmspAlert alert) : Exception(message)
{
    /// <summary>What both sides are told.</summary>
    public TlmspAlert Alert { get; } = alert;
}
