using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests.Admin;

/// <summary>Who may ask the live page, and what browsers are told to refuse.</summary>
public class AdminGuardTests
{
    [Theory]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("127.0.0.1", HttpStatusCode.OK)]
    [InlineData("[::1]", HttpStatusCode.OK)]
    [InlineData("LOCALHOST:1234", HttpStatusCode.OK)]
    [InlineData("waf.example", HttpStatusCode.OK)]
    [InlineData("rebound.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("10.0.0.1", HttpStatusCode.MisdirectedRequest)]
    public async Task A_name_that_is_not_its_own_is_refused(string host, HttpStatusCode expected)
    {
        await using AdminPath path = await AdminPath.StartAsync("none", configure: page => page.HostNames.Add("waf.example"));
        foreach (string target in (string[])["/", "/api/paths", "/live.js"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, target);
            request.Headers.Host = host;
            using HttpResponseMessage response = await path.Page.SendAsync(request);
            Assert.Equal(expected, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("GET", "/", null, HttpStatusCode.OK)]
    [InlineData("HEAD", "/", null, HttpStatusCode.OK)]
    [InlineData("GET", "/live.css", "cross-site", HttpStatusCode.OK)]
    [InlineData("GET", "/api/paths", "same-origin", HttpStatusCode.OK)]
    [InlineData("GET", "/api/paths", "none", HttpStatusCode.OK)]
    [InlineData("GET", "/api/paths", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("GET", "/api/events", "same-site", HttpStatusCode.Forbidden)]
    [InlineData("POST", "/api/paths", null, HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "/", null, HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "/api/messages?after=-1", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/messages?after=x", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/api/messages/0", null, HttpStatusCode.NotFound)]
    [InlineData("GET", "/api/messages/99999999999999999999", null, HttpStatusCode.NotFound)]
    [InlineData("GET", "/live.html", null, HttpStatusCode.NotFound)]
    [InlineData("GET", "/../live.js", null, HttpStatusCode.OK)]
    public async Task Every_answer_tells_the_browser_what_to_refuse(string method, string target, string? site, HttpStatusCode expected)
    {
        await using AdminPath path = await AdminPath.StartAsync("none");
        using var request = new HttpRequestMessage(new HttpMethod(method), target);
        request.Headers.Add("Sec-Fetch-Site", site is null ? [] : [site]);

        using HttpResponseMessage response = await path.Page.SendAsync(request);

        Assert.Equal(expected, response.StatusCode);
        string policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.True(response.Headers.CacheControl?.NoStore);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task The_page_holds_no_script_or_style_of_its_own_and_names_no_other_host()
    {
        await using AdminPath path = await AdminPath.StartAsync("none");

        string page = await path.Page.GetStringAsync("/");
        string script = await path.Page.GetStringAsync("/live.js");

        Assert.DoesNotContain("style=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<style", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"<[^>]*\son[a-z]+=", page);
        Assert.Equal(2, page.Split("<script type=\"module\" src=\"/live.js\"></script>").Length);
        Assert.Equal(2, page.Split("<script").Length);
        Assert.Equal(["http://www.w3.org/2000/svg"], script.Split('\'').Where(part => part.StartsWith("http", StringComparison.Ordinal)));
        foreach (string sink in (string[])["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("])
        {
            Assert.DoesNotContain(sink, script, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Anything_but_loopback_is_refused_unless_that_is_said()
    {
        OptionsValidationException e = await Assert.ThrowsAsync<OptionsValidationException>(
            () => AdminPath.StartAsync("none", configure: page => page.Address = IPAddress.Any));
        Assert.Contains("AllowRemote", e.Message, StringComparison.Ordinal);

        await using AdminPath path = await AdminPath.StartAsync("none", configure: page =>
        {
            page.Address = IPAddress.Any;
            page.AllowRemote = true;
        });
        await path.Middlebox.Logs.WaitForLineAsync("Warning: The live page at");
        foreach ((string host, HttpStatusCode expected) in new[]
        {
            ("192.0.2.1", HttpStatusCode.OK), ("rebound.example", HttpStatusCode.MisdirectedRequest),
        })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/");
            request.Headers.Host = host;
            using HttpResponseMessage response = await path.Page.SendAsync(request);
            Assert.Equal(expected, response.StatusCode);
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(65536)]
    public void A_port_that_is_none_is_refused(int port)
    {
        OptionsValidationException e = Assert.Throws<OptionsValidationException>(new AdminPageOptions { Port = port }.Validate);
        Assert.Contains($"Port is {port}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task By_default_only_this_machine_reaches_it()
    {
        await using AdminPath path = await AdminPath.StartAsync("none");
        IPAddress[] others = [.. (await Dns.GetHostAddressesAsync(Dns.GetHostName())).Where(each => !IPAddress.IsLoopback(each))];

        Assert.Equal(IPAddress.Loopback, new AdminPageOptions().Address);
        await path.Middlebox.Logs.WaitForLineAsync($"The live page of the TLMSP middlebox is at http://127.0.0.1:{path.Port}");
        foreach (IPAddress other in others)
        {
            using var socket = new TcpClient(other.AddressFamily);
            await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(other, path.Port));
        }
    }
}
