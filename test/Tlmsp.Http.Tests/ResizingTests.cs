using System.Text;

namespace Tlmsp.Http.Tests;

/// <summary>Where a middlebox may write content, chunks take the place of Content-Length (http-mapping §4).</summary>
public class ResizingTests
{
    private const string Post = "POST / HTTP/1.1\r\nHost: a\r\n";
    private const string Ok = "HTTP/1.1 200 OK\r\nServer: b\r\n";

    /// <summary>The request that a response is to, or none; what is written; what leaves.</summary>
    public static TheoryData<string, string, string> Messages => new()
    {
        { "", Post + "Content-Length: 5\r\nX: y\r\n\r\nhello", Post + "X: y\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" },
        { "", Post + "Content-Length: 0\r\n\r\n", Post + "Content-Length: 0\r\n\r\n" },
        { "", Post + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", Post + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n" },
        { "", "POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello", "POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello" },
        { "GET / HTTP/1.1", Ok + "Content-Length: 5\r\n\r\nhello", Ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" },
        { "GET / HTTP/1.0", Ok + "Content-Length: 5\r\n\r\nhello", Ok + "Content-Length: 5\r\n\r\nhello" },
        { "HEAD / HTTP/1.1", Ok + "Content-Length: 5\r\n\r\n", Ok + "Content-Length: 5\r\n\r\n" },
        { "GET / HTTP/1.1", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n" },
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public void Content_leaves_in_chunks_where_the_message_allows_it(string request, string written, string sent)
    {
        HttpDirection direction = request.Length == 0 ? HttpDirection.Request : HttpDirection.Response;
        var exchanges = new HttpExchangeQueue();
        if (request.Length > 0)
        {
            Wire.Split(HttpDirection.Request, $"{request}\r\nHost: a\r\n\r\n", exchanges);
        }

        var containers = Wire.Split(direction, [Wire.Bytes(written)], exchanges, resizable: true);

        Assert.Equal(sent, string.Concat(containers.Select(container => Encoding.Latin1.GetString(container.Bytes))));
        Assert.All(containers, container => Assert.Equal(container == containers[0] ? HttpRole.Head : HttpRole.Content, container.Role));
    }

    [Fact]
    public void However_it_is_written_the_receiver_reads_the_same_content()
    {
        var random = new Random(3);
        byte[] content = new byte[5000];
        random.NextBytes(content);
        byte[] bytes = [.. Wire.Bytes(Post + $"Content-Length: {content.Length}\r\n\r\n"), .. content, .. Wire.Bytes("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")];
        foreach (byte[][] way in (byte[][][])[[bytes], [.. bytes.Select(b => (byte[])[b])], Wire.Pieces(bytes, random)])
        {
            var containers = Wire.Split(HttpDirection.Request, way, resizable: true);
            var joiner = Wire.Requests();
            var joined = new System.Buffers.ArrayBufferWriter<byte>();
            foreach ((HttpRole role, byte[] plaintext) in containers)
            {
                joiner.Accept(role, plaintext, joined);
            }

            Assert.True(joiner.IsAtMessageBoundary);
            var body = new MemoryStream();
            var framer = new HttpFramer(HttpDirection.Request, new HttpExchangeQueue(), HttpFramerLimits.Default);
            for (ReadOnlySpan<byte> rest = joined.WrittenSpan; !rest.IsEmpty;)
            {
                int taken = framer.Consume(rest, out HttpPiece piece);
                body.Write(piece.Kind == HttpPieceKind.Content ? rest[..taken] : []);
                rest = rest[taken..];
            }

            Assert.Equal(content, body.ToArray());
        }
    }

    [Fact]
    public void Sensitive_fields_and_chunks_go_together()
    {
        var containers = Wire.Split(
            HttpDirection.Request, [Wire.Bytes(Post + "Content-Length: 2\r\nCookie: a=b\r\n\r\nok")], profile: HttpProfile.Two.WithSecrets(),
            resizable: true);

        Assert.Equal(
            [Post + "Transfer-Encoding: chunked\r\n", "Cookie: a=b\r\n", "\r\n", "2\r\nok\r\n0\r\n\r\n"],
            containers.Select(container => Encoding.Latin1.GetString(container.Bytes)));
    }
}
