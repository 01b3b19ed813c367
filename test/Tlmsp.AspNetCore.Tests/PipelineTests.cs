using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>Middleware and browsers' rules that ask whether a request is secure.</summary>
public class PipelineTests
{
    [Fact]
    public async Task HTTPS_redirection_lets_TLMSP_requests_pass_and_sends_cleartext_ones_to_the_TLMSP_port()
    {
        await using TestServer server = await TestServer.StartAsync(
            map: app => app.UseHttpsRedirection(),
            building: builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0)));
        using HttpClient client = server.Client();
        using var cleartext = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        int cleartextPort = server.Urls.Single(url => url.Scheme == "http").Port;

        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        using HttpResponseMessage redirect = await cleartext.GetAsync(new Uri($"http://localhost:{cleartextPort}/hello"));
        Assert.Equal(HttpStatusCode.TemporaryRedirect, redirect.StatusCode);
        Assert.Equal(new Uri($"https://localhost:{server.Address.Port}/hello"), redirect.Headers.Location);
        Assert.Equal("hello", await client.GetStringAsync(redirect.Headers.Location));
    }

    [Fact]
    public async Task Secure_cookies_come_back()
    {
        await using TestServer server = await TestServer.StartAsync(map: app =>
        {
            app.MapGet("/set", (HttpContext context) =>
                context.Response.Cookies.Append("ticket", "42", new CookieOptions { Secure = context.Request.IsHttps, HttpOnly = true }));
            app.MapGet("/get", (HttpContext context) => context.Request.Cookies["ticket"] ?? "none");
        });
        using HttpClient client = server.Client();

        using HttpResponseMessage set = await client.GetAsync("/set");

        Assert.Contains("secure", Assert.Single(set.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
        Assert.Equal("42", await client.GetStringAsync("/get"));
    }

    [Fact]
    public async Task Absolute_links_are_https()
    {
        await using TestServer server = await TestServer.StartAsync(map: app => app.MapGet("/self", (HttpContext context) =>
            $"{context.Request.Scheme}://{context.Request.Host}{context.Request.Path}"));
        using HttpClient client = server.Client();

        Assert.Equal(new Uri(server.Address, "/self").ToString(), await client.GetStringAsync("/self"));
    }
}
