using Tlmsp.Http;
using Xunit.Abstractions;
using static Tlmsp.Attacks.Tests.Messages;
using static Tlmsp.Attacks.Tests.Payload;

namespace Tlmsp.Attacks.Tests;

/// <summary>Ends of connections in place of the ends of messages (A9), forged by who has no access at all (X1).</summary>
public class CloseAttacks(AttackReport report, ITestOutputHelper output) : AttackFamily(report, output)
{
    internal static readonly AttackRow[] Rows =
    [
        new BoxAttack("X1", "the server's close forged inside content with a length", "the connection ended inside a message")
        {
            Grant = "",
            Path = "/large",
            Attack = Deeds.CloseAfter(toServer: false, Body),
            Context = Head,
        },
        new BoxAttack("X1", "the server's close forged between two chunks", "the connection ended inside a message")
        {
            Grant = "",
            Path = "/chunks",
            Attack = Deeds.CloseAfter(toServer: false, Body),
            Context = Head,
        },
        new BoxAttack("X1", "the server's close forged in audited contexts", "the connection ended inside a message")
        {
            Grant = "",
            Audited = true,
            Path = "/large",
            Attack = Deeds.CloseAfter(toServer: false, Body),
            Context = Head,
        },
        new BoxAttack("X1", "the server's close forged in place of its response", "the connection ended before a response")
        {
            Grant = "",
            Attack = Deeds.Close(toServer: false, Head),
            Context = Head,
        },
        new BoxAttack("X1", "the client's close forged inside an upload", "the connection ended inside a message")
        {
            Grant = "",
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = new string('x', Large),
            Attack = Deeds.CloseAfter(toServer: true, Body),
            ServerNotices = true,
            Context = Head,
        },
        new BoxAttack("X1", "the server's close forged inside a stream", "the connection ended inside a frame")
        {
            Http2 = true,
            Grant = "",
            Path = "/large",
            Attack = Deeds.CloseAfter(toServer: false, Body),
            Context = Head,
        },
        new BoxAttack("X1", "the client's close forged inside an upload", "the connection ended inside a frame")
        {
            Http2 = true,
            Grant = "",
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = new string('x', Large),
            Attack = Deeds.CloseAfter(toServer: true, Body),
            ServerNotices = true,
            Context = Head,
        },
        new ServerAttack("A9",
            "content that only the end of the connection would end", "a response that only the end of the connection would end")
        {
            Honest = [H(Ok), B("hello")],
            Attack = [H("HTTP/1.1 200 OK\r\n\r\n"), B("hello")],
            Context = Head,
            Closes = true,
        },
        new ServerAttack("A9", "half of the content, and the end of the connection", "the connection ended inside a message")
        {
            Honest = [H(Ok), B("hello")],
            Attack = [H(Ok), B("hel")],
            Context = Head,
            Closes = true,
        },
        new ClientAttack("A9", "half of the content, and the end of the connection", "the connection ended inside a message")
        {
            Honest = [H(PostChunked), B("5\r\nhello\r\n0\r\n\r\n")],
            Attack = [H(PostChunked), B("5\r\nhello\r\n")],
            Context = Head,
            Closes = true,
        },
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);
}
