using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;

namespace Tlmsp.Tests.BadInput;

/// <summary>A handshake with one damaged record.</summary>
internal static class HandshakeRun
{
    /// <summary>No middlebox, one, one and a client with a certificate, and two with different rights.</summary>
    public static string[] Paths { get; } = ["", "1=rw", "1=r+certificate", "1=r|1=rw,2=r"];

    /// <summary>The records of an undamaged handshake.</summary>
    public static Place[] Records(string grants)
    {
        using InMemoryPath path = Make(grants).Connect();
        return Place.All(path);
    }

    /// <summary>Whether anybody notices, and what must hold in any case.</summary>
    public static bool IsNoticed(string grants, Place place, Mutation mutation)
    {
        using InMemoryPath path = Make(grants);
        Func<bool> isChanged = mutation.Attach(place.Pipe(path), place.Number);
        path.TryConnect();
        Outcome.CheckAgreement(path);
        bool undisturbed = Outcome.Talk(path);
        Outcome.CheckAlerts(path);
        return Outcome.First(path) is not null || (mutation.MayStall && !undisturbed) || !isChanged();
    }

    /// <summary>Who finds a fault first, and which.</summary>
    public static (string Party, Misbehaviour Misbehaviour)? FirstFault(string grants, Place place, Mutation mutation, bool trickles)
    {
        using InMemoryPath path = Make(grants, trickles);
        mutation.Attach(place.Pipe(path), place.Number);
        path.TryConnect();
        Outcome.CheckAgreement(path);
        Outcome.Talk(path);
        Outcome.CheckAlerts(path);
        return Outcome.First(path);
    }

    public static InMemoryPath Make(string grants, bool trickles = false)
    {
        InMemoryPath path = new PathOptions(grants, audited: false).Make();
        foreach (InMemoryHop hop in path.Hops)
        {
            hop.ToClient.Trickles = hop.ToServer.Trickles = trickles;
        }

        return path;
    }
}
