using Tlmsp.TestSupport;
using Xunit.Abstractions;
using static Tlmsp.Attacks.Tests.Payload;

namespace Tlmsp.Attacks.Tests;

/// <summary>Empty containers, which some take for an end (A10).</summary>
public class EmptyContainerAttacks(AttackReport report, ITestOutputHelper output) : AttackFamily(report, output)
{
    internal static readonly AttackRow[] Rows =
    [
        new BoxAttack("A10", "a flood of empty containers", "EmptyContainerFlood")
        {
            Grant = "body=rw",
            Attack = Deeds.Before(toServer: false, Body, direction => Flood(direction, 33)),
            Alert = TlmspAlert.UnexpectedMessage,
            Context = 0,
        },
        new BoxAttack("A10", "a flood of empty containers to the server", "EmptyContainerFlood")
        {
            Grant = "body=rw",
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = "hello",
            Attack = Deeds.Before(toServer: true, Body, direction => Flood(direction, 33)),
            ServerNotices = true,
            Alert = TlmspAlert.UnexpectedMessage,
            Context = 0,
        },
        new BoxAttack("A10", "a flood of empty containers", "EmptyContainerFlood")
        {
            Http2 = true,
            Grant = "body=rw",
            Attack = Deeds.Before(toServer: false, Body, direction => Flood(direction, 33)),
            Alert = TlmspAlert.UnexpectedMessage,
            Context = 0,
        },
        new BoxAttack("A10",
            "an empty container as an end of the content, and the end of the connection", "the connection ended inside a message")
        {
            Grant = "body=rw",
            Path = "/chunks",
            Attack = Deeds.Both(
                Deeds.Before(toServer: false, Body, direction => Flood(direction, 1)), Deeds.CloseAfter(toServer: false, Body)),
            Context = Head,
        },
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);

    private static void Flood(RelayDirection direction, int count)
    {
        for (int i = 0; i < count; i++)
        {
            direction.Flow.Write(Body, [], direction.Output);
        }
    }
}
