using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>One way in which a party misbehaves, and who must say so.</summary>
/// <param name="Misbehaviour">What it is called.</param>
/// <param name="Reporters">The parties that find it out, separated by commas; the first one to do so comes first.</param>
/// <param name="What">What is done to whom, in words.</param>
internal sealed record MisbehaviourCase(Misbehaviour Misbehaviour, string Reporters, string What)
{
    /// <summary>Grants of the middleboxes on the path.</summary>
    public string Grants { get; init; } = "";

    public bool Audited { get; init; }

    /// <summary>Number of contexts, 1 to this.</summary>
    public int Contexts { get; init; } = 2;

    /// <summary>Makes a party hostile by its configuration.</summary>
    public Action<PathOptions>? Configure { get; init; }

    /// <summary>Prepares an attack on the handshake.</summary>
    public Action<InMemoryPath>? Attack { get; init; }

    /// <summary>Attacks the established session.</summary>
    public Action<InMemoryPath>? Then { get; init; }

    /// <summary>Parties that run into a fault of another name, since the attack meets them as well; separated by commas.</summary>
    public string Others { get; init; } = "";

    /// <summary>Alerts of the client's side that a reporting middlebox has passed on before.</summary>
    public int AlertsRelayed { get; init; }

    public string Name => $"{Misbehaviour}, found by {Reporters}: {What}{(Grants.Length == 0 ? "" : $" [{Grants}]")}";

    public InMemoryPath Make(bool hostile)
    {
        var options = new PathOptions(Grants, Audited, Contexts);
        if (hostile)
        {
            Configure?.Invoke(options);
        }

        return options.Make();
    }
}
