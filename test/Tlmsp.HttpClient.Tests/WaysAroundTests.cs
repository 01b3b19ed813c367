using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tlmsp.TestSupport;

namespace Tlmsp.Client.Tests;

/// <summary>Nothing leaves a TLMSP handler but over TLMSP, and nothing shares a connection made under another policy.</summary>
public class WaysAroundTests
{
    [Fact]
    public async Task A_redirect_to_cleartext_is_not_followed()
    {
        await using TestServer server = await TestServer.StartAsync(
            map: app => app.MapGet("/away", () => Results.Redirect("http://localhost:1/")));
        using HttpClient client = server.Client();

        using HttpResponseMessage response = await client.GetAsync("/away");
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
    }

    [Theory]
    [InlineData(HttpVersionPolicy.RequestVersionExact)]
    [InlineData(HttpVersionPolicy.RequestVersionOrHigher)]
    public async Task A_request_that_insists_on_HTTP_3_fails(HttpVersionPolicy policy)
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient client = server.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/hello")
        {
            Version = HttpVersion.Version30,
            VersionPolicy = policy,
        };

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.SendAsync(request));
        Assert.Equal(HttpRequestError.VersionNegotiationError, e.HttpRequestError);
    }

    [Fact]
    public async Task Many_first_requests_that_allow_HTTP_2_all_succeed()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient client = server.Client();
        client.DefaultRequestVersion = HttpVersion.Version20;

        string[] answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.GetStringAsync("/hello")));
        Assert.All(answers, answer => Assert.Equal("hello", answer));
    }

    [Fact]
    public async Task Clients_of_the_factory_with_different_policies_share_no_connection()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address);
        var sessions = new List<(string Client, int Middleboxes)>();
        var services = new ServiceCollection();
        foreach (string name in (string[])["direct", "inspected"])
        {
            services.AddHttpClient(name).UseTlmsp(tlmsp =>
            {
                tlmsp.Trust.CustomRootTrust.Add(TestCertificates.Root);
                tlmsp.SessionEstablished = session => sessions.Add((name, session.Middleboxes.Count));
                if (name == "inspected")
                {
                    tlmsp.Middleboxes.Add(middlebox.Address, Grant.Read(1));
                }
            });
        }

        await using ServiceProvider provider = services.BuildServiceProvider();
        var factory = provider.GetRequiredService<IHttpClientFactory>();
        for (int i = 0; i < 2; i++)
        {
            foreach (string name in (string[])["direct", "inspected"])
            {
                Assert.Equal("hello", await factory.CreateClient(name).GetStringAsync(new Uri(server.Address, "/hello")));
            }
        }

        Assert.Equal([("direct", 0), ("inspected", 1)], sessions);
    }

    [Fact]
    public void A_mistake_in_the_options_shows_when_the_client_is_registered()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() =>
            new ServiceCollection().AddHttpClient("orders").UseTlmsp(tlmsp => tlmsp.HandshakeTimeout = TimeSpan.Zero));
        Assert.Contains("HandshakeTimeout", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_request_ends_at_once_and_the_next_one_works()
    {
        await using TestServer server = await TestServer.StartAsync(map: app => app.MapGet("/wait", async (HttpContext context) =>
            await Task.Delay(Timeout.Infinite, context.RequestAborted)));
        using HttpClient client = server.Client();
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        using var cancelled = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetAsync("/wait", cancelled.Token));
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }
}
