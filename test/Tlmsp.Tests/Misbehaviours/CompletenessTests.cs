namespace Tlmsp.Tests.Misbehaviours;

/// <summary>No misbehaviour without a test.</summary>
public class CompletenessTests
{
    /// <summary>What no party of the table can report: the classes that test it.</summary>
    private static readonly Dictionary<Misbehaviour, Type> s_elsewhere = new()
    {
        [Misbehaviour.AlertReceived] = typeof(FatalAlertTests),
        [Misbehaviour.ClosedWithoutNotify] = typeof(HostMisbehaviourTests),
        [Misbehaviour.NextHopRefused] = typeof(HostMisbehaviourTests),
        [Misbehaviour.HttpMappingViolation] = typeof(HostMisbehaviourTests),
    };

    public static TheoryData<Misbehaviour> All => [.. Enum.GetValues<Misbehaviour>()];

    [Theory]
    [MemberData(nameof(All))]
    public void Every_misbehaviour_has_a_case(Misbehaviour misbehaviour)
    {
        bool inTable = MisbehaviourTests.Covered.Contains(misbehaviour);
        Assert.True(inTable || s_elsewhere.ContainsKey(misbehaviour), "no case makes a party misbehave like this");
        Assert.False(inTable && s_elsewhere.ContainsKey(misbehaviour), "the note that it is tested elsewhere is out of date");
    }

    [Fact]
    public void Classes_named_here_have_tests() => Assert.All(s_elsewhere.Values, type => Assert.Contains(
        type.GetMethods(), method => method.IsDefined(typeof(FactAttribute), inherit: true)));
}
