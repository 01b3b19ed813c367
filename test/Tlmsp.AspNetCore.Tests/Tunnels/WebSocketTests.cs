using System.Net.WebSockets;
using System.Security.Authentication;
using System.Text;
using Tlmsp.Http;

namespace Tlmsp.AspNetCore.Tests.Tunnels;

/// <summary>ClientWebSocket and Kestrel's WebSockets over HTTP/1.1.</summary>
public class WebSocketTests
{
    private const string Reader = "head=r,body=r,tunnel=r";

    [Theory]
    [InlineData("two+tunnel", null)]
    [InlineData("two+tunnel", Reader)]
    [InlineData("two+tunnel", "none")]
    [InlineData("four+tunnel", null)]
    [InlineData("four+tunnel", "req-head=r,resp-head=r,tunnel=r")]
    [InlineData("four+secret+tunnel", "req-head=r,secret=r,tunnel=r")]
    [InlineData("four+tunnel", "none")]
    public async Task Messages_of_every_kind_and_size_come_back_and_the_client_closes(string profile, string? grant)
    {
        await using TunnelPath path = await TunnelPath.StartAsync(profile, grant);
        using ClientWebSocket socket = await path.ConnectAsync();

        Assert.Equal("hello", Encoding.UTF8.GetString(await EchoAsync(socket, "hello"u8.ToArray(), WebSocketMessageType.Text)));
        Assert.Empty(await EchoAsync(socket, [], WebSocketMessageType.Binary));
        byte[] large = new byte[1_000_000];
        new Random(1).NextBytes(large);
        Assert.Equal(large, await EchoAsync(socket, large, WebSocketMessageType.Binary));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", CancellationToken.None);

        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
        Assert.Equal("done", socket.CloseStatusDescription);
        Assert.Null(await path.Ended);
        path.Server.Logs.AssertQuiet();
        if (grant is not null)
        {
            AssertSeen(path, grant, large.Length);
        }
    }

    [Theory]
    [InlineData("two+tunnel", null)]
    [InlineData("four+tunnel", "none")]
    public async Task The_server_closes(string profile, string? grant)
    {
        await using TunnelPath path = await TunnelPath.StartAsync(profile, grant);
        using ClientWebSocket socket = await path.ConnectAsync();
        await socket.SendAsync("close"u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None);

        WebSocketReceiveResult received = await socket.ReceiveAsync(new byte[100], CancellationToken.None);

        Assert.Equal(WebSocketMessageType.Close, received.MessageType);
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, received.CloseStatus);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        Assert.Equal(WebSocketState.Closed, socket.State);
        Assert.Null(await path.Ended);
        path.Server.Logs.AssertQuiet();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("none")]
    public async Task A_client_that_aborts_has_not_closed(string? grant)
    {
        await using TunnelPath path = await TunnelPath.StartAsync("two+tunnel", grant);
        using ClientWebSocket socket = await path.ConnectAsync();
        await EchoAsync(socket, "hello"u8.ToArray(), WebSocketMessageType.Text);

        socket.Abort();

        var e = Assert.IsType<WebSocketException>(await path.Ended);
        Assert.Equal(WebSocketError.ConnectionClosedPrematurely, e.WebSocketErrorCode);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("none")]
    public async Task A_server_that_aborts_has_not_closed(string? grant)
    {
        await using TunnelPath path = await TunnelPath.StartAsync("two+tunnel", grant);
        using ClientWebSocket socket = await path.ConnectAsync();
        await socket.SendAsync("abort"u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None);

        var e = await Assert.ThrowsAsync<WebSocketException>(() => socket.ReceiveAsync(new byte[100], CancellationToken.None));

        Assert.Equal(WebSocketError.ConnectionClosedPrematurely, e.WebSocketErrorCode);
        Assert.IsAssignableFrom<IOException>(e.InnerException);
        Assert.Equal(WebSocketState.Aborted, socket.State);
    }

    [Fact]
    public async Task Without_the_option_the_client_says_how_to_opt_in_and_the_connection_is_lost_to_nobody_else()
    {
        await using TunnelPath path = await TunnelPath.StartAsync("two", accepted: [HttpProfile.Two, HttpProfile.Two.WithTunnel()]);

        var e = await Assert.ThrowsAsync<WebSocketException>(() => path.ConnectAsync());

        Assert.Contains("Upgrade: tunnels are not allowed on this connection", e.ToString(), StringComparison.Ordinal);
        Assert.Contains("HttpProfile.Two.WithTunnel()", e.ToString(), StringComparison.Ordinal);
        using HttpClient client = path.Client();
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        path.Server.Logs.AssertQuiet();
    }

    [Fact]
    public async Task A_server_that_does_not_accept_tunnels_refuses_the_profile()
    {
        await using TunnelPath path = await TunnelPath.StartAsync("two+tunnel", accepted: [HttpProfile.Two]);

        var e = await Assert.ThrowsAsync<WebSocketException>(() => path.ConnectAsync());

        Assert.Contains(nameof(AuthenticationException), e.ToString(), StringComparison.Ordinal);
        Assert.Contains(nameof(TlmspAlert.UnsupportedContext), e.ToString(), StringComparison.Ordinal);
        string line = await path.Server.Logs.WaitForLineAsync("profile two+tunnel is not accepted; accepted: two");
        Assert.Contains("add it to tlmsp.Profiles", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_WebSocket_is_answered_in_HTTP_and_the_connection_goes_on()
    {
        await using TunnelPath path = await TunnelPath.StartAsync("four+tunnel");

        await Assert.ThrowsAsync<WebSocketException>(() => path.ConnectAsync("/hello"));

        using HttpClient client = path.Client();
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    private static void AssertSeen(TunnelPath path, string grant, int least)
    {
        byte[] seen = path.Middlebox.Seen.TunnelOf(HttpDirection.Response);
        if (grant.Contains("tunnel=r", StringComparison.Ordinal))
        {
            // A server's frames are not masked: a text frame of five bytes is the first.
            Assert.Equal([0x81, 5, .. "hello"u8], seen[..7]);
            Assert.InRange(path.Middlebox.Seen.TunnelOf(HttpDirection.Request).Length, least, 2 * least);
            Assert.Equal(0, path.Middlebox.Seen.OpaqueTunnelBytes);
            Assert.Contains(path.Middlebox.Seen.Heads, head => head.Target == "/ws");
        }
        else
        {
            Assert.Empty(seen);
            Assert.InRange(path.Middlebox.Seen.OpaqueTunnelBytes, 2 * least, 3 * least);
        }
    }

    private static async Task<byte[]> EchoAsync(ClientWebSocket socket, byte[] message, WebSocketMessageType type)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        Task sending = socket.SendAsync(message, type, true, timeout.Token);
        byte[] echo = new byte[message.Length + 1];
        int count = 0;
        WebSocketReceiveResult received;
        do
        {
            received = await socket.ReceiveAsync(new ArraySegment<byte>(echo, count, echo.Length - count), timeout.Token);
            Assert.Equal(type, received.MessageType);
            count += received.Count;
        }
        while (!received.EndOfMessage);
        await sending;
        return echo[..count];
    }
}
