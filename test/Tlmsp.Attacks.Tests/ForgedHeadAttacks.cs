using Tlmsp.Http;
using Xunit.Abstractions;
using static Tlmsp.Attacks.Tests.Messages;
using static Tlmsp.Attacks.Tests.Payload;

namespace Tlmsp.Attacks.Tests;

/// <summary>A writer of content that makes a head of it, behind an early end (A2, C2).</summary>
public class ForgedHeadAttacks(AttackReport report, ITestOutputHelper output) : AttackFamily(report, output)
{
    internal static readonly AttackRow[] Rows =
    [
        new BoxAttack("A2",
            "a second response behind an early end of the content", "Head bytes are due, and the container is in the Content context")
        {
            Grant = "body=rw",
            Path = "/chunks",
            Attack = Deeds.ChangeText(toServer: false, Body, _ => "1\r\nx\r\n0\r\n\r\n" + Forged),
        },
        new BoxAttack("A2", "the same in a container of its own", "Head bytes are due, and the container is in the Content context")
        {
            Grant = "body=rw",
            Path = "/chunks",
            Attack = Deeds.Before(toServer: false, Body, direction =>
            {
                direction.Relay.Insert(Body, "1\r\nx\r\n0\r\n\r\n"u8, direction.Output);
                direction.Relay.Insert(Body, Latin1(Forged), direction.Output);
            }),
            Behind = "200 x",
        },
        new BoxAttack("C2", "a chunk terminator and a second request", "Head bytes are due, and the container is in the Content context")
        {
            Grant = "body=rw",
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = "hello",
            Attack = Deeds.ChangeText(toServer: true, Body, _ => "1\r\nx\r\n0\r\n\r\n" + Evil),
            ServerNotices = true,
        },
        new BoxAttack("C2",
            "a chunk terminator and a second request, in profile four", "Head bytes are due, and the container is in the Content context")
        {
            Grant = "req-body=rw",
            Profile = HttpProfile.Four,
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = "hello",
            Attack = Deeds.ChangeText(toServer: true, HttpContexts.RequestBody, _ => "1\r\nx\r\n0\r\n\r\n" + Evil),
            ServerNotices = true,
            Context = HttpContexts.RequestBody,
        },
        new BoxAttack("A2", "a second request behind DATA with END_STREAM", "HEADERS in the Content context")
        {
            Http2 = true,
            Grant = "body=rw",
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = "hello",
            Attack = Deeds.Change(toServer: true, Body, data => [.. data, .. Frame(1, 5, 3, UploadBlock())]),
            ServerNotices = true,
        },
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);
}
