using Xunit.Abstractions;
using static Tlmsp.Attacks.Tests.Messages;
using static Tlmsp.Attacks.Tests.Payload;

namespace Tlmsp.Attacks.Tests;

/// <summary>Fields that come after inspection (A6, C7).</summary>
public class TrailerAttacks(AttackReport report, ITestOutputHelper output) : AttackFamily(report, output)
{
    internal static readonly AttackRow[] Rows =
    [
        new BoxAttack("A6", "trailer fields made by a writer of content", "trailer fields in the content context")
        {
            Grant = "body=rw",
            Path = "/chunks",
            Attack = Deeds.ChangeText(toServer: false, Body, _ => "1\r\nx\r\n0\r\nSet-Cookie: a=b\r\n\r\n"),
        },
        new BoxAttack("C7", "trailer fields in the content context of a request", "trailer fields in the content context")
        {
            Grant = "body=rw",
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = "hello",
            Chunked = true,
            Attack = Deeds.ChangeText(toServer: true, Body, _ => "1\r\nx\r\n0\r\nX-User: admin\r\n\r\n"),
            ServerNotices = true,
        },
        new ClientAttack("A6", "announced trailers that do not come", "the head announced trailers, and there are none")
        {
            Honest = [H(PostChunked[..^2] + "Trailer: X-Check\r\n\r\n"), B("5\r\nhello\r\n0\r\n"), H("X-Check: 1\r\n\r\n")],
            Attack = [H(PostChunked[..^2] + "Trailer: X-Check\r\n\r\n"), B("5\r\nhello\r\n0\r\n\r\n")],
        },
        new ClientAttack("C7", "trailer fields in the content context", "trailer fields in the content context")
        {
            Honest = [H(PostChunked), B("5\r\nhello\r\n0\r\n"), H("X-Check: 1\r\n\r\n")],
            Attack = [H(PostChunked), B("5\r\nhello\r\n0\r\nX-Check: 1\r\n\r\n")],
        },
        new ClientAttack("A6", "authentication in a trailer section", "the field Authorization in a trailer section")
        {
            Honest = [H(PostChunked), B("5\r\nhello\r\n0\r\n"), H("X-Check: 1\r\n\r\n")],
            Attack = [H(PostChunked), B("5\r\nhello\r\n0\r\n"), H("Authorization: Basic YTpi\r\n\r\n")],
        },
        new ClientAttack("A6", "framing in a trailer section", "the field Content-Length in a trailer section")
        {
            Honest = [H(PostChunked), B("5\r\nhello\r\n0\r\n"), H("X-Check: 1\r\n\r\n")],
            Attack = [H(PostChunked), B("5\r\nhello\r\n0\r\n"), H("Content-Length: 3\r\n\r\n")],
        },
        new ServerAttack("A6", "a cookie in a trailer section", "the field Set-Cookie in a trailer section")
        {
            Honest = [H(OkChunked), B("5\r\nhello\r\n0\r\n"), H("X-Check: 1\r\n\r\n")],
            Attack = [H(OkChunked), B("5\r\nhello\r\n0\r\n"), H("Set-Cookie: a=b\r\n\r\n")],
        },
        new BoxAttack("A6", "trailers forged behind DATA by a writer of content", "HEADERS in the Content context")
        {
            Http2 = true,
            Grant = "body=rw",
            Attack = Deeds.Change(toServer: false, Body, data => [.. data, .. Frame(1, EndHeaders | EndStream, 1, Field("x-check", "1"))]),
        },
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);
}
