namespace Tlmsp.Tests.BadInput;

/// <summary>Every record of the handshake, on every hop and in both directions, damaged in every way.</summary>
public class BadHandshakeTests
{
    public static TheoryData<string, string> Damages
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string grants in HandshakeRun.Paths)
            {
                foreach (Mutation mutation in Mutation.Structural)
                {
                    data.Add(grants, mutation.Name);
                }
            }

            return data;
        }
    }

    public static TheoryData<string> Paths => [.. HandshakeRun.Paths];

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_damaged_record_is_noticed(string grants, string damage)
    {
        Mutation mutation = Mutation.Structural.Single(one => one.Name == damage);
        Assert.DoesNotContain(HandshakeRun.Records(grants), place => !HandshakeRun.IsNoticed(grants, place, mutation));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_message_of_any_type_where_it_does_not_belong_is_noticed(string grants) => AssertNoticed(grants, Mutation.Strangers);

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_record_that_comes_later_than_it_should_is_noticed(string grants) => AssertNoticed(grants, Mutation.Moves);

    private static void AssertNoticed(string grants, IEnumerable<Mutation> mutations)
    {
        Place[] places = HandshakeRun.Records(grants);
        Assert.Empty(
            from mutation in mutations
            from place in places
            where !HandshakeRun.IsNoticed(grants, place, mutation)
            select $"{mutation}: {place}");
    }
}
