using Tlmsp.TestSupport;

namespace Tlmsp.Tests.BadInput;

/// <summary>Every prefix of every stream: bytes that arrive one at a time, in short segments, come to the same as whole flights.</summary>
public class ByteByByteTests
{
    public static TheoryData<string> Handshakes => [.. HandshakeRun.Paths];

    [Theory]
    [MemberData(nameof(Handshakes))]
    public void A_handshake_completes(string grants)
    {
        using InMemoryPath path = HandshakeRun.Make(grants, trickles: true).Connect();
        Outcome.CheckAgreement(path);
        Assert.True(Outcome.Talk(path));
    }

    /// <summary>Damage that the next party sees at once. Where several come to see it, who is first depends on the delivery.</summary>
    [Theory]
    [MemberData(nameof(Handshakes))]
    public void A_damaged_handshake_fails_in_the_same_way(string grants)
    {
        int step = 4 + 2 * Math.Min(grants.Length, 12);
        int run = 0;
        foreach (Place place in HandshakeRun.Records(grants).Where(place => place.Number > 0))
        {
            Mutation[] mutations = Repeatable(place);
            for (int i = (place.Number + 3 * place.Hop) % step; i < mutations.Length; i += step, run++)
            {
                Mutation mutation = mutations[i];
                Assert.Equal(
                    (place, mutation, HandshakeRun.FirstFault(grants, place, mutation, trickles: false)),
                    (place, mutation, HandshakeRun.FirstFault(grants, place, mutation, trickles: true)));
            }
        }

        Assert.InRange(run, 30, 120);
    }

    [Theory]
    [MemberData(nameof(DataRun.Paths), MemberType = typeof(DataRun))]
    public void Data_arrive_and_damaged_data_fail_in_the_same_way(string grants, bool audited)
    {
        using DataRun clean = DataRun.Run(grants, audited);
        using (DataRun slow = DataRun.Run(grants, audited, trickles: true))
        {
            Assert.True(slow.IsLike(clean));
        }

        int run = 0;
        foreach (Place place in clean.Records)
        {
            Mutation[] mutations = Repeatable(place);
            Mutation mutation = mutations[run++ * 7 % mutations.Length];
            using DataRun whole = DataRun.Run(grants, audited, place, mutation);
            using DataRun slow = DataRun.Run(grants, audited, place, mutation, trickles: true);
            Assert.Equal((place, mutation, whole.FirstFault), (place, mutation, slow.FirstFault));
            Assert.Equal((place, mutation, true), (place, mutation, slow.IsLike(whole)));
        }
    }

    private static Mutation[] Repeatable(Place place) =>
        [.. Mutation.Structural.Concat(Mutation.Flips(place.Length)).Where(mutation => mutation.IsRepeatable)];
}
