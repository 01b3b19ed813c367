namespace Tlmsp.Tests.Misbehaviours;

/// <summary>No misbehaviour without a test, none without an alert.</summary>
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

    [Theory]
    [MemberData(nameof(All))]
    public void Every_misbehaviour_has_an_alert_with_a_name(Misbehaviour misbehaviour) => Assert.True(Enum.IsDefined(misbehaviour.Alert()));

    [Fact]
    public void An_undefined_misbehaviour_has_none() => Assert.Throws<ArgumentOutOfRangeException>(() => ((Misbehaviour)9999).Alert());

    [Fact]
    public void Classes_named_here_have_tests() => Assert.All(s_elsewhere.Values, type => Assert.Contains(
        type.GetMethods(), method => method.IsDefined(typeof(FactAttribute), inherit: true)));
}
