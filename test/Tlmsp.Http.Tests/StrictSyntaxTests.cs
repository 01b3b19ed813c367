namespace Tlmsp.Http.Tests;

/// <summary>Requests and responses that parsers are known to read in different ways: all refused, none repaired.</summary>
public class StrictSyntaxTests
{
    public static TheoryData<string> Requests => [
        "GET / HTTP/1.1\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
        "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
        "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1 \r\n\r\n",
        " GET / HTTP/1.1\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        "GET / HTTP/1.2\r\n\r\n",
        "GET / http/1.1\r\n\r\n",
        "GET /a b HTTP/1.1\r\n\r\n",
        "GET /\u0001 HTTP/1.1\r\n\r\n",
        "GET /ü HTTP/1.1\r\n\r\n",
        "G@T / HTTP/1.1\r\n\r\n",
        "GET\t/\tHTTP/1.1\r\n\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\r\n\tfolded\r\n\r\n",
        "GET / HTTP/1.1\r\nX\r\n\r\n",
        "GET / HTTP/1.1\r\n: a\r\n\r\n",
        "GET / HTTP/1.1\r\nX(y): a\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\0b\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\u007fb\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\u000bb\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 0x1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1 1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1234567890123456789\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding:\r\n\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
    ];

    public static TheoryData<string> Chunks => [
        "\r\n",
        "g\r\n",
        "-1\r\n",
        "+1\r\n",
        "0x1\r\n",
        " 1\r\n",
        "1 \r\n",
        "1 ;x\r\n",
        "1\n",
        "1;a\nb\r\n",
        "1;a\rb\r\n",
        "1;a\0b\r\n",
        "1\r\r\n",
        "1234567890123456\r\n",
        "1\r\nxy",
        "1\r\nx\n",
        "1\r\nx\ry",
        "0\r\n\rx",
    ];

    public static TheoryData<string> Responses => [
        "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 600 What\r\n\r\n",
        "HTTP/1.1 099 What\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1\t200 OK\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "HTTP/1.1 200 O\0K\r\n\r\n",
        "\r\nHTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ];

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_malformed_or_ambiguous_request_is_refused(string stream) => Refuses(HttpDirection.Request, "h:" + stream);

    [Theory]
    [MemberData(nameof(Responses))]
    public void A_malformed_or_ambiguous_response_is_refused(string stream) => Refuses(HttpDirection.Response, "h:" + stream);

    [Theory]
    [MemberData(nameof(Chunks))]
    public void Malformed_chunk_framing_is_refused(string stream) =>
        Refuses(HttpDirection.Request, "h:POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "b:" + stream);

    [Fact]
    public void One_empty_line_before_a_request_is_tolerated() =>
        Assert.Equal("\r\nGET / HTTP/1.1\r\n\r\n", Wire.Join(Wire.Requests(), "h:\r\nGET / HTTP/1.1\r\n\r\n"));

    [Fact]
    public void Limits_hold()
    {
        string field = $"X: {new string('x', 1000)}\r\n";
        Refuses(HttpDirection.Request, "h:GET / HTTP/1.1\r\n" + string.Concat(Enumerable.Repeat(field, 40)));
        Refuses(HttpDirection.Request, "h:GET /" + new string('x', 40_000));
        Refuses(HttpDirection.Request, "h:GET / HTTP/1.1\r\n" + string.Concat(Enumerable.Repeat("A: b\r\n", 101)));
        Refuses(HttpDirection.Request, "h:POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "b:1;" + new string('x', 300));
        Refuses(HttpDirection.Request, "h:POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "b:0\r\n", "h:" + string.Concat(Enumerable.Repeat(field, 9)));
        Refuses(HttpDirection.Response, [.. Enumerable.Repeat("h:HTTP/1.1 103 Early Hints\r\n\r\n", 9)]);
    }

    [Fact]
    public void Too_many_requests_without_a_response_are_refused()
    {
        HttpJoiner joiner = Wire.Requests();
        string request = "h:GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        Wire.Join(joiner, [.. Enumerable.Repeat(request, HttpExchangeQueue.Capacity)]);

        Assert.Throws<HttpMappingException>(() => Wire.Join(joiner, request));
    }

    [Fact]
    public void Errors_name_fields_but_never_their_values()
    {
        var e = Assert.Throws<HttpMappingException>(() => Wire.Join(
            Wire.Requests(), "h:POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "b:0\r\n", "h:Cookie: secret-value\r\n\r\n"));

        Assert.Contains("Cookie", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
    }

    private static void Refuses(HttpDirection direction, params string[] containers)
    {
        // Whole, and byte by byte: both ways the same.
        Assert.Throws<HttpMappingException>(() => Wire.Join(New(direction), containers));
        string[] bytes = [.. containers.SelectMany(container => container[2..].Select(b => container[..2] + b))];
        Assert.Throws<HttpMappingException>(() => Wire.Join(New(direction), bytes));
    }

    private static HttpJoiner New(HttpDirection direction) =>
        new(direction, direction == HttpDirection.Response ? Wire.After("GET", "GET") : new HttpExchangeQueue());
}
