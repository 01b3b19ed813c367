using System.Buffers;
using System.Text;

namespace Tlmsp.Http.Tests;

public class RoundTripTests
{
    private const string Head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";

    /// <summary>Methods of the requests, the response stream, and the roles of the containers it is cut into.</summary>
    public static TheoryData<string, string, string> Responses => new()
    {
        { "GET", Head + "Content-Length: 5\r\n\r\nhello", "hb" },
        { "GET", Head + "Content-Length: 0\r\n\r\n", "h" },
        { "GET", Head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hb" },
        { "GET", Head + "Transfer-Encoding: chunked\r\n\r\n5;ext=\"x\"\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "hb" },
        { "GET", Head + "Transfer-Encoding: Chunked\r\nTrailer: Check\r\n\r\n5\r\nhello\r\n0\r\nCheck: 1\r\nMore: 2\r\n\r\n", "hbh" },
        { "HEAD", Head + "Content-Length: 5\r\n\r\n", "h" },
        { "HEAD", Head + "Transfer-Encoding: chunked\r\n\r\n", "h" },
        { "GET", "HTTP/1.1 204 No Content\r\n\r\n", "h" },
        { "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n", "h" },
        { "POST", "HTTP/1.1 100 Continue\r\n\r\n" + Head + "Content-Length: 2\r\n\r\nok", "hhb" },
        { "GET", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + Head + "Content-Length: 1\r\n\r\n.", "hhhb" },
        { "GET,GET,HEAD,GET", Head + "Content-Length: 1\r\n\r\n1" + Head + "Content-Length: 0\r\n\r\n" + Head + "Content-Length: 9\r\n\r\n" + Head + "Content-Length: 1\r\n\r\n2", "hbhhhb" },
    };

    public static TheoryData<string, string> Requests => new()
    {
        { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "h" },
        { "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", "hh" },
        { "POST /x?y=z HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n", "hbh" },
        { "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", "hb" },
        { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nDigest: y\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "hbhh" },
        { "OPTIONS * HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", "h" },
        { "GET / HTTP/1.0\r\n\r\n", "h" },
    };

    [Theory]
    [MemberData(nameof(Responses))]
    public void Responses_come_out_as_they_went_in(string methods, string stream, string roles) =>
        Check(HttpDirection.Response, stream, roles, () => Wire.After(methods.Split(',')));

    [Theory]
    [MemberData(nameof(Requests))]
    public void Requests_come_out_as_they_went_in(string stream, string roles) =>
        Check(HttpDirection.Request, stream, roles, () => new HttpExchangeQueue());

    [Fact]
    public void A_head_larger_than_a_container_takes_several_of_its_own()
    {
        string stream = $"GET / HTTP/1.1\r\nHost: a\r\nBig: {new string('x', 20_000)}\r\n\r\n";
        var containers = Wire.Split(HttpDirection.Request, stream);

        Assert.Equal([16355, stream.Length - 16355], containers.Select(container => container.Bytes.Length));
        Assert.All(containers, container => Assert.Equal(HttpRole.Head, container.Role));
    }

    [Fact]
    public void Content_fills_its_containers()
    {
        byte[] content = new byte[100_000];
        byte[] head = Wire.Bytes($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {content.Length}\r\n\r\n");
        var containers = Wire.Split(HttpDirection.Request, [[.. head, .. content[..500]], content[500..]]);

        Assert.Equal(head.Length, containers[0].Bytes.Length);
        Assert.All(containers.Skip(1).SkipLast(1), container => Assert.Equal(ContainerWriter.MaxPlaintext, container.Bytes.Length));
        Assert.Equal(100_000, containers.Skip(1).Sum(container => container.Bytes.Length));
        Assert.DoesNotContain(containers, container => container.Bytes.Length == 0);
    }

    /// <summary>In one piece, byte by byte, at every split position, and in random pieces: always the same bytes in the same roles.</summary>
    private static void Check(HttpDirection direction, string stream, string roles, Func<HttpExchangeQueue> exchanges)
    {
        byte[] bytes = Wire.Bytes(stream);
        Assert.Equal(roles, Roles(Wire.Split(direction, [bytes], exchanges())));
        var random = new Random(1);
        IEnumerable<byte[][]> ways = Enumerable.Range(1, bytes.Length - 1).Select(at => (byte[][])[bytes[..at], bytes[at..]])
            .Append([.. bytes.Select(b => (byte[])[b])])
            .Concat(Enumerable.Range(0, 20).Select(_ => Wire.Pieces(bytes, random)));
        foreach (byte[][] way in ways)
        {
            var containers = Wire.Split(direction, way, exchanges());
            Assert.Equal(roles, Roles(containers));

            // The joiner does not depend on where containers end either.
            var joiner = new HttpJoiner(direction, exchanges());
            var joined = new ArrayBufferWriter<byte>();
            foreach ((HttpRole role, byte[] plaintext) in containers)
            {
                foreach (byte[] part in Wire.Pieces(plaintext, random))
                {
                    joiner.Accept(role, part, joined);
                }
            }

            Assert.Equal(stream, Encoding.Latin1.GetString(joined.WrittenSpan));
            Assert.True(joiner.IsAtMessageBoundary);
            joiner.EndOfInput();
        }
    }

    /// <summary>Neighbouring containers of a role count once where they belong to one head or one content.</summary>
    private static string Roles(List<(HttpRole Role, byte[] Bytes)> containers) =>
        string.Concat(containers.Select(container => container.Role == HttpRole.Head ? 'h' : 'b'));
}
