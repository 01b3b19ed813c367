using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests.Http2;

/// <summary>Tunnels over HTTP/2 (RFC 8441) are not mapped: a box that reads heads would not see what is in them.</summary>
public class TunnelTests
{
    [Fact]
    public async Task A_WebSocket_over_HTTP_2_is_not_offered_and_other_requests_go_on()
    {
        bool reached = false;
        await using TestServer server = await TestServer.StartAsync(map: app =>
        {
            app.UseWebSockets();
            app.Map("/socket", async (HttpContext context) =>
            {
                reached = true;
                using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            });
        });
        using var invoker = new HttpMessageInvoker(TestServer.Handler());
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        var uri = new UriBuilder(server.Address) { Scheme = "wss", Path = "/socket" }.Uri;

        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(uri, invoker, CancellationToken.None));

        Assert.False(reached);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Address, "/hello")) { Version = HttpVersion.Version20 };
        using HttpResponseMessage response = await invoker.SendAsync(request, CancellationToken.None);
        Assert.Equal((HttpStatusCode.OK, HttpVersion.Version20), (response.StatusCode, response.Version));
    }
}
