using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;

namespace Tlmsp.Tests.BadInput;

/// <summary>What must hold on a path whatever happened to a stream.</summary>
internal static class Outcome
{
    /// <summary>Parties that have a session agree about it.</summary>
    public static void CheckAgreement(InMemoryPath path)
    {
        TlmspSessionInfo[] sessions =
        [
            .. new[] { path.Client?.Info, path.Server?.Info }
                .Concat(path.Middleboxes.Select(middlebox => middlebox?.Info)).OfType<TlmspSessionInfo>(),
        ];
        foreach (TlmspSessionInfo session in sessions)
        {
            Assert.Equal(sessions[0].SessionId, session.SessionId);
            Assert.Equal(sessions[0].CipherSuite, session.CipherSuite);
            Assert.Equal(sessions[0].Group, session.Group);
            Assert.Equal(sessions[0].ServerName, session.ServerName);
            Assert.Equal(sessions[0].Contexts, session.Contexts);
            Assert.Equal(
                sessions[0].Middleboxes.Select(middlebox => (middlebox.Id, middlebox.Address, middlebox.Grant)),
                session.Middleboxes.Select(middlebox => (middlebox.Id, middlebox.Address, middlebox.Grant)));
        }
    }

    /// <summary>Whoever found a fault has told its neighbours, once and in the right form.</summary>
    public static void CheckAlerts(InMemoryPath path)
    {
        foreach ((string party, TlmspException fault) in path.Faults)
        {
            if (!fault.FromPeer)
            {
                AlertOnTheWire.Check(path, party, relayed: 0, delivered: false);
            }
        }
    }

    /// <summary>Every endpoint that has a session and no fault sends something.</summary>
    /// <returns>True when everybody has a session, and both endpoints got what the other sent.</returns>
    public static bool Talk(InMemoryPath path)
    {
        if (path.Client is not null && IsAlive(path, "client"))
        {
            path.ClientSends(1, "from the client"u8);
        }

        if (path.Server is not null && IsAlive(path, "server"))
        {
            path.ServerSends(2, "from the server"u8);
        }

        Assert.All(path.AtServer.Containers, container => Assert.Equal("from the client"u8, container.Data));
        Assert.All(path.AtClient.Containers, container => Assert.Equal("from the server"u8, container.Data));
        Assert.InRange(path.AtServer.Containers.Count, 0, 1);
        Assert.InRange(path.AtClient.Containers.Count, 0, 1);
        return path.Faults.Count == 0 && path.Middleboxes.All(middlebox => middlebox is not null)
            && path.AtServer.Containers.Count == 1 && path.AtClient.Containers.Count == 1;
    }

    /// <summary>Who found the first fault, and what it was; null when nobody found one.</summary>
    public static (string Party, Misbehaviour Misbehaviour)? First(InMemoryPath path) => path.Faults
        .Where(fault => !fault.Value.FromPeer)
        .Select(fault => ((string, Misbehaviour)?)(fault.Key, fault.Value.Misbehaviour)).FirstOrDefault();

    private static bool IsAlive(InMemoryPath path, string party) =>
        !path.Faults.ContainsKey(party) && !path.AlertsReceived.ContainsKey(party);
}
