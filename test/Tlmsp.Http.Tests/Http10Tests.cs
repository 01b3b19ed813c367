using System.Text;

namespace Tlmsp.Http.Tests;

/// <summary>Responses to clients of HTTP/1.0: where only the end of the connection would end one, it gets a Content-Length (http-mapping §3).</summary>
public class Http10Tests
{
    private const string Get = "GET / HTTP/1.0\r\n\r\n";
    private const string None = "HTTP/1.1 204 No Content\r\n\r\n";
    private const string Hints = "HTTP/1.1 103 Early Hints\r\n\r\n";
    private const string Ok = "HTTP/1.1 200 OK\r\nConnection: close\r\n";

    /// <summary>Request, what is written in pieces, what leaves before the end of the output, what has left after it.</summary>
    public static TheoryData<string, string, string, string> Responses => new()
    {
        { Get, Ok + "\r\nhello", Ok, Ok + "Content-Length: 5\r\n\r\nhello" },
        { Get, Ok + "\r\n", Ok, Ok + "Content-Length: 0\r\n\r\n" },
        { Get, Ok + "Content-Length: 5\r\n\r\nhello", Ok + "Content-Length: 5\r\n\r\nhello", Ok + "Content-Length: 5\r\n\r\nhello" },
        { "HEAD / HTTP/1.0\r\n\r\n", Ok + "\r\n", Ok + "\r\n", Ok + "\r\n" },
        { Get, None, None, None },
        { Get, "HTTP/1.1 304 Not Modified\r\n\r\n", "HTTP/1.1 304 Not Modified\r\n\r\n", "HTTP/1.1 304 Not Modified\r\n\r\n" },
        { Get, Hints + Ok + "\r\nx", Hints + Ok, Hints + Ok + "Content-Length: 1\r\n\r\nx" },
        { "GET / HTTP/1.1\r\n\r\n" + Get, None + Ok + "\r\nx", None + Ok, None + Ok + "Content-Length: 1\r\n\r\nx" },
    };

    [Theory]
    [MemberData(nameof(Responses))]
    public void A_response_without_length_gets_one_at_its_end_and_nothing_looks_complete_before(
        string requests, string written, string before, string after)
    {
        foreach (bool byByte in (bool[])[false, true])
        {
            var exchanges = new HttpExchangeQueue();
            Wire.Split(HttpDirection.Request, requests, exchanges);
            var sink = new Wire.Sink(HttpProfile.Two, HttpDirection.Response);
            using var splitter = new HttpSplitter(HttpDirection.Response, exchanges);
            foreach (byte[] write in byByte ? Wire.Bytes(written).Select(b => (byte[])[b]).ToArray() : [Wire.Bytes(written)])
            {
                splitter.Write(write, sink);
            }

            splitter.Flush(sink);
            Assert.Equal(before, Text(sink));
            Assert.Equal(before != after, splitter.NeedsEnd);
            splitter.End(sink);
            splitter.End(sink);
            Assert.Equal(after, Text(sink));
            Assert.False(splitter.NeedsEnd);
            Assert.True(splitter.IsAtMessageBoundary);

            HttpExchangeQueue atClient = new();
            Wire.Split(HttpDirection.Request, requests, atClient);
            var joiner = new HttpJoiner(HttpDirection.Response, atClient);
            var joined = new System.Buffers.ArrayBufferWriter<byte>();
            foreach ((HttpRole role, byte[] bytes) in sink.Containers)
            {
                joiner.Accept(role, bytes, joined);
            }

            Assert.False(joiner.IsEndPremature);
            Assert.Equal(splitter.MessageNumber, joiner.MessageNumber);
        }
    }

    [Fact]
    public void The_length_comes_before_the_sensitive_fields()
    {
        HttpProfile profile = HttpProfile.Two.WithSecrets();
        var exchanges = new HttpExchangeQueue();
        Wire.Split(HttpDirection.Request, [Wire.Bytes(Get)], exchanges, profile);
        var sink = new Wire.Sink(profile, HttpDirection.Response);
        using var splitter = new HttpSplitter(HttpDirection.Response, exchanges, profile);
        splitter.Write(Wire.Bytes("HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nServer: c\r\n\r\nok"), sink);
        splitter.End(sink);

        Assert.Equal(
            "HTTP/1.1 200 OK\r\nServer: c\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\n\r\nok", Text(sink));
        Assert.Equal(
            "Set-Cookie: a=b\r\n", Encoding.ASCII.GetString(Assert.Single(sink.Containers, part => part.Role == HttpRole.Secret).Bytes));
    }

    [Fact]
    public void More_than_can_be_held_fails_and_no_part_of_it_was_sent()
    {
        var exchanges = new HttpExchangeQueue();
        Wire.Split(HttpDirection.Request, Get, exchanges);
        var sink = new Wire.Sink(HttpProfile.Two, HttpDirection.Response);
        using var splitter = new HttpSplitter(HttpDirection.Response, exchanges, limits: new HttpFramerLimits { MaxBufferedBytes = 10 });
        splitter.Write(Wire.Bytes(Ok + "\r\n0123456789"), sink);

        var e = Assert.Throws<HttpMappingException>(() => splitter.Write(Wire.Bytes("x"), sink));

        Assert.Contains("more than 10 bytes without Content-Length", e.Message, StringComparison.Ordinal);
        Assert.Equal(Ok, Text(sink));
    }

    [Fact]
    public void For_a_client_of_HTTP_1_1_a_response_without_length_stays_refused() => Assert.Throws<HttpMappingException>(
        () => Wire.Split(HttpDirection.Response, Ok + "\r\nhello", Wire.After("GET")));

    private static string Text(Wire.Sink sink) => string.Concat(sink.Containers.Select(part => Encoding.ASCII.GetString(part.Bytes)));
}
