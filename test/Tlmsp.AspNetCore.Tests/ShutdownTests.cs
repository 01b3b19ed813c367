using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>A server that is told to stop.</summary>
public class ShutdownTests
{
    // Kestrel gives up after 30 seconds and breaks connections off; an orderly stop takes none of that.
    private static readonly TimeSpan s_orderly = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_handshake_under_way_does_not_hold_a_stop_up(bool silent)
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.HandshakeTimeout = Timeout.InfiniteTimeSpan);
        using RawConnection connection = await RawConnection.OpenAcceptedAsync(server);
        if (!silent)
        {
            await connection.SendAsync(RawConnection.UnfinishedHello);
        }

        await server.StopAsync().WaitAsync(s_orderly);

        Assert.Empty(await connection.ReceiveToEndAsync());
        Assert.StartsWith("Debug:", await server.Logs.WaitForLineAsync("the server stops"), StringComparison.Ordinal);
        server.Logs.AssertQuiet();
    }

    [Fact]
    public async Task A_request_under_way_is_answered_before_the_server_stops()
    {
        var reached = new TaskCompletionSource();
        var mayAnswer = new TaskCompletionSource();
        await using TestServer server = await TestServer.StartAsync(map: app => app.MapGet("/late", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("be");
            await context.Response.Body.FlushAsync();
            reached.SetResult();
            await mayAnswer.Task;
            await context.Response.WriteAsync("fore");
        }));
        using HttpClient client = server.Client();
        Task<string> answer = client.GetStringAsync("/late");
        await reached.Task;

        Task stop = server.StopAsync();
        Assert.False(stop.IsCompleted);
        mayAnswer.SetResult();

        Assert.Equal("before", await answer);
        await stop.WaitAsync(s_orderly);
        server.Logs.AssertQuiet();
    }

    [Fact]
    public async Task Idle_connections_are_closed_and_clients_see_an_orderly_end()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using TlmspPeer peer = await TlmspPeer.ConnectAsync(server.Address, []);
        await peer.SendAsync(Http.HttpContexts.Headers, "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.StartsWith("1: HTTP/1.1 200 OK", await peer.ReceiveTextAsync(), StringComparison.Ordinal);

        await server.StopAsync().WaitAsync(s_orderly);

        Assert.Null(await peer.ReceiveEndAsync());
        Assert.True(peer.Session.Reader.IsClosed, "close_notify is due");
        using HttpClient client = server.Client();
        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/hello"));
        Assert.Equal(HttpRequestError.ConnectionError, e.HttpRequestError);
    }
}
