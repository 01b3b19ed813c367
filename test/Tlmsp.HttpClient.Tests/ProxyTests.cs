using System.Net;
using Tlmsp.TestSupport;

namespace Tlmsp.Client.Tests;

public class ProxyTests
{
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
        using HttpClient client = server.Client(tlmsp => tlmsp.Proxy = new WebProxy(proxy.Address) { Credentials = new NetworkCredential("user", "pass") });

        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    [Theory]
    [InlineData("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "407")]
    [InlineData("HTTP/1.1 502 Bad Gateway\r\n\r\n", "502")]
    [InlineData("nothing of HTTP\r\n\r\n", "did not answer CONNECT with HTTP")]
    [InlineData("HTTP/1.1 20", "closed the connection")]
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
}
