using System.Net;
using System.Net.Sockets;
using Tlmsp.AspNetCore;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Client.Tests;

/// <summary>Discoveries that come to nothing: one more connection at most, within the same time.</summary>
public class DiscoveryTests
{
    private static readonly Grant s_grant = Grant.Read(HttpContexts.Headers);

    [Fact]
    public async Task A_second_connection_that_fails_is_not_followed_by_a_third()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = new Uri($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}");
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(address);
        TlmspServerOptions wants = TlmspPeer.ServerOptions();
        wants.PathCompletion = _ => [middlebox.With(s_grant)];
        using HttpClient client = Client(address, tlmsp => tlmsp.Middleboxes.Accept(middlebox.Address, s_grant));

        Task<HttpRequestException> getting = Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/"));
        await Assert.ThrowsAsync<TlmspReconnectException>(() => TlmspPeer.AcceptAsync(listener, wants));

        // A server that knows nothing of the first connection, and would ask for more if it could.
        TlmspServerOptions forgetful = TlmspPeer.ServerOptions();
        forgetful.PathCompletion = offer => [middlebox.With(s_grant), .. offer.Middleboxes];
        TlmspException refused = await Assert.ThrowsAsync<TlmspException>(() => TlmspPeer.AcceptAsync(listener, forgetful));

        Assert.Equal(Misbehaviour.BadDiscovery, refused.Misbehaviour);
        TlmspException alert = Assert.IsType<TlmspException>((await getting).InnerException!.InnerException);
        Assert.Equal((true, TlmspAlert.DecodeError), (alert.FromPeer, alert.Alert));
        Assert.False(listener.Pending());
    }

    [Fact]
    public async Task The_time_for_the_handshake_holds_for_both_connections_together()
    {
        using var silent = new SilentListener();
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Insert($"localhost:{silent.Port}", s_grant));
        using HttpClient client = Client(server.Address, tlmsp =>
        {
            tlmsp.HandshakeTimeout = TimeSpan.FromSeconds(2);
            tlmsp.Middleboxes.Accept($"localhost:{silent.Port}", s_grant);
        });

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/hello"));

        string expected = $"localhost:{silent.Port} took longer than 00:00:02 (HandshakeTimeout)";
        Assert.Contains(expected, e.InnerException!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_middlebox_that_cannot_be_reached_fails_the_request()
    {
        int port = TestMiddlebox.FreePort();
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Insert($"localhost:{port}", s_grant));
        using HttpClient client = Client(server.Address, tlmsp => tlmsp.Middleboxes.Accept($"localhost:{port}", s_grant));

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/hello"));

        Assert.Equal(SocketError.ConnectionRefused, Assert.IsType<SocketException>(e.InnerException).SocketErrorCode);
    }

    [Fact]
    public async Task The_second_connection_goes_through_the_proxy_too()
    {
        using var proxy = new ConnectProxy();
        MiddleboxAllowList? list = null;
        await using TestServer server = await TestServer.StartAsync(tlmsp => list = tlmsp.Middleboxes);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address);
        list!.Insert(middlebox.Address, s_grant);
        using HttpClient client = Client(server.Address, tlmsp =>
        {
            tlmsp.Proxy = new WebProxy(proxy.Address);
            tlmsp.Middleboxes.Accept(middlebox.Address, s_grant);
        });

        Assert.Equal("hello", await client.GetStringAsync("/hello"));

        Assert.Equal(
            [$"localhost:{server.Address.Port}", $"localhost:{new Uri(middlebox.Address).Port}"],
            proxy.Heads.Select(head => head.Split(' ')[1]));
    }

    [Fact]
    public void A_middlebox_cannot_be_accepted_for_deleting_alone()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(
            () => new TlmspHandler(tlmsp => tlmsp.Middleboxes.Accept("waf.example:7001", Grant.Delete(HttpContexts.Body))));

        Assert.Contains("List the middlebox with Add to hold it to rd, or accept rw.", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_relaxed_mapping_takes_no_middlebox_that_may_write_heads_alone(bool policy)
    {
        int port = TestMiddlebox.FreePort();
        Grant grant = Grant.Write(HttpContexts.Headers);
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Insert($"localhost:{port}", grant));
        using HttpClient client = Client(server.Address, tlmsp =>
        {
            tlmsp.Mapping = HttpMappingMode.EtsiCurl;
            tlmsp.Middleboxes.Accept($"localhost:{port}", grant).Policy = policy ? _ => null : null;
        });

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/hello"));

        Assert.Contains("may write heads but not content", e.InnerException!.Message, StringComparison.Ordinal);
    }

    private static HttpClient Client(Uri server, Action<TlmspHttpOptions> configure) =>
        new(TestServer.Handler(configure)) { BaseAddress = server, Timeout = TimeSpan.FromSeconds(30) };
}
