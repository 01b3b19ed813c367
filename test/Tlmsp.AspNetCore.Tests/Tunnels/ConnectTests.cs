using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests.Tunnels;

/// <summary>CONNECT, as HttpClient sends it: to a server that opens tunnels, byte by byte, and to Kestrel, which does not.</summary>
public class ConnectTests
{
    [Theory]
    [InlineData("head=r,body=r,tunnel=r")]
    [InlineData("head=r")]
    [InlineData("none")]
    [InlineData(null)]
    public async Task A_2xx_response_opens_a_tunnel_of_blocks(string? grant)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var server = new Uri($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}");
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server);
        using var client = new HttpClient(TestServer.Handler(tlmsp =>
        {
            tlmsp.Profile = HttpProfile.Two.WithTunnel();
            tlmsp.ServerName = "localhost";     // Host names where the tunnel goes
            if (grant is not null)
            {
                tlmsp.Middleboxes.Add(middlebox.Address, grant == "none" ? Grant.None : HttpContexts.ParseGrant(grant));
            }
        })) { BaseAddress = server, Timeout = TimeSpan.FromSeconds(30) };
        Task<HttpResponseMessage> connecting = client.SendAsync(Connect(), HttpCompletionOption.ResponseHeadersRead);
        await using TlmspPeer peer = await TlmspPeer.AcceptAsync(listener);
        Assert.StartsWith("1: CONNECT db.example:5432 HTTP/1.1\r\n", await peer.ReceiveTextAsync(), StringComparison.Ordinal);
        await peer.SendAsync(HttpContexts.Headers, "HTTP/1.1 200 Connected\r\n\r\n");
        using HttpResponseMessage response = await connecting;
        Stream stream = await response.Content.ReadAsStreamAsync();

        await stream.WriteAsync("hello"u8.ToArray());
        Assert.Equal("9: \0\u0005hello", await peer.ReceiveTextAsync());
        await peer.SendAsync((HttpContexts.Tunnel, "\0\u0003a"), (HttpContexts.Tunnel, "bc\0"), (HttpContexts.Tunnel, "\u0001d\0\0"));
        using var all = new MemoryStream();
        await stream.CopyToAsync(all);
        Assert.Equal("abcd", Encoding.ASCII.GetString(all.ToArray()));

        // HttpClient closes what it has read to the end.
        Assert.Equal("9: \0\0", await peer.ReceiveTextAsync());
        Assert.Null(await peer.ReceiveEndAsync());
        if (grant?.Contains("tunnel", StringComparison.Ordinal) is true)
        {
            Assert.Equal("hello", Encoding.ASCII.GetString(middlebox.Seen.TunnelOf(HttpDirection.Request)));
            Assert.Equal("abcd", Encoding.ASCII.GetString(middlebox.Seen.TunnelOf(HttpDirection.Response)));
        }
        else if (grant is not null)
        {
            Assert.Equal(7 + 10 + 2, middlebox.Seen.OpaqueTunnelBytes);
        }
    }

    [Fact]
    public async Task A_tunnel_that_the_server_cuts_off_is_no_end_of_data()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var server = new Uri($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}");
        using var client = new HttpClient(TestServer.Handler(tlmsp =>
        {
            tlmsp.Profile = HttpProfile.Four.WithTunnel();
            tlmsp.ServerName = "localhost";
        })) { BaseAddress = server };
        Task<HttpResponseMessage> connecting = client.SendAsync(Connect(), HttpCompletionOption.ResponseHeadersRead);
        await using TlmspPeer peer = await TlmspPeer.AcceptAsync(listener);
        await peer.ReceiveAsync();
        await peer.SendAsync(
            (HttpContexts.ResponseHeaders, "HTTP/1.1 200 Connected\r\n\r\n"), (HttpContexts.Tunnel, "\0\u0001a\0\u0005b"));
        await peer.SendCloseNotifyAsync();
        using HttpResponseMessage response = await connecting;
        Stream stream = await response.Content.ReadAsStreamAsync();

        using var all = new MemoryStream();
        IOException e = await Assert.ThrowsAnyAsync<IOException>(() => stream.CopyToAsync(all));

        Assert.Contains("inside a tunnel, without its end mark", e.Message, StringComparison.Ordinal);
        Assert.Equal("ab", Encoding.ASCII.GetString(all.ToArray()));
    }

    [Fact]
    public async Task Kestrel_declines_it_in_HTTP_and_what_it_would_accept_is_not_sent()
    {
        await using TestServer server = await TestServer.StartAsync(
            tlmsp => tlmsp.Profiles = [HttpProfile.Two.WithTunnel()],
            app => app.Use(next => context => context.Request.Method != "CONNECT" ? next(context)
                : context.Request.Host.Host == "db.example" ? context.Response.WriteAsync("connected")
                : context.Response.WriteAsync($"{context.Response.StatusCode = 403}")));
        using HttpClient client = server.Client(tlmsp =>
        {
            tlmsp.Profile = HttpProfile.Two.WithTunnel();
            tlmsp.ServerName = "localhost";
        });

        using HttpRequestMessage declined = Connect("other.example:1");
        using HttpResponseMessage response = await client.SendAsync(declined);
        Assert.Equal((HttpStatusCode.Forbidden, "403"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.SendAsync(Connect()));

        Assert.Contains(nameof(TlmspAlert.InternalError), e.ToString(), StringComparison.Ordinal);
        await server.Logs.WaitForLineAsync("a 2xx response to CONNECT with Content-Length or Transfer-Encoding");
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    private static HttpRequestMessage Connect(string host = "db.example:5432") =>
        new(HttpMethod.Connect, "/") { Headers = { Host = host } };
}
