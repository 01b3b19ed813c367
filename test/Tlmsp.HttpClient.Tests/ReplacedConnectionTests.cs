using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Client.Tests;

/// <summary>A pooled connection that has ended is replaced, and no request notices.</summary>
public class ReplacedConnectionTests
{
    [Fact]
    public async Task After_a_response_that_closes_it()
    {
        await using TestServer server = await TestServer.StartAsync(map: app => app.MapGet("/last", (HttpContext context) =>
        {
            context.Response.Headers.Connection = "close";
            return "last";
        }));
        int sessions = 0;
        using HttpClient client = server.Client(tlmsp => tlmsp.SessionEstablished = _ => Interlocked.Increment(ref sessions));

        Assert.Equal("last", await client.GetStringAsync("/last"));
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        Assert.Equal("hello", await client.GetStringAsync("/hello"));

        Assert.Equal(2, sessions);
    }

    [Fact]
    public async Task After_the_server_closed_it_for_being_idle()
    {
        await using TestServer server = await TestServer.StartAsync(
            building: builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(1)));
        int sessions = 0;
        using HttpClient client = server.Client(tlmsp => tlmsp.SessionEstablished = _ => Interlocked.Increment(ref sessions));
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await server.Logs.WaitForAsync(
            entries => entries.Any(entry => entry.Line.Contains("stopped.", StringComparison.Ordinal)), timeout.Token);

        Assert.Equal("hello", await client.GetStringAsync("/hello"));

        Assert.Equal(2, sessions);
    }
}
