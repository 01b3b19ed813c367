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
            "A15", "server", "an upgrade that the application accepts", "server: 101 never leaves, and the WebSocket fails", UpgradeAsync),
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);

    private static async Task UpgradeAsync()
    {
        await using AttackedServer server = await AttackedServer.StartAsync(map: app =>
        {
            app.UseWebSockets();
            app.Map("/socket", async (HttpContext context) =>
            {
                using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
                await socket.ReceiveAsync(new byte[100], CancellationToken.None);
            });
        });
        using var invoker = new HttpMessageInvoker(TestServer.Handler());
        using var socket = new ClientWebSocket();
        var uri = new UriBuilder(server.Address) { Scheme = "wss", Path = "/socket" }.Uri;

        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(uri, invoker, CancellationToken.None));

        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Address, "/ten"));
        using HttpResponseMessage response = await invoker.SendAsync(request, CancellationToken.None);
        Assert.Equal("helloworld", await response.Content.ReadAsStringAsync());
        await server.AssertBystanderAsync();
    }
}
