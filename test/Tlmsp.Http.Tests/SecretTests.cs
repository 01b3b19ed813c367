using System.Buffers;
using System.Text;

namespace Tlmsp.Http.Tests;

/// <summary>The secret context: sensitive fields as whole lines, just before the blank line. Containers: h: head, s: secret, b: content.</summary>
public class SecretTests
{
    private const string Start = "h:POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n";
    private static readonly HttpProfile s_profile = HttpProfile.Four.WithSecrets("X-Api-Key");

    /// <summary>What is written, and the containers that leave.</summary>
    public static TheoryData<HttpDirection, string, string[]> Messages => new()
    {
        {
            HttpDirection.Request,
            "POST / HTTP/1.1\r\nCookie: a=b\r\nHost: a\r\nAUTHORIZATION: Basic x\r\nX-Api-Key: 1\r\nContent-Length: 2\r\nProxy-Authorization: y\r\n\r\nok",
            [Start, "s:Cookie: a=b\r\nAUTHORIZATION: Basic x\r\nX-Api-Key: 1\r\nProxy-Authorization: y\r\n", "h:\r\n", "b:ok"]
        },
        { HttpDirection.Request, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", ["h:GET / HTTP/1.1\r\nHost: a\r\n\r\n"] },
        {
            HttpDirection.Response,
            "HTTP/1.1 103 Early\r\nSet-Cookie: c=d\r\n\r\nHTTP/1.1 204 No Content\r\nSet-Cookie: e=f\r\nX: y\r\n\r\n",
            ["h:HTTP/1.1 103 Early\r\n", "s:Set-Cookie: c=d\r\n", "h:\r\n", "h:HTTP/1.1 204 No Content\r\nX: y\r\n", "s:Set-Cookie: e=f\r\n", "h:\r\n"]
        },
    };

    public static TheoryData<string, string[]> Attacks => new()
    {
        { "a sensitive field in the head context", ["h:GET / HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\n"] },
        { "one by agreement in the head context", ["h:GET / HTTP/1.1\r\nHost: a\r\nx-api-KEY: 1\r\n"] },
        { "another field in the secret context", [Start, "s:X-Other: 1\r\n"] },
        { "a field that frames in the secret context", [Start, "s:Transfer-Encoding: chunked\r\n"] },
        { "the blank line in the secret context", [Start, "s:Cookie: a=b\r\n\r\n"] },
        { "an incomplete line in the secret context", [Start, "s:Cookie: a=b", "h:\r\n"] },
        { "a line begun in the head context", [Start + "Coo", "s:kie: a=b\r\n"] },
        { "a name that only its continuation makes another one", [Start, "s:Cookie", "s:-Not: b\r\n"] },
        { "fields after the sensitive ones", [Start, "s:Cookie: a=b\r\n", "h:X: y\r\n"] },
        { "sensitive fields before the start line", ["s:Cookie: a=b\r\n"] },
        { "sensitive fields inside the start line", ["h:POST / ", "s:Cookie: a=b\r\n"] },
        { "sensitive fields after the head", [Start + "\r\n", "s:Cookie: a=b\r\n"] },
        { "sensitive fields between chunks", ["h:POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "b:1\r\nx\r\n0\r\n", "s:Cookie: a=b\r\n"] },
        { "a sensitive field in a trailer section", ["h:POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "b:0\r\n", "h:X-Api-Key: 1\r\n"] },
        { "a start line in the secret context", ["s:GET / HTTP/1.1\r\n"] },
        { "content in the secret context", [Start + "\r\n", "s:ok"] },
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public void Sensitive_fields_leave_the_head_and_come_back_at_its_end(HttpDirection direction, string written, string[] containers)
    {
        byte[] bytes = Wire.Bytes(written);
        var random = new Random(7);
        IEnumerable<byte[][]> ways = [[bytes], [.. bytes.Select(b => (byte[])[b])], .. Enumerable.Range(0, 50).Select(_ => Wire.Pieces(bytes, random))];
        foreach (byte[][] way in ways)
        {
            var cut = Wire.Split(direction, way, Exchanges(), s_profile);
            Assert.Equal(containers, cut.Select(container => $"{Mark(container.Role)}:{Encoding.Latin1.GetString(container.Bytes)}"));

            var joiner = new HttpJoiner(direction, Exchanges(), profile: s_profile);
            var joined = new ArrayBufferWriter<byte>();
            foreach ((HttpRole role, byte[] plaintext) in cut)
            {
                foreach (byte[] piece in Wire.Pieces(plaintext, random))
                {
                    joiner.Accept(role, piece, joined);
                }
            }

            Assert.Equal(string.Concat(containers.Select(container => container[2..])), Encoding.Latin1.GetString(joined.WrittenSpan));
            Assert.True(joiner.IsAtMessageBoundary);
        }

        HttpExchangeQueue Exchanges() => direction == HttpDirection.Request ? new HttpExchangeQueue() : Wire.After("GET");
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void What_does_not_belong_there_is_refused(string name, string[] containers)
    {
        Assert.NotEmpty(name);
        var joiner = new HttpJoiner(HttpDirection.Request, new HttpExchangeQueue(), profile: s_profile);
        Wire.Join(joiner, containers[..^1]);

        Assert.Throws<HttpMappingException>(() => Wire.Join(joiner, containers[^1..]));
    }

    [Fact]
    public void A_sensitive_field_in_our_own_trailers_cannot_be_sent() => Assert.Throws<HttpMappingException>(() => Wire.Split(
        HttpDirection.Request,
        [Wire.Bytes("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Api-Key: 1\r\n\r\n")], profile: s_profile));

    [Fact]
    public void Sensitive_fields_larger_than_a_container_take_several()
    {
        string cookie = $"Cookie: {new string('x', 20_000)}\r\n";
        var containers = Wire.Split(HttpDirection.Request, [Wire.Bytes($"GET / HTTP/1.1\r\n{cookie}Host: a\r\n\r\n")], profile: s_profile);

        Assert.Equal("hssh", string.Concat(containers.Select(container => Mark(container.Role))));
        string joined = Wire.Join(
            new HttpJoiner(HttpDirection.Request, new HttpExchangeQueue(), profile: s_profile),
            [.. containers.Select(container => $"{Mark(container.Role)}:{Encoding.Latin1.GetString(container.Bytes)}")]);
        Assert.Equal($"GET / HTTP/1.1\r\nHost: a\r\n{cookie}\r\n", joined);
    }

    [Fact]
    public void The_fields_are_part_of_the_purpose()
    {
        HttpProfile profile = HttpProfile.Two.WithSecrets("X-Token", "x-api-key", "Cookie");
        TlmspContext[] contexts = [.. profile.CreateContexts()];

        Assert.Equal("http;v=1;role=secret;fields=x-api-key,x-token", contexts[^1].Purpose);
        Assert.Equal(HttpContexts.Secret, contexts[^1].Id);
        Assert.Equal(profile, HttpProfile.Read(contexts, out _));
        Assert.NotEqual(HttpProfile.Two.WithSecrets(), profile);
        Assert.Equal("http;v=1;role=secret", HttpProfile.Two.WithSecrets().CreateContexts()[^1].Purpose);
        Assert.NotEqual(HttpProfile.Two, HttpProfile.Two.WithSecrets());
    }

    [Theory]
    [InlineData("http;v=1;role=secret;fields=x-token,x-api-key")]
    [InlineData("http;v=1;role=secret;fields=X-Token")]
    [InlineData("http;v=1;role=secret;fields=cookie")]
    [InlineData("http;v=1;role=secret;fields=host")]
    [InlineData("http;v=1;role=secret;fields=x y")]
    [InlineData("http;v=1;role=secret;more=x")]
    public void Fields_that_are_not_as_they_must_be_are_refused(string purpose)
    {
        Assert.Null(
            HttpProfile.Read([.. HttpProfile.Two.CreateContexts(), new TlmspContext(HttpContexts.Secret, purpose)], out string? problem));
        Assert.NotNull(problem);
    }

    [Theory]
    [InlineData("Content-Length", "it frames or routes messages")]
    [InlineData("a b", "no field name")]
    [InlineData("", "no field name")]
    public void Fields_that_cannot_be_secret_are_named(string name, string reason)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => HttpProfile.Four.WithSecrets(name));
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HTTP_2_has_no_secret_context()
    {
        Assert.Throws<NotSupportedException>(() => HttpProfile.Five.WithSecrets());
        Assert.Throws<NotSupportedException>(() => HttpProfile.Four.WithSecrets().For(HttpWireVersion.Http2));
        Assert.False(HttpProfile.Four.WithSecrets().Supports(HttpWireVersion.Http2));
        Assert.Throws<ArgumentException>(() => HttpProfile.Four.WithSecrets([.. Enumerable.Range(0, 30).Select(i => $"X-Long-Name-{i}")]));
    }

    private static char Mark(HttpRole role) => role switch
    {
        HttpRole.Head => 'h',
        HttpRole.Secret => 's',
        _ => 'b',
    };
}
