using System.Net;
using System.Net.Sockets;
using Tlmsp.TestSupport;

namespace Tlmsp.Client.Tests;

public class ProxyTests
{
    // Only ever named to a proxy that makes no tunnel to it.
    private static readonly Uri s_nowhere = new("https://orders.example/");

    [Fact]
    public async Task A_request_goes_through_a_tunnel_of_the_proxy()
    {
        await using TestServer server = await TestServer.StartAsync();
        using var proxy = new ConnectProxy();
        using HttpClient client = server.Client(tlmsp => tlmsp.Proxy = new WebProxy(proxy.Address));

        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        Assert.StartsWith($"CONNECT localhost:{server.Address.Port} HTTP/1.1\r\n", Assert.Single(proxy.Heads), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_are_sent_to_a_proxy_that_has_them()
    {
        await using TestServer server = await TestServer.StartAsync();
        using var proxy = new ConnectProxy(head => head.Contains("Proxy-Authorization: Basic dXNlcjpwYXNz\r\n", StringComparison.Ordinal)
            ? "HTTP/1.1 200 OK\r\n\r\n"
            : "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        using HttpClient client = server.Client(
            tlmsp => tlmsp.Proxy = new WebProxy(proxy.Address) { Credentials = new NetworkCredential("user", "pass") });

        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    [Theory]
    [InlineData("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "407")]
    [InlineData("HTTP/1.1 502 Bad Gateway\r\n\r\n", "502")]
    [InlineData("nothing of HTTP\r\n\r\n", "did not answer CONNECT with HTTP")]
    [InlineData("HTTP/1.1 20", "closed the connection")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\n\r\n", "101")]
    [InlineData("HTTP/1.1 502 Bad Gateway\r\nno field\r\n\r\n", "did not answer CONNECT with HTTP")]
    public async Task A_proxy_that_makes_no_tunnel_fails_the_request_and_nothing_goes_another_way(string answer, string expected)
    {
        int requests = 0;
        await using TestServer server = await TestServer.StartAsync(map: app => app.Use(next => context =>
        {
            Interlocked.Increment(ref requests);
            return next(context);
        }));
        using var proxy = new ConnectProxy(_ => answer);
        using HttpClient client = server.Client(tlmsp => tlmsp.Proxy = new WebProxy(proxy.Address));

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/hello"));
        Assert.Contains(expected, e.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_that_is_too_long_is_refused_whether_or_not_it_ends(bool ends)
    {
        using var proxy = new ConnectProxy(_ => $"HTTP/1.1 502 Bad Gateway\r\nX: {new string('x', 20_000)}{(ends ? "\r\n\r\n" : "")}");
        using var client = new HttpClient(TestServer.Handler(tlmsp => tlmsp.Proxy = new WebProxy(proxy.Address)));

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(s_nowhere));

        Assert.Contains("answered CONNECT with more than 16384 bytes", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proxy_that_does_not_answer_is_given_the_time_of_a_handshake()
    {
        using var silent = new SilentListener();
        using var client = new HttpClient(TestServer.Handler(tlmsp =>
        {
            tlmsp.Proxy = new WebProxy("127.0.0.1", silent.Port);
            tlmsp.HandshakeTimeout = TimeSpan.FromMilliseconds(300);
        }));

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(s_nowhere));

        Assert.Contains("(HandshakeTimeout)", e.ToString(), StringComparison.Ordinal);
        await silent.SpokenTo;
    }

    [Fact]
    public async Task A_proxy_that_is_not_there_is_a_connection_error()
    {
        using var bound = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));      // and does not listen: nobody else gets the port
        int port = ((IPEndPoint)bound.LocalEndPoint!).Port;
        using var client = new HttpClient(TestServer.Handler(tlmsp => tlmsp.Proxy = new WebProxy("127.0.0.1", port)));

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(s_nowhere));

        Assert.Equal(HttpRequestError.ConnectionError, e.HttpRequestError);
        Assert.IsType<SocketException>(e.InnerException);
    }

    [Fact]
    public async Task A_user_name_that_Basic_cannot_carry_is_not_sent()
    {
        using var proxy = new ConnectProxy();
        using var client = new HttpClient(TestServer.Handler(tlmsp =>
            tlmsp.Proxy = new WebProxy(proxy.Address) { Credentials = new NetworkCredential("us:er", "secret") }));

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(s_nowhere));

        Assert.Contains("has a colon, which Basic authentication cannot carry", e.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(proxy.Heads, head => head.Length > 0);
    }
}
