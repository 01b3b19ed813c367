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

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_damaged_record_is_noticed(string grants, string damage)
    {
        Mutation mutation = Mutation.Structural.Single(one => one.Name == damage);
        Assert.DoesNotContain(HandshakeRun.Records(grants), place => !HandshakeRun.IsNoticed(grants, place, mutation));
    }
}
