using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>
/// Every way to misbehave: who finds it out, what it is called, and the alert that the neighbours get. The other files of this class hold
/// the cases, by area.
/// </summary>
public partial class MisbehaviourTests
{
    private static readonly Dictionary<string, MisbehaviourCase> s_cases = new MisbehaviourCase[][]
        {
            Records, Order, Framing, Hellos, Lists, Certificates, KeyExchange, KeyContributions, Finishing,
            Containers, Sequence, Rights, Trails, Alerts,
        }
        .SelectMany(cases => cases).ToDictionary(one => one.Name);

    public static TheoryData<string> Names => [.. s_cases.Keys];

    /// <summary>What the cases cover.</summary>
    internal static IReadOnlySet<Misbehaviour> Covered { get; } = s_cases.Values.Select(one => one.Misbehaviour).ToHashSet();

    [Theory]
    [MemberData(nameof(Names))]
    public void Is_reported(string name)
    {
        MisbehaviourCase attack = s_cases[name];
        using (InMemoryPath clean = attack.Make(hostile: false).Connect())
        {
            Exchange(clean);
        }

        using InMemoryPath path = attack.Make(hostile: true);
        attack.Attack?.Invoke(path);
        path.TryConnect();
        if (attack.Then is not null)
        {
            Assert.Empty(path.Faults);
            attack.Then(path);
        }

        string[] reporters = attack.Reporters.Split(", ");
        string[] others = attack.Others.Split(", ", StringSplitOptions.RemoveEmptyEntries);
        string[] found = [.. path.Faults.Where(fault => !fault.Value.FromPeer).Select(fault => fault.Key)];
        Assert.True(
            reporters.SequenceEqual(found.Except(others)) && others.All(found.Contains),
            $"reported by {string.Join(", ", path.Faults.Select(fault => $"{fault.Key} ({fault.Value.Message})"))}");
        foreach (string reporter in reporters)
        {
            TlmspException fault = path.Faults[reporter];
            Assert.True(attack.Misbehaviour == fault.Misbehaviour, $"{reporter}: {fault.Message}");
            Assert.Equal(attack.Misbehaviour.Alert(), fault.Alert);
            AlertOnTheWire.Check(path, reporter, attack.AlertsRelayed);
        }

        Assert.DoesNotContain(
            path.AtServer.Containers.Concat(path.AtClient.Containers), container => container.Data.AsSpan().SequenceEqual("forged"u8));
    }

    private static void Exchange(InMemoryPath path)
    {
        path.ClientSends(1, "request"u8);
        path.ServerSends(2, "response"u8);
        path.ClientSends(2, "more"u8);
        Assert.Empty(path.Faults);
        Assert.Equal(["request"u8.ToArray(), "more"u8.ToArray()], path.AtServer.Containers.Select(container => container.Data));
        Assert.Equal("response"u8, path.AtClient.Data(2));
    }
}
