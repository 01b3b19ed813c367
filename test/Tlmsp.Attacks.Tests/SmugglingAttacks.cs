using Xunit.Abstractions;
using static Tlmsp.Attacks.Tests.Messages;
using static Tlmsp.Attacks.Tests.Payload;

namespace Tlmsp.Attacks.Tests;

/// <summary>Requests that two parsers could take for different ones (C4, A5): all refused, none repaired.</summary>
public class SmugglingAttacks(AttackReport report, ITestOutputHelper output) : AttackFamily(report, output)
{
    internal static readonly AttackRow[] Rows =
    [
        Refused(
            "Content-Length before Transfer-Encoding", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "both Content-Length and Transfer-Encoding"),
        Refused(
            "Transfer-Encoding before Content-Length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            "both Content-Length and Transfer-Encoding"),
        Refused("two Content-Length fields", "Content-Length: 5\r\nContent-Length: 5\r\n", "two Content-Length fields"),
        Refused("a list of lengths", "Content-Length: 5, 5\r\n", "malformed Content-Length"),
        Refused("a length with a sign", "Content-Length: +5\r\n", "malformed Content-Length"),
        Refused("a coding that only looks like chunked", "Transfer-Encoding: xchunked\r\n", "a Transfer-Encoding other than chunked"),
        Refused("chunked that is not last", "Transfer-Encoding: chunked, identity\r\n", "a Transfer-Encoding other than chunked"),
        Refused("a folded field", "Content-Length: 5\r\nX: a\r\n Transfer-Encoding: chunked\r\n", "malformed field line"),
        Refused("white space before the colon", "Content-Length: 5\r\nTransfer-Encoding : chunked\r\n", "malformed field line"),
        Refused("a bare LF between fields", "Content-Length: 5\r\nX: a\nTransfer-Encoding: chunked\r\n", "a bare LF in the head"),
        Refused("a bare CR in a field", "Content-Length: 5\r\nX: a\rTransfer-Encoding: chunked\r\n", "a bare CR in the head"),
        Refused("NUL in a field", "Content-Length: 5\r\nX: a\0b\r\n", "malformed field line"),
        new ClientAttack("C4", "a lone LF in a chunk extension (CVE-2025-55315)", "a bare LF in the chunk-size line")
        {
            Honest = [H(PostChunked), B("5;x=y\r\nhello\r\n0\r\n\r\n")],
            Attack = [H(PostChunked), B("2;\nxx\r\n4c\r\n0\r\n\r\n" + Evil)],
        },
        new ClientAttack("C4", "a lone CR in a chunk extension", "a bare CR in the chunk-size line")
        {
            Honest = [H(PostChunked), B("5;x=y\r\nhello\r\n0\r\n\r\n")],
            Attack = [H(PostChunked), B("2;a\rxx\r\n4c\r\n0\r\n\r\n" + Evil)],
        },
        new ClientAttack("C4", "a chunk whose data is longer than its size", "chunk data is not followed by CRLF")
        {
            Honest = [H(PostChunked), B("5\r\nhello\r\n0\r\n\r\n")],
            Attack = [H(PostChunked), B("4\r\nhello\r\n0\r\n\r\n")],
        },
        new BoxAttack("C4", "a lone LF in a chunk extension, by a writer of content", "a bare LF in the chunk-size line")
        {
            Grant = "body=rw",
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = "hello",
            Attack = Deeds.ChangeText(toServer: true, Body, _ => "2;\nxx\r\n4c\r\n0\r\n\r\n" + Evil),
            ServerNotices = true,
        },
        new BoxAttack("C4", "a bare LF in a field, by a writer of heads", "a bare LF in the head")
        {
            Grant = "head=rw",
            Attack = Deeds.ChangeText(toServer: false, Head, head => head[..^2] + "X: a\nSet-Cookie: b=c\r\n\r\n"),
            Context = Head,
        },
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);

    /// <summary>An upload whose head has these fields.</summary>
    private static ClientAttack Refused(string tried, string fields, string fault) => new("C4", tried, fault)
    {
        Honest = [H(Post), B("hello")],
        Attack = [H($"POST /upload HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n")],
    };
}
