using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>What a server says about one middlebox has to fit together.</summary>
public class MiddleboxAllowListTests
{
    private const string Address = "waf.example:7001";
    private static readonly Grant s_grant = Grant.Read(HttpContexts.Headers);

    public static TheoryData<string, Action<MiddleboxAllowList>, string> Conflicts => new()
    {
        { "inserted twice", list => list.Insert(Address, s_grant).Insert(Address, s_grant), "inserted already" },
        { "allowed otherwise", list => list.Allow(Address, Grant.None).Insert(Address, s_grant), "allowed with none already" },
        { "allowed otherwise later", list => list.Insert(Address, s_grant).Allow(Address, Grant.None), "inserted with 1=r already" },
        { "forbidden", list => list.Forbid(Address).Insert(Address, s_grant), "forbidden already" },
        { "forbidden later", list => list.Insert(Address, s_grant).Forbid(Address), "inserted already" },
    };

    [Theory]
    [MemberData(nameof(Conflicts))]
    public void Calls_that_contradict_each_other_are_refused(string name, Action<MiddleboxAllowList> calls, string problem)
    {
        Assert.NotEmpty(name);

        ArgumentException e = Assert.Throws<ArgumentException>(() => calls(new MiddleboxAllowList()));

        Assert.Contains($"tlmsp://{Address} is {problem}. Remove one of the two.", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Every right in every context, allowed and granted.</summary>
    public static TheoryData<byte, string, string> Rights
    {
        get
        {
            string[] rights = ["none", "r", "rd", "rw"];
            var data = new TheoryData<byte, string, string>();
            foreach (byte context in (byte[])[HttpContexts.Headers, HttpContexts.Body])
            {
                foreach (string allowed in rights)
                {
                    foreach (string granted in rights.Where(right => right != "rd"))
                    {
                        data.Add(context, allowed, granted);
                    }
                }
            }

            return data;
        }
    }

    /// <summary>The wire has no rd: a client that may only let delete grants rw.</summary>
    [Theory]
    [MemberData(nameof(Rights))]
    public void A_grant_other_than_the_allowed_one_is_refused(byte context, string allowed, string granted)
    {
        MiddleboxAllowList list = new MiddleboxAllowList().Allow(Address, Grant.Parse($"{context}={allowed}"));
        TlmspOffer offer = TestPaths.Offer(new TlmspMiddlebox(TlmspAddress.Parse(Address), Grant.Parse($"{context}={granted}")));

        string? refusal = list.Check(offer, HttpMappingMode.Strict);

        if (granted == (allowed == "rd" ? "rw" : allowed))
        {
            Assert.Null(refusal);
        }
        else
        {
            Assert.Contains($"the client grants tlmsp://{Address}", refusal, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Calls_that_say_the_same_are_not()
    {
        var list = new MiddleboxAllowList();

        list.Allow(Address, s_grant).Insert(Address, s_grant).Allow(Address, s_grant).Forbid("old.example:7001");

        Assert.Equal(s_grant, Assert.Single(list.Items).Value);
    }
}
