namespace Tlmsp.Http.Tests;

/// <summary>Names of content contexts in profiles, purposes and grants.</summary>
public class ContentProfileTests
{
    public static TheoryData<HttpProfile, string, string> Profiles => new()
    {
        {
            HttpProfile.Two.WithContent("pii", "media"), "two+content(pii,media)",
            "1 http;v=1;role=head|2 http;v=1;role=body|16 http;v=1;role=body:pii|19 http;v=1;role=body:media"
        },
        {
            HttpProfile.Four.WithSecrets("x-a").WithContent("pii"), "four+secret(x-a)+content(pii)",
            "3 http;v=1;profile=four;role=req-head|4 http;v=1;profile=four;role=req-body|5 http;v=1;profile=four;role=resp-head|"
            + "6 http;v=1;profile=four;role=resp-body|8 http;v=1;profile=four;role=secret;fields=x-a|"
            + "17 http;v=1;profile=four;role=req-body:pii|18 http;v=1;profile=four;role=resp-body:pii"
        },
        {
            HttpProfile.Two.WithTunnel().WithContent("pii"), "two+content(pii)+tunnel",
            "1 http;v=1;role=head|2 http;v=1;role=body|9 http;v=1;role=tunnel|16 http;v=1;role=body:pii"
        },
        {
            HttpProfile.Five.WithContent("pii"), "five+content(pii)",
            "3 h2;v=1;profile=five;role=req-head|4 h2;v=1;profile=five;role=req-body|5 h2;v=1;profile=five;role=resp-head|"
            + "6 h2;v=1;profile=five;role=resp-body|7 h2;v=1;profile=five;role=control|"
            + "17 h2;v=1;profile=five;role=req-body:pii|18 h2;v=1;profile=five;role=resp-body:pii"
        },
    };

    [Theory]
    [MemberData(nameof(Profiles))]
    public void A_profile_is_written_into_the_purposes_and_read_from_them_and_from_configuration(
        HttpProfile profile, string text, string contexts)
    {
        Assert.Equal(contexts, string.Join('|', profile.CreateContexts().Select(context => $"{context.Id} {context.Purpose}")));
        Assert.Equal(profile, HttpProfile.Read(profile.CreateContexts(), out _));
        Assert.Equal(profile, HttpProfile.Parse(text));
        Assert.Equal(profile.GetHashCode(), HttpProfile.Parse(text.ToUpperInvariant()).GetHashCode());
    }

    [Fact]
    public void Names_and_their_order_are_part_of_a_profile_in_every_version()
    {
        Assert.NotEqual(HttpProfile.Two.WithContent("a", "b"), HttpProfile.Two.WithContent("b", "a"));
        Assert.NotEqual(HttpProfile.Two.WithContent("a"), HttpProfile.Two);
        Assert.Equal(["a", "b"], HttpProfile.Five.WithContent("a", "b").For(HttpWireVersion.Http11).ContentNames);
        Assert.Equal("four (HTTP/2)+content(a)", HttpProfile.Four.WithContent("a").For(HttpWireVersion.Http2).ToString());
        Assert.Equal(HttpProfile.Two.WithContent("a").WithSecrets(), HttpProfile.Two.WithSecrets().WithContent("a"));
        Assert.Equal(HttpProfile.Two.WithContent("a").WithTunnel(), HttpProfile.Two.WithTunnel().WithContent("a"));
    }

    [Theory]
    [InlineData("16 http;v=1;role=head:pii", "unknown role 'head:pii'")]
    [InlineData("16 http;v=1;role=body:", "unknown role 'body:'")]
    [InlineData("16 http;v=1;role=body:a:b", "unknown role 'body:a:b'")]
    [InlineData("16 http;v=1;role=body:PII", "'PII' is no name of a content context")]
    [InlineData("17 http;v=1;role=body:pii", "profile two+content(pii) needs context 16 for 'body:pii'")]
    [InlineData("17 http;v=1;role=req-body:pii", "profile two+content(pii) needs context 16 for 'body:pii'")]
    [InlineData("16 http;v=1;role=body:pii|19 http;v=1;role=body:pii", "profile two+content(pii) has no context 19 for 'body:pii'")]
    [InlineData("16 http;v=1;role=body:pii|17 http;v=1;role=body:ads", "needs context 19 for 'body:ads'")]
    public void Purposes_that_do_not_fit_are_refused_and_named(string contexts, string problem)
    {
        string all = $"1 http;v=1;role=head|2 http;v=1;role=body|{contexts}";

        Assert.Null(HttpProfile.Read([.. all.Split('|').Select(part => new TlmspContext(byte.Parse(part.Split(' ')[0]), part.Split(' ', 2)[1]))], out string? found));
        Assert.Contains(problem, found, StringComparison.Ordinal);
    }

    [Fact]
    public void There_are_up_to_16_names_each_once()
    {
        string[] most = [.. Enumerable.Range(0, 16).Select(i => $"n{i}")];

        Assert.Equal(63, HttpProfile.Four.WithContent(most).ContentIds("n15")[1]);
        Assert.Contains("17 names", Assert.Throws<ArgumentException>(() => HttpProfile.Four.WithContent([.. most, "more"])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => HttpProfile.Four.WithContent());
        Assert.Contains("'a' is named twice", Assert.Throws<ArgumentException>(() => HttpProfile.Four.WithContent("a", "b", "a")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("two+content")]
    [InlineData("two+content()")]
    [InlineData("two+content(a,a)")]
    [InlineData("two+content(a)+content(b)")]
    [InlineData("two+content(a b)")]
    [InlineData("two+contents(a)")]
    [InlineData("two+content(a)+")]
    public void What_is_no_profile_is_refused(string text) => Assert.Throws<FormatException>(() => HttpProfile.Parse(text));

    [Fact]
    public void Grants_are_read_by_name()
    {
        HttpProfile four = HttpProfile.Four.WithContent("pii", "media");

        Assert.Equal(Grant.Read(17, 18) + Grant.Write(21), four.ParseGrant("content:pii=r, resp-body:media=rw"));
        Assert.Equal(Grant.Read(3, 16), HttpProfile.Two.WithContent("pii").ParseGrant("req-head=r,body:pii=r"));
        Assert.Equal(Grant.Read([.. four.ContentIds("pii")]), four.ParseGrant("content:pii=r"));
        Assert.Equal(20, four.ContentId("media", HttpDirection.Request));
        Assert.Contains(
            "four+content(ads)", Assert.Throws<FormatException>(() => four.ParseGrant("content:ads=r")).Message, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => four.ParseGrant("body:pii=r"));
        Assert.Throws<FormatException>(() => HttpContexts.ParseGrant("content:pii=r"));
        Assert.Throws<ArgumentException>(() => four.ContentIds("ads"));
        Assert.Throws<ArgumentException>(() => four.ContentId("ads", HttpDirection.Request));
    }
}
