using Xunit.Abstractions;
using static Tlmsp.Attacks.Tests.Messages;
using static Tlmsp.Attacks.Tests.Payload;

namespace Tlmsp.Attacks.Tests;

/// <summary>More or less content than was announced (A3).</summary>
public class ContentLengthAttacks(AttackReport report, ITestOutputHelper output) : AttackFamily(report, output)
{
    internal static readonly AttackRow[] Rows =
    [
        new BoxAttack("A3", "surplus content under Content-Length", "Head bytes are due, and the container is in the Content context")
        {
            Grant = "body=rw",
            Resizing = false,
            Attack = Deeds.ChangeText(toServer: false, Body, content => content + "!"),
        },
        new BoxAttack("A3", "short content under Content-Length, and the end of the connection", "the connection ended inside a message")
        {
            Grant = "body=rw",
            Resizing = false,
            Attack = Deeds.Both(
                Deeds.ChangeText(toServer: false, Body, content => content[..^1]), Deeds.CloseAfter(toServer: false, Body)),
            Context = Head,
        },
        new BoxAttack("A3", "surplus content of a request", "Head bytes are due, and the container is in the Content context")
        {
            Grant = "body=rw",
            Resizing = false,
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = "hello",
            Attack = Deeds.ChangeText(toServer: true, Body, content => content + Evil),
            ServerNotices = true,
        },
        new ClientAttack("A3",
            "short content, so that the next head becomes content", "Content bytes are due, and the container is in the Head context")
        {
            Honest = [H(Post), B("hello")],
            Attack = [H(Post), B("hell"), H(Evil)],
        },
        new ServerAttack("A3",
            "surplus content, in a container of its own", "Head bytes are due, and the container is in the Content context")
        {
            Honest = [H(Ok), B("hello")],
            Attack = [H(Ok), B("hello"), B(Forged)],
            Behind = true,
        },
        new BoxAttack("A3", "more DATA than the head announces", "more content than the head announces")
        {
            Http2 = true,
            Grant = "body=rw",
            Resizing = false,
            Attack = Deeds.Change(toServer: false, Body, data => [.. Data(1, "!"), .. data]),
        },
        new BoxAttack("A3", "less DATA than the head announces", "less content than the head announces")
        {
            Http2 = true,
            Grant = "body=rw",
            Resizing = false,
            Attack = Deeds.Change(toServer: false, Body, _ => Data(1, "hell", ends: true)),
        },
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);
}
