using System.Buffers;
using System.Collections.Concurrent;
using Tlmsp.Http;
using Tlmsp.TestSupport;
using Xunit.Abstractions;
using static Tlmsp.Attacks.Tests.Messages;
using static Tlmsp.Attacks.Tests.Payload;

namespace Tlmsp.Attacks.Tests;

/// <summary>Middleboxes that write what they may read at most (A13 at the endpoints, C11).</summary>
public class ForgeryAttacks(AttackReport report, ITestOutputHelper output) : AttackFamily(report, output)
{
    internal static readonly AttackRow[] Rows =
    [
        new BoxAttack("A13", "content changed by its reader", "BadWriterMac")
        {
            Grant = "body=r",
            Attack = Deeds.Replace(toServer: false, Body, direction => direction.Flow.Impersonate(Body, "HELLOWORLD"u8, direction.Output)),
            Alert = TlmspAlert.BadWriterMac,
        },
        new BoxAttack("A13", "a head changed by its reader", "BadWriterMac")
        {
            Grant = "head=r",
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = "hello",
            Attack = Deeds.Replace(toServer: true, Head, direction => direction.Flow.Impersonate(Head, Latin1(Evil), direction.Output)),
            ServerNotices = true,
            Alert = TlmspAlert.BadWriterMac,
            Context = Head,
        },
        new BoxAttack("A13", "DATA changed by its reader", "BadWriterMac")
        {
            Http2 = true,
            Grant = "body=r",
            Attack = Deeds.Replace(
                toServer: false, Body, direction => direction.Flow.Impersonate(Body, Data(1, "HELLOWORLD", true), direction.Output)),
            Alert = TlmspAlert.BadWriterMac,
        },
        new BoxAttack("A13", "a request inserted by a reader of heads", "NotPermitted")
        {
            Grant = "head=r",
            Attack = Deeds.Before(toServer: true, Head, direction => direction.Flow.Write(Head, Latin1(Evil), direction.Output)),
            ServerNotices = true,
            Alert = TlmspAlert.InternalError,
            Context = 0,
        },
        new BoxAttack("C11", "content replaced by who sees its length alone", "BadFragmentTag")
        {
            Grant = "",
            Attack = Deeds.Replace(toServer: false, Body, direction => direction.Flow.Impersonate(Body, "HELLOWORLD"u8, direction.Output)),
            Alert = TlmspAlert.BadReaderMac,
        },
        new BoxAttack("C11", "a request inserted by who sees lengths alone", "NotPermitted")
        {
            Grant = "",
            Attack = Deeds.Before(toServer: true, Head, direction => direction.Flow.Write(Head, Latin1(Evil), direction.Output)),
            ServerNotices = true,
            Alert = TlmspAlert.InternalError,
            Context = 0,
        },
        new BoxAttack("C11", "DATA replaced by who sees its length alone", "BadFragmentTag")
        {
            Http2 = true,
            Grant = "",
            Attack = Deeds.Replace(
                toServer: false, Body, direction => direction.Flow.Impersonate(Body, Data(1, "HELLOWORLD", true), direction.Output)),
            Alert = TlmspAlert.BadReaderMac,
        },
        new OtherAttack("A13", "middlebox with head=r", "a head changed for another reader behind it",
            "server, alert 178 BadWriterMac in context 1; the inspector behind has seen the forged head", DeceiveReaderAsync),
        new OtherAttack("C11", "middlebox with no access", "reading what passes",
            "the middlebox has contexts, directions and lengths, and not one byte of plaintext", ObserveAsync),
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);

    /// <summary>A downstream reader cannot notice (http-mapping §13 item 7): the endpoint does.</summary>
    private static async Task DeceiveReaderAsync()
    {
        await using AttackedServer server = await AttackedServer.StartAsync();
        await using TestMiddlebox inspector = await TestMiddlebox.StartAsync(server.Address);
        await using HostileBox box = HostileBox.Start(Deeds.Replace(
            toServer: true, Head, direction => direction.Flow.Impersonate(Head, Latin1(Evil), direction.Output)));
        using (HttpClient honest = Client())
        {
            Assert.Equal("helloworld", await honest.GetStringAsync("/ten"));
        }

        Assert.Equal("/ten", inspector.Seen.Heads[0].Target);
        box.IsArmed = true;
        using (HttpClient client = Client())
        {
            Exception? e = await Record.ExceptionAsync(() => client.GetStringAsync("/ten"));
            Faults.AssertTold(e, TlmspAlert.BadWriterMac);
        }

        Assert.Contains(inspector.Seen.Heads, head => head is { Direction: HttpDirection.Request, Target: "/evil" });
        Assert.Equal([(false, TlmspAlertLevel.Fatal, TlmspAlert.BadWriterMac, Head)], box.Alerts);
        await server.AssertLoggedOnceAsync("BadWriterMac in context 1");
        Assert.Equal(["GET /ten"], server.Whole);
        await server.AssertBystanderAsync();

        HttpClient Client() => server.Server.Client(tlmsp =>
        {
            tlmsp.Middleboxes.Add(box.Address, Grant.Read(Head));
            tlmsp.Middleboxes.Add(inspector.Address, Grant.Read(Head));
        });
    }

    private static async Task ObserveAsync()
    {
        var seen = new ConcurrentQueue<(bool ToServer, byte ContextId, int Length, int Readable)>();
        await using AttackedServer server = await AttackedServer.StartAsync();
        await using HostileBox box = HostileBox.Start(direction => (in RelayedContainer container, IBufferWriter<byte> _) =>
        {
            seen.Enqueue((direction.ToServer, container.ContextId, container.PlaintextLength, container.Plaintext.Length));
            Assert.False(container.CanRead || container.CanWrite);
            return RelayAction.Forward;
        });
        box.IsArmed = true;
        using HttpClient client = server.Server.Client(tlmsp => tlmsp.Middleboxes.Add(box.Address, Grant.None));

        Assert.Equal("stored", await (await client.PostAsync("/upload", new StringContent("hello"))).Content.ReadAsStringAsync());

        Assert.All(seen, one => Assert.Equal(0, one.Readable));
        Assert.Equal(
            [(true, Head), (true, Body), (false, Head), (false, Body)], seen.Select(one => (one.ToServer, one.ContextId)).Distinct());
        Assert.Equal("hello".Length, seen.ElementAt(1).Length);
        Assert.Equal(["POST /upload hello"], server.Whole);
        server.AssertNothingLogged();
        await server.AssertBystanderAsync();
    }
}
