namespace Tlmsp.Http.Tests;

public class ProfileTests
{
    public static TheoryData<HttpProfile, string> Profiles => new()
    {
        { HttpProfile.Two, "1 http;v=1;role=head|2 http;v=1;role=body" },
        { HttpProfile.Two.For(HttpWireVersion.Http2), "1 h2;v=1;role=head|2 h2;v=1;role=body" },
        {
            HttpProfile.Four,
            "3 http;v=1;profile=four;role=req-head|4 http;v=1;profile=four;role=req-body|"
            + "5 http;v=1;profile=four;role=resp-head|6 http;v=1;profile=four;role=resp-body"
        },
        {
            HttpProfile.Five,
            "3 h2;v=1;profile=five;role=req-head|4 h2;v=1;profile=five;role=req-body|5 h2;v=1;profile=five;role=resp-head|"
            + "6 h2;v=1;profile=five;role=resp-body|7 h2;v=1;profile=five;role=control"
        },
        { HttpProfile.Two.WithTunnel(), "1 http;v=1;role=head|2 http;v=1;role=body|9 http;v=1;role=tunnel" },
        {
            HttpProfile.Four.WithTunnel().WithSecrets("X-A"),
            "3 http;v=1;profile=four;role=req-head|4 http;v=1;profile=four;role=req-body|5 http;v=1;profile=four;role=resp-head|"
            + "6 http;v=1;profile=four;role=resp-body|8 http;v=1;profile=four;role=secret;fields=x-a|9 http;v=1;profile=four;role=tunnel"
        },
    };

    [Theory]
    [MemberData(nameof(Profiles))]
    public void A_profile_is_written_into_the_purposes_and_read_from_them(HttpProfile profile, string contexts)
    {
        IReadOnlyList<TlmspContext> list = profile.CreateContexts(audited: true);

        Assert.Equal(contexts, string.Join('|', list.Select(context => $"{context.Id} {context.Purpose}")));
        Assert.All(list, context => Assert.True(context.Audited));
        Assert.Equal(profile, HttpProfile.Read(list, out string? problem));
        Assert.Null(problem);
    }

    [Theory]
    [InlineData("1 |2 ")]
    [InlineData("1 |2 |3 |255 ")]
    [InlineData("1 http;v=1;role=head|2 |9 ")]
    public void Empty_purposes_fall_back_to_the_ids_of_profile_two(string contexts) =>
        Assert.Equal(HttpProfile.Two, HttpProfile.Read(Parse(contexts), out _));

