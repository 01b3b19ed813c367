using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>Heads that are larger than a container, than Kestrel allows, and than the mapping allows.</summary>
public class LargeHeadTests
{
    private const int Large = 120_000;

    [Theory]
    [InlineData(30_000, "two", null)]
    [InlineData(30_000, "two+secret", "head=r")]
    [InlineData(Large, "four", "req-head=r,resp-head=r")]
    public async Task A_head_in_many_containers_arrives_in_both_directions(int size, string profile, string? grant)
    {
        var limits = new HttpFramerLimits { MaxHeadBytes = size + 2_000 };
        await using TestServer server = await StartAsync(limits, kestrelTotal: size + 2_000);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, options => options.HttpLimits = limits);
        using var client = new HttpClient(new Client.TlmspHandler(
            tlmsp =>
            {
                tlmsp.Trust.CustomRootTrust.Add(TestCertificates.Root);
                tlmsp.HttpLimits = limits;
                tlmsp.Profile = HttpProfile.Parse(profile);
                if (grant is not null)
                {
                    tlmsp.Middleboxes.Add(middlebox.Address, HttpContexts.ParseGrant(grant));
                }
            },
            handler => handler.MaxResponseHeadersLength = 200)) { BaseAddress = server.Address };

        using HttpResponseMessage response = await client.SendAsync(Request(size - 2_000));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(size - 2_000, response.Headers.Where(field => IsLarge(field.Key)).Sum(field => field.Value.Single().Length));
        if (grant is not null)
        {
            Assert.All(middlebox.Seen.Heads, head => Assert.Equal(
                size - 2_000, head.Fields.Where(field => IsLarge(field.Name)).Sum(field => field.Value.Length)));
            Assert.Equal(2, middlebox.Seen.Heads.Length);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("head=r,body=r")]
    public async Task What_is_more_than_Kestrel_takes_is_answered_with_431(string? grant)
    {
        await using TestServer server = await StartAsync(HttpFramerLimits.Default, kestrelTotal: 8_000);
        await using MiddleboxChain path = await MiddleboxChain.StartAsync(server, grant is null ? [] : [grant]);
        using HttpClient client = server.Client(tlmsp => path.Configure(tlmsp, HttpProfile.Two));

        using HttpResponseMessage response = await client.SendAsync(Request(20_000));

        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, response.StatusCode);
        Assert.True(response.Headers.ConnectionClose);
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    [Fact]
    public async Task What_is_more_than_the_mapping_takes_is_not_sent()
    {
        await using TestServer server = await StartAsync(HttpFramerLimits.Default, kestrelTotal: 100_000);
        using HttpClient client = server.Client();

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.SendAsync(Request(40_000)));

        Assert.Contains("head of more than 32768 bytes", e.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_more_than_the_mapping_takes_ends_the_connection_of_who_sends_it(bool inspected)
    {
        await using TestServer server = await StartAsync(HttpFramerLimits.Default, kestrelTotal: 100_000);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address);
        await using TlmspPeer peer = await TlmspPeer.ConnectAsync(
            server.Address, inspected ? [middlebox.With(Grant.Read(HttpContexts.Headers))] : []);

        await peer.SendAsync(HttpContexts.Headers, "GET / HTTP/1.1\r\nHost: a\r\n");
        for (int i = 0; i < 4; i++)
        {
            await peer.SendAsync(HttpContexts.Headers, $"X-Large: {new string('x', 10_000)}\r\n");
        }

        TlmspException? end = await peer.ReceiveEndAsync();
        Assert.Equal((TlmspAlert.IllegalParameter, HttpContexts.Headers), (end?.Alert, inspected ? HttpContexts.Headers : end?.ContextId));
        using HttpClient client = server.Client();
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    private static HttpRequestMessage Request(int size)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/large");
        for (int at = 0; at < size; at += 2_000)
        {
            request.Headers.Add($"X-Large-{at}", new string('x', Math.Min(2_000, size - at)));
        }

        return request;
    }

    private static bool IsLarge(string field) => field.StartsWith("X-Large-", StringComparison.Ordinal);

    private static Task<TestServer> StartAsync(HttpFramerLimits limits, int kestrelTotal) => TestServer.StartAsync(
        tlmsp =>
        {
            tlmsp.Middleboxes.Policy = _ => null;
            tlmsp.HttpLimits = limits;
            tlmsp.Profiles.Add(HttpProfile.Two.WithSecrets());
        },
        app => app.MapGet("/large", (HttpContext context) =>
        {
            foreach ((string name, StringValues value) in context.Request.Headers.Where(field => IsLarge(field.Key)))
            {
                context.Response.Headers[name] = value;
            }
        }),
        building: builder => builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestHeadersTotalSize = kestrelTotal;
        }));
}
