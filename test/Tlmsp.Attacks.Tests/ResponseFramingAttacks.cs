using Tlmsp.Http;
using Xunit.Abstractions;
using static Tlmsp.Attacks.Tests.Messages;
using static Tlmsp.Attacks.Tests.Payload;

namespace Tlmsp.Attacks.Tests;

/// <summary>Content where a response has none, and responses that do not fit the requests (C5, C6).</summary>
public class ResponseFramingAttacks(AttackReport report, ITestOutputHelper output) : AttackFamily(report, output)
{
    internal static readonly AttackRow[] Rows =
    [
        new ServerAttack("C5", "content behind the response to HEAD", "Head bytes are due, and the container is in the Content context")
        {
            Method = HttpMethod.Head,
            Honest = [H(Ok)],
            Content = "",
            Attack = [H(Ok), B("hello")],
            Behind = true,
        },
        new ServerAttack("C5", "content behind 204", "Head bytes are due, and the container is in the Content context")
        {
            Honest = [H("HTTP/1.1 204 No Content\r\n\r\n")],
            Content = "",
            Attack = [H("HTTP/1.1 204 No Content\r\n\r\n"), B("hello")],
            Behind = true,
        },
        new ServerAttack("C5", "content behind 304", "Head bytes are due, and the container is in the Content context")
        {
            Honest = [H("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n")],
            Content = "",
            Attack = [H("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), B("hello")],
            Behind = true,
        },
        new ServerAttack("C5", "content behind 103", "Head bytes are due, and the container is in the Content context")
        {
            Honest = [H("HTTP/1.1 103 Early Hints\r\n\r\n"), H(Ok), B("hello")],
            Attack = [H("HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n"), B("hello")],
        },
        new ServerAttack("C5", "interim responses without an end", "more than 8 informational responses")
        {
            Honest = [.. Enumerable.Repeat(H("HTTP/1.1 103 Early Hints\r\n\r\n"), 8), H(Ok), B("hello")],
            Attack = [.. Enumerable.Repeat(H("HTTP/1.1 103 Early Hints\r\n\r\n"), 9)],
        },
        new ServerAttack("C6", "a second response to one request", "a response without a request")
        {
            Honest = [H(Ok), B("hello")],
            Attack = [H(Ok), B("hello"), H(Ok)],
            Behind = true,
        },
        new ServerAttack("C6", "two responses to one request in one container", "a response without a request")
        {
            Honest = [H(Forged)],
            Content = "",
            Attack = [H(Forged + Forged)],
        },
        new ServerAttack("C6", "a response on a stream that nobody opened", "HEADERS on stream 3")
        {
            Http2 = true,
            Honest = [HF(1, EndHeaders, 1, OkBlock()), new(Body, Data(1, "hello", ends: true))],
            Attack = [HF(1, EndHeaders, 3, OkBlock())],
        },
        new ClientAttack("C6", "more requests at once than are kept in mind", "more than 256 requests without a response")
        {
            Honest = [H("GET /ten HTTP/1.1\r\nHost: localhost\r\n\r\n")],
            Whole = "GET /ten",
            Attack = [H(string.Concat(Enumerable.Repeat("GET /ten HTTP/1.1\r\nHost: localhost\r\n\r\n", 300)))],
        },
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);
}
