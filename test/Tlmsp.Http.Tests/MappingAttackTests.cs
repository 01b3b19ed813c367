namespace Tlmsp.Http.Tests;

/// <summary>Bytes in a context that their role does not allow. Containers: h: head context, b: content context; the last one is the attack.</summary>
public class MappingAttackTests
{
    private const string Chunked = "h:POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    private const string Fixed = "h:POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";

    public static TheoryData<string, string[]> Attacks => new()
    {
        { "a head in the content context, to dodge a header inspector", ["b:GET / HTTP/1.1\r\nHost: a\r\n\r\n"] },
        { "the second half of a head in the content context", ["h:GET / HTTP/1.1\r\n", "b:Host: a\r\n\r\n"] },
        { "a second request behind an early end of chunked content", [Chunked, "b:1\r\nx\r\n0\r\n\r\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n"] },
        { "the same in a container of its own", [Chunked, "b:1\r\nx\r\n0\r\n\r\n", "b:GET /evil HTTP/1.1\r\nHost: a\r\n\r\n"] },
        { "surplus content under Content-Length", [Fixed, "b:hello!"] },
        { "surplus content in another container", [Fixed, "b:hello", "b:!"] },
        { "short content: the next head comes early", [Fixed, "b:hell", "h:GET / HTTP/1.1\r\n"] },
        { "content in the head context, to dodge a body scanner", [Fixed, "h:hello"] },
        { "head and content in one container", ["h:POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"] },
        { "content of two messages in one container", [Fixed, "b:helloPOST"] },
        { "trailer fields in the content context", [Chunked, "b:1\r\nx\r\n0\r\n", "b:Added: later\r\n\r\n"] },
        { "trailer fields glued to the last chunk", [Chunked, "b:1\r\nx\r\n0\r\nAdded: later\r\n\r\n"] },
        { "chunk framing in the head context", [Chunked, "h:1\r\n"] },
        { "an empty trailer section in the head context", [Chunked, "b:0\r\n", "h:\r\n"] },
        { "announced trailers taken away", ["h:POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: Check\r\n\r\n", "b:0\r\n\r\n"] },
        { "a head whose request was deleted leaves its content", [Fixed, "b:hello", "b:hello"] },
        { "Content-Length changed by a header writer", ["h:POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n", "b:hello"] },
        { "Content-Length taken away by a header writer", ["h:POST / HTTP/1.1\r\nHost: a\r\n\r\n", "b:hello"] },
        { "Content-Length changed to chunked", [Chunked, "b:hello\r\n"] },
        { "authentication in a trailer", [Chunked, "b:0\r\n", "h:Authorization: Basic x\r\n\r\n"] },
        { "framing in a trailer", [Chunked, "b:0\r\n", "h:Content-Length: 3\r\n\r\n"] },
        { "routing in a trailer", [Chunked, "b:0\r\n", "h:Host: other\r\n\r\n"] },
    };

    [Theory]
    [MemberData(nameof(Attacks))]
    public void Is_refused_and_nothing_of_the_container_is_delivered(string name, string[] containers)
    {
        Assert.NotEmpty(name);
        HttpJoiner joiner = Wire.Requests();
        string before = Wire.Join(joiner, containers[..^1]);
        var joined = new System.Buffers.ArrayBufferWriter<byte>();
        HttpRole role = containers[^1][0] == 'h' ? HttpRole.Head : HttpRole.Content;

        var e = Assert.Throws<HttpMappingException>(() => joiner.Accept(role, Wire.Bytes(containers[^1][2..]), joined));

        Assert.Equal(Misbehaviour.HttpMappingViolation, e.Misbehaviour);
        Assert.Equal(TlmspAlert.IllegalParameter, e.Alert);
        Assert.Equal(0, joined.WrittenCount);
        Assert.Equal(string.Concat(containers[..^1].Select(container => container[2..])), before);
    }

    [Fact]
    public void A_response_without_a_request_is_refused() =>
        Assert.Throws<HttpMappingException>(() => Wire.Join(Wire.Responses(), "h:HTTP/1.1 204 No Content\r\n\r\n"));

    [Fact]
    public void More_responses_than_requests_are_refused() => Assert.Throws<HttpMappingException>(
        () => Wire.Join(Wire.Responses("GET"), "h:HTTP/1.1 204 No Content\r\n\r\n", "h:HTTP/1.1 204 No Content\r\n\r\n"));

    [Fact]
    public void Content_after_the_response_to_HEAD_is_refused() => Assert.Throws<HttpMappingException>(
        () => Wire.Join(Wire.Responses("HEAD"), "h:HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "b:hello"));

    [Theory]
    [InlineData("h:HTTP/1.1 200 OK\r\n\r\n")]
    [InlineData("h:HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")]
    public void Close_delimited_responses_and_tunnels_are_refused(string head) =>
        Assert.Throws<HttpMappingException>(() => Wire.Join(Wire.Responses("GET"), head));

    [Fact]
    public void CONNECT_is_refused() =>
        Assert.Throws<HttpMappingException>(() => Wire.Join(Wire.Requests(), "h:CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"));

    [Fact]
    public void The_end_of_the_connection_never_ends_a_message()
    {
        HttpJoiner joiner = Wire.Requests();
        Wire.Join(joiner, Fixed, "b:hell");

        Assert.False(joiner.IsAtMessageBoundary);
        Assert.Throws<HttpMappingException>(joiner.EndOfInput);
    }

    [Fact]
    public void A_deletion_between_messages_is_skipped_and_inside_one_is_fatal()
    {
        HttpJoiner joiner = Wire.Requests();
        joiner.Deleted("a middlebox", HttpRole.Head);
        Wire.Join(joiner, Fixed, "b:hello");
        joiner.Deleted("a middlebox", HttpRole.Content);
        Wire.Join(joiner, Fixed, "b:he");

        Assert.Throws<HttpMappingException>(() => joiner.Deleted("a middlebox", HttpRole.Content));
    }

    /// <summary>Too many of a sender's own end its connection in the record layer, which knows whose they are.</summary>
    [Fact]
    public void Empty_containers_are_skipped()
    {
        HttpJoiner joiner = Wire.Requests();
        string[] empty = [.. Enumerable.Repeat("b:", 100)];
        Assert.Equal("", Wire.Join(joiner, empty));
        Assert.NotEmpty(Wire.Join(joiner, "h:GET / HTTP/1.1\r\nHost: a\r\n\r\n"));

        Assert.Equal("", Wire.Join(joiner, empty));
        Assert.Equal(1, joiner.MessageNumber);
    }

    [Fact]
    public void The_curl_mode_takes_content_from_the_head_context_and_nothing_more()
    {
        Assert.EndsWith("hello", Wire.Join(Wire.Requests(HttpMappingMode.EtsiCurl), Fixed + "hello"), StringComparison.Ordinal);
        Assert.EndsWith("hello", Wire.Join(Wire.Requests(HttpMappingMode.EtsiCurl), Fixed, "h:hello"), StringComparison.Ordinal);
        Assert.EndsWith("0\r\n\r\n", Wire.Join(Wire.Requests(HttpMappingMode.EtsiCurl), Chunked, "h:1\r\nx\r\n", "b:0\r\n\r\n"), StringComparison.Ordinal);
        Assert.Throws<HttpMappingException>(() => Wire.Join(Wire.Requests(HttpMappingMode.EtsiCurl), "b:GET / HTTP/1.1\r\n"));
        Assert.Throws<HttpMappingException>(() => Wire.Join(Wire.Requests(HttpMappingMode.EtsiCurl), Fixed, "b:hello!"));
    }
}
