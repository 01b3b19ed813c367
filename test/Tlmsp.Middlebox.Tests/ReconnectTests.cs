using System.Net;
using System.Net.Sockets;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>A server puts this middlebox on the path of a client that has not listed it.</summary>
public class ReconnectTests
{
    [Fact]
    public async Task A_client_comes_back_over_the_middlebox_that_the_server_inserts()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = new Uri($"tlmsp://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}");
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(address);
        TlmspServerOptions server = TlmspPeer.ServerOptions();
        server.PathCompletion = _ => [middlebox.With(Grant.Read(HttpContexts.Headers))];
        TlmspClientOptions client = TlmspPeer.ClientOptions(address, []);
        client.PathPolicy = _ => null;

        Task<TlmspPeer> connecting = TlmspPeer.DiscoverAsync(client);
        TlmspReconnectException first = await Assert.ThrowsAsync<TlmspReconnectException>(() => TlmspPeer.AcceptAsync(listener, server));
        await using TlmspPeer serving = await TlmspPeer.AcceptAsync(listener, server);
        await using TlmspPeer connected = await connecting;

        Assert.Null(first.Discovery);
        Assert.Equal([middlebox.Address], connected.Session.Info.Middleboxes.Select(box => box.Address.Text));
        await connected.SendMessageAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "");
        Assert.Equal("1: GET / HTTP/1.1\r\nHost: a\r\n\r\n", await serving.ReceiveTextAsync());
        Assert.Equal("/", Assert.Single(middlebox.Seen.Heads).Target);
    }

    [Fact]
    public async Task A_client_that_does_not_want_it_does_not_come_back()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = new Uri($"tlmsp://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}");
        TlmspServerOptions server = TlmspPeer.ServerOptions();
        server.PathCompletion = _ => [new TlmspMiddlebox(TlmspAddress.Parse("tlmsp://localhost:1"), Grant.Read(HttpContexts.Headers))];

        Task<TlmspException> refusing = Assert.ThrowsAsync<TlmspException>(() => TlmspPeer.DiscoverAsync(TlmspPeer.ClientOptions(address, [])));
        TlmspException refused = await Assert.ThrowsAsync<TlmspException>(() => TlmspPeer.AcceptAsync(listener, server));

        Assert.Equal((TlmspAlert.MiddleboxAuthorizationFailure, true), (refused.Alert, refused.FromPeer));
        Assert.False((await refusing).FromPeer);
    }
}