    [Theory]
    [InlineData("1 http;v=1;role=body|2 http;v=1;role=head", "profile two needs context 1 for 'head', context 2 for 'body'")]
    [InlineData("1 |3 ", "profile two needs context 2 for 'body'")]
    [InlineData("1 |2 |3 something else", "unknown protocol 'something else'")]
    [InlineData("1 ftp;v=1;role=head|2 ", "unknown protocol 'ftp'")]
    [InlineData("1 http;v=2;role=head|2 ", "unknown version '2'")]
    [InlineData("1 http;role=head|2 ", "unknown version ''")]
    [InlineData("1 http;v=1;role=foot|2 ", "unknown role 'foot'")]
    [InlineData("1 http;v=1|2 ", "unknown role ''")]
    [InlineData("1 http;v=1;role=head;colour=red|2 ", "unknown 'colour'")]
    [InlineData("1 http;v=1;v=1;role=head|2 ", "unknown 'v=1'")]
    [InlineData("3 http;v=1;profile=six;role=req-head", "unknown profile 'six' over HTTP/1.1")]
    [InlineData("3 http;v=1;profile=five;role=req-head", "unknown profile 'five' over HTTP/1.1")]
    [InlineData(
        "3 http;v=1;profile=four;role=req-head|4 http;v=1;profile=four;role=req-body", "profile four needs context 5 for 'resp-head', context 6")]
    [InlineData(
        "1 http;v=1;role=head|2 http;v=1;role=body|3 http;v=1;role=req-head", "profile two has no context 3 for 'req-head'")]
    [InlineData("1 http;v=1;role=head|2 http;v=1;role=body|8 http;v=1;role=tunnel", "profile two has no context 8 for 'tunnel'")]
    [InlineData("1 h2;v=1;role=head|2 h2;v=1;role=body|9 h2;v=1;role=tunnel", "cannot have a tunnel context")]
    [InlineData("1 http;v=1;role=head|2 h2;v=1;role=body", "context 2 is of profile two (HTTP/2), and others are of profile two")]
    [InlineData(
        "3 http;v=1;profile=four;role=req-head|4 http;v=1;role=body", "context 4 is of profile two, and others are of profile four")]
    public void What_is_no_known_profile_is_refused_and_named(string contexts, string problem)
    {
        Assert.Null(HttpProfile.Read(Parse(contexts), out string? found));
        Assert.Contains(problem, found, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_role_has_its_context_in_each_direction()
    {
        Assert.Equal(HttpContexts.Headers, HttpProfile.Two.IdOf(HttpDirection.Request, HttpRole.Head));
        Assert.Equal(HttpContexts.Headers, HttpProfile.Two.IdOf(HttpDirection.Response, HttpRole.Head));
        Assert.Equal(HttpContexts.RequestBody, HttpProfile.Four.IdOf(HttpDirection.Request, HttpRole.Content));
        Assert.Equal(HttpContexts.ResponseBody, HttpProfile.Four.IdOf(HttpDirection.Response, HttpRole.Content));
        Assert.Equal(HttpContexts.Control, HttpProfile.Five.IdOf(HttpDirection.Response, HttpRole.Control));
        Assert.Equal(HttpContexts.ResponseHeaders, HttpProfile.Four.IdOf(HttpDirection.Response, HttpRole.Control));
        Assert.Throws<ArgumentException>(() => HttpProfile.Four.IdOf(HttpDirection.Request, HttpRole.Secret));
        foreach (HttpProfile profile in (HttpProfile[])[HttpProfile.Two, HttpProfile.Four, HttpProfile.Five])
        {
            foreach (HttpDirection direction in (HttpDirection[])[HttpDirection.Request, HttpDirection.Response])
            {
                Assert.Equal(HttpRole.Head, profile.RoleOf(profile.IdOf(direction, HttpRole.Head), direction));
                Assert.Equal(HttpRole.Content, profile.RoleOf(profile.IdOf(direction, HttpRole.Content), direction));
            }
        }
    }

    [Theory]
    [InlineData(HttpContexts.RequestHeaders, HttpDirection.Response, "'req-head' data from the server")]
    [InlineData(HttpContexts.ResponseBody, HttpDirection.Request, "'resp-body' data from the client")]
    public void A_context_used_in_the_wrong_direction_is_a_fault_in_that_context(byte id, HttpDirection direction, string reason)
    {
        HttpMappingException e = Assert.Throws<HttpMappingException>(() => HttpProfile.Four.RoleOf(id, direction));
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.Equal(id, e.ContextId);
        Assert.Equal(TlmspAlert.IllegalParameter, e.Alert);
    }

    [Fact]
    public void A_context_that_the_profile_does_not_have_is_a_fault()
    {
        var e = Assert.Throws<HttpMappingException>(() => HttpProfile.Two.RoleOf(HttpContexts.RequestHeaders, HttpDirection.Request));
        Assert.Contains("context 3, which HTTP does not use", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_profile_has_its_counterpart_for_the_other_version()
    {
        Assert.Equal(HttpProfile.Four, HttpProfile.Five.For(HttpWireVersion.Http11));
        Assert.Equal("four (HTTP/2)", HttpProfile.Four.For(HttpWireVersion.Http2).ToString());
        Assert.Equal(HttpProfile.Two, HttpProfile.Two.For(HttpWireVersion.Http2).For(HttpWireVersion.Http11));
        Assert.NotEqual(HttpProfile.Two, HttpProfile.Two.For(HttpWireVersion.Http2));
    }

    [Theory]
    [InlineData("two+tunnel", "two+tunnel")]
    [InlineData("four+Tunnel", "four+tunnel")]
    [InlineData("Two+secret+tunnel", "two+secret+tunnel")]
    [InlineData("four+secret(X-B,X-A)+tunnel", "four+secret(x-a,x-b)+tunnel")]
    public void A_tunnel_is_an_option_of_a_profile(string text, string name)
    {
        HttpProfile profile = HttpProfile.Parse(text);

        Assert.Equal(name, profile.ToString());
        Assert.Equal(HttpContexts.Tunnel, profile.IdOf(HttpDirection.Request, HttpRole.Tunnel));
        Assert.Equal(HttpRole.Tunnel, profile.RoleOf(HttpContexts.Tunnel, HttpDirection.Response));
        Assert.NotEqual(profile, HttpProfile.Parse(text[..^"+tunnel".Length]));
        Assert.Same(profile, profile.WithTunnel());
        Assert.False(profile.Supports(HttpWireVersion.Http2));
        Assert.Throws<NotSupportedException>(() => profile.For(HttpWireVersion.Http2));
    }

    [Theory]
    [InlineData("five+tunnel")]
    [InlineData("two+tunnel+tunnel")]
    [InlineData("+tunnel")]
    [InlineData("two+tunnels")]
    public void A_tunnel_that_a_profile_cannot_have_is_refused(string text) =>
        Assert.Throws<FormatException>(() => HttpProfile.Parse(text));

    [Theory]
    [InlineData("headers=r,body=rw", "1=r,2=rw")]
    [InlineData("req-head=r, Resp-Body=rw", "3=r,6=rw")]
    [InlineData("control=rw,secret=r,tunnel=r", "7=rw,8=r,9=r")]
    [InlineData("1=r,6=rd", "1=r,6=rd")]
    public void Grants_are_read_by_name(string text, string grant) => Assert.Equal(Grant.Parse(grant), HttpContexts.ParseGrant(text));

    [Fact]
    public void A_grant_with_an_unknown_name_is_refused() => Assert.Throws<FormatException>(() => HttpContexts.ParseGrant("foot=r"));

    private static TlmspContext[] Parse(string contexts) =>
        [.. contexts.Split('|').Select(part => new TlmspContext(byte.Parse(part.Split(' ')[0]), part.Split(' ', 2)[1]))];
}
