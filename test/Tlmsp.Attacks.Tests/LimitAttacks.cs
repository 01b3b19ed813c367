using Tlmsp.Http;
using Tlmsp.TestSupport;
using Xunit.Abstractions;
using static Tlmsp.Attacks.Tests.Messages;
using static Tlmsp.Attacks.Tests.Payload;

namespace Tlmsp.Attacks.Tests;

/// <summary>Content that looks like heads, heads without an end, and answers that the application never gave (C12, C13, C14).</summary>
public class LimitAttacks(AttackReport report, ITestOutputHelper output) : AttackFamily(report, output)
{
    private const string Multipart =
        "POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=a\r\nContent-Length: 67\r\n\r\n";

    private const string Parts = "--a\r\n\r\n1\r\n--a\r\nHost: elsewhere\r\nTransfer-Encoding: chunked\r\n--a--\r\n";

    internal static readonly AttackRow[] Rows =
    [
        new ClientAttack("C12",
            "fields of a multipart part in the head context", "Content bytes are due, and the container is in the Head context")
        {
            Honest = [H(Multipart), B(Parts)],
            Whole = $"POST /upload {Parts}".TrimEnd(),
            Attack = [H(Multipart), B(Parts[..6]), H(Parts[6..])],
        },
        new ClientAttack("C13", "a head without an end", "head of more than 32768 bytes")
        {
            Honest =
            [
                H("POST /upload HTTP/1.1\r\nHost: localhost\r\n"), H($"X: {new string('x', 20_000)}\r\n"),
                H("Content-Length: 5\r\n\r\n"), B("hello"),
            ],
            Attack = [H("POST /upload HTTP/1.1\r\nHost: localhost\r\n"), H($"X: {new string('x', 33_000)}")],
        },
        new ClientAttack("C13", "fields without an end", "more than 100 fields")
        {
            Honest = [H("POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n" + Many(98) + "\r\n"), B("hello")],
            Attack = [H("POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n" + Many(99) + "\r\n"), B("hello")],
            Context = Head,
        },
        new ClientAttack("C13", "a trailer section without an end", "trailer section of more than 8192 bytes")
        {
            Honest = [H(PostChunked), B("5\r\nhello\r\n0\r\n"), H($"X: {new string('x', 8_000)}\r\n\r\n")],
            Attack = [H(PostChunked), B("5\r\nhello\r\n0\r\n"), H($"X: {new string('x', 8_200)}")],
        },
        new ClientAttack("C13", "a chunk extension without an end", "chunk-size line of more than 256 bytes")
        {
            Honest = [H(PostChunked), B($"5;{new string('x', 200)}\r\nhello\r\n0\r\n\r\n")],
            Attack = [H(PostChunked), B($"5;{new string('x', 300)}")],
        },
        new ClientAttack("C13", "a field block without an end", "a field block of more than 1000 bytes")
        {
            Http2 = true,
            Limits = new HttpFramerLimits { MaxHeadBytes = 1000 },
            Honest = [HF(1, 0, 1, UploadBlock()), HF(9, EndHeaders, 1, Field("x-more", "1")), new(Body, Data(1, "hello", ends: true))],
            Attack = [HF(1, 0, 1, UploadBlock()), HF(9, 0, 1, new byte[1_000])],
        },
        new OtherAttack("C14", "client", "a request that Kestrel answers before the application, with another one behind it",
            "Kestrel, status 400: its answer keeps to the contexts, the connection ends, and nothing behind it is served", BadRequestAsync),
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);

    private static string Many(int count) => string.Concat(Enumerable.Repeat("A: b\r\n", count));

    private static async Task BadRequestAsync()
    {
        const string ten = "GET /ten HTTP/1.1\r\nHost: localhost\r\n\r\n";
        await using AttackedServer server = await AttackedServer.StartAsync();
        await using (TlmspPeer honest = await TlmspPeer.ConnectAsync(server.Address, []))
        {
            await honest.SendAsync(Head, ten + ten);
            for (int i = 0; i < 2; i++)
            {
                Assert.StartsWith("1: HTTP/1.1 200 OK\r\n", await honest.ReceiveTextAsync(), StringComparison.Ordinal);
                Assert.Equal("2: helloworld", await honest.ReceiveTextAsync());
            }
        }

        await using (TlmspPeer client = await TlmspPeer.ConnectAsync(server.Address, []))
        {
            await client.SendAsync(Head, "GET /ten HTTP/1.1\r\n\r\n" + Evil);

            string answer = await client.ReceiveTextAsync();
            Assert.StartsWith(
                "1: HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
            Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
            Assert.Equal("end", await client.ReceiveTextAsync());
            Assert.True(client.Session.Reader.IsClosed);
        }

        server.AssertNothingLogged();
        Assert.Equal(["GET /ten", "GET /ten"], server.Whole);
        await server.AssertBystanderAsync();
    }
}
