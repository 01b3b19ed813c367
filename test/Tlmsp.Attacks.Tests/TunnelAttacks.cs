using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.TestSupport;
using Xunit.Abstractions;
using static Tlmsp.Attacks.Tests.Messages;
using static Tlmsp.Attacks.Tests.Payload;

namespace Tlmsp.Attacks.Tests;

/// <summary>Tunnels, in which nobody who inspects HTTP would see any (A15, C5).</summary>
public class TunnelAttacks(AttackReport report, ITestOutputHelper output) : AttackFamily(report, output)
{
    internal static readonly AttackRow[] Rows =
    [
        new ClientAttack("A15", "CONNECT", "tunnels are not allowed on this connection")
        {
            Honest = [H(Post), B("hello")],
            Attack = [H("CONNECT localhost:22 HTTP/1.1\r\nHost: localhost:22\r\n\r\n")],
        },
        new ServerAttack("A15", "101 Switching Protocols", "tunnels are not allowed on this connection")
        {
            Honest = [H(Ok), B("hello")],
            Attack = [H("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n"), B("opaque")],
            Context = Head,
        },
        new ClientAttack("C5", "CONNECT before an inspector of heads", "tunnels are not allowed on this connection")
        {
            Inspector = "head=r",
            Honest = [H(Post), B("hello")],
            Attack = [H("CONNECT localhost:22 HTTP/1.1\r\nHost: localhost:22\r\n\r\n")],
        },
        new ClientAttack("A15", "an extended CONNECT before an inspector of heads", "CONNECT")
        {
            Http2 = true,
            Inspector = "head=r",
            Honest = [HF(1, EndHeaders, 1, UploadBlock()), new(Body, Data(1, "hello", ends: true))],
            Attack =
            [
                HF(
                    1, EndHeaders, 1,
                    [.. Field(":method", "CONNECT"), .. Field(":protocol", "websocket"), 0x87, 0x84, 0x01, 9, .. "localhost"u8]),
            ],
        },
        new OtherAttack(
            "A15", "client", "an upgrade, which the application accepts",
            "server, alert 80 InternalError: 101 never leaves, and the application's WebSocket is closed", UpgradeAsync),
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);

    /// <summary>Nothing of HTTP was wrong: it is the application that wants what the connection does not carry.</summary>
    private static async Task UpgradeAsync()
    {
        var socket = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using AttackedServer server = await AttackedServer.StartAsync(map: app =>
        {
            app.UseWebSockets();
            app.Map("/socket", async (HttpContext context) => socket.SetResult(await Record.ExceptionAsync(() => AcceptAsync(context))));
        });
        using (HttpClient honest = server.Server.Client())
        {
            Assert.Equal("helloworld", await honest.GetStringAsync("/ten"));
        }

        await using TlmspPeer client = await TlmspPeer.ConnectAsync(server.Address, []);
        await client.SendAsync(
            Head,
            "GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

        TlmspException? alert = await client.ReceiveEndAsync();
        Assert.Equal((true, TlmspAlert.InternalError), (alert?.FromPeer, alert?.Alert));
        await client.DisposeAsync();
        Assert.IsType<WebSocketException>(await socket.Task.WaitAsync(TimeSpan.FromSeconds(30)));
        await server.Server.Logs.WaitForLineAsync("tunnels are not allowed");
        Assert.Single(server.Server.Logs.Lines, line => line.Contains("tunnels are not allowed", StringComparison.Ordinal));
        server.AssertNothingLogged();
        await server.AssertBystanderAsync();
    }

    private static async Task AcceptAsync(HttpContext context)
    {
        using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
        await socket.ReceiveAsync(new byte[100], CancellationToken.None);
    }
}
