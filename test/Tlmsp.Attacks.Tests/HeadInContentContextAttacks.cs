using Tlmsp.Http;
using Xunit.Abstractions;
using static Tlmsp.Attacks.Tests.Messages;
using static Tlmsp.Attacks.Tests.Payload;

namespace Tlmsp.Attacks.Tests;

/// <summary>Heads in the content context, to dodge who inspects heads (A1, and C1 where a middlebox notices).</summary>
public class HeadInContentContextAttacks(AttackReport report, ITestOutputHelper output) : AttackFamily(report, output)
{
    internal static readonly AttackRow[] Rows =
    [
        new ClientAttack("A1", "a request head in the content context", "Head bytes are due, and the container is in the Content context")
        {
            Honest = [H(Post), B("hello")],
            Attack = [B(Post), B("hello")],
            Context = Body,
        },
        new ClientAttack("A1",
            "the second half of a request head in the content context", "Head bytes are due, and the container is in the Content context")
        {
            Honest = [H("POST /upload HTTP/1.1\r\n"), H("Host: localhost\r\nContent-Length: 5\r\n\r\n"), B("hello")],
            Attack = [H("POST /upload HTTP/1.1\r\n"), B("Host: localhost\r\nContent-Length: 5\r\n\r\n")],
        },
        new ServerAttack("A1", "a response head in the content context", "Head bytes are due, and the container is in the Content context")
        {
            Honest = [H(Ok), B("hello")],
            Attack = [B(Ok), B("hello")],
        },
        new ClientAttack("A1", "a request head in the context of response heads", "'resp-head' data from the client")
        {
            Profile = HttpProfile.Four,
            Honest = [new(HttpContexts.RequestHeaders, Latin1(Post)), new(HttpContexts.RequestBody, Latin1("hello"))],
            Attack = [new(HttpContexts.ResponseHeaders, Latin1(Post)), new(HttpContexts.RequestBody, Latin1("hello"))],
            Context = HttpContexts.ResponseHeaders,
        },
        new ClientAttack("A1", "HEADERS in the content context", "HEADERS in the Content context")
        {
            Http2 = true,
            Honest = [HF(1, EndHeaders, 1, UploadBlock()), new(Body, Data(1, "hello", ends: true))],
            Attack = [BF(1, EndHeaders, 1, UploadBlock())],
        },
        new ServerAttack("A1", "HEADERS in the content context", "HEADERS in the Content context")
        {
            Http2 = true,
            Honest = [HF(1, EndHeaders, 1, OkBlock()), new(Body, Data(1, "hello", ends: true))],
            Attack = [BF(1, EndHeaders, 1, OkBlock()), new(Body, Data(1, "hello", ends: true))],
        },
        new ClientAttack("C1", "a request head in the content context, before an inspector of both", "Head bytes in the Content context")
        {
            Inspector = "head=r,body=r",
            Honest = [H(Post), B("hello")],
            Attack = [B(Post), B("hello")],
        },
        new ClientAttack("C1", "content in the head context, before an inspector of both", "Content bytes in the Head context")
        {
            Inspector = "head=r,body=r",
            Honest = [H(Post), B("hello")],
            Attack = [H(Post), H("hello")],
        },
        new ClientAttack("C1", "content in the head context, before an inspector of heads alone", "malformed request line")
        {
            Inspector = "head=r",
            Honest = [H(Post), B("hello")],
            Attack = [H(Post), H("hello\r\n")],
        },
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);
}
