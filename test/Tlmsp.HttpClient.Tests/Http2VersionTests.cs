using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Client.Tests;

/// <summary>Which version of HTTP a request is sent with; the purposes of the contexts agree on it, on one port.</summary>
public class Http2VersionTests
{
    private const string Refused = "alert 175";

    [Theory]
    [InlineData("1.1", HttpVersionPolicy.RequestVersionOrLower, "HTTP/1.1")]
    [InlineData("1.1", HttpVersionPolicy.RequestVersionExact, "HTTP/1.1")]
    [InlineData("1.1", HttpVersionPolicy.RequestVersionOrHigher, "HTTP/2")]
    [InlineData("2.0", HttpVersionPolicy.RequestVersionExact, "HTTP/2")]
    [InlineData("2.0", HttpVersionPolicy.RequestVersionOrLower, "HTTP/2")]
    [InlineData("2.0", HttpVersionPolicy.RequestVersionOrHigher, "HTTP/2")]
    [InlineData("3.0", HttpVersionPolicy.RequestVersionOrLower, "HTTP/2")]
    public async Task A_request_goes_as_its_version_policy_says(string version, HttpVersionPolicy policy, string protocol)
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient client = server.Client();

        using HttpResponseMessage response = await SendAsync(client, version, policy);

        Assert.Equal($"https {protocol} ", (await response.Content.ReadAsStringAsync())[..(7 + protocol.Length)]);
        Assert.Equal(protocol, response.Version.Major == 2 ? "HTTP/2" : "HTTP/1.1");
    }

    [Theory]
    [InlineData("two")]
    [InlineData("four")]
    [InlineData("five")]
    public async Task Every_profile_carries_both_versions_on_one_port(string name)
    {
        HttpProfile profile = name switch { "two" => HttpProfile.Two, "four" => HttpProfile.Four, _ => HttpProfile.Five };
        await using TestServer server = await TestServer.StartAsync();
        var contexts = new List<string>();
        using HttpClient client = server.Client(tlmsp =>
        {
            tlmsp.Profile = profile;
            tlmsp.SessionEstablished = session => contexts.Add(string.Join(',', session.Contexts.Select(context => context.Id)));
        });

        Assert.Equal(HttpVersion.Version20, (await SendAsync(client, "2.0", HttpVersionPolicy.RequestVersionExact)).Version);
        Assert.Equal(HttpVersion.Version11, (await SendAsync(client, "1.1", HttpVersionPolicy.RequestVersionExact)).Version);

        Assert.Equal(profile.For(HttpWireVersion.Http2).ContextIds, contexts[0].Split(',').Select(byte.Parse));
        Assert.Equal(profile.For(HttpWireVersion.Http11).ContextIds, contexts[1].Split(',').Select(byte.Parse));
    }

    [Fact]
    public async Task A_server_without_HTTP_2_is_asked_once_and_then_gets_HTTP_1()
    {
        await using TestServer server = await TestServer.StartAsync(listening: listen => listen.Protocols = HttpProtocols.Http1);
        using HttpClient client = server.Client();

        for (int i = 0; i < 3; i++)
        {
            using HttpResponseMessage response = await SendAsync(client, "2.0", HttpVersionPolicy.RequestVersionOrLower);
            Assert.Equal(HttpVersion.Version11, response.Version);
        }

        // A request that insists does not ask again either.
        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(
            () => SendAsync(client, "2.0", HttpVersionPolicy.RequestVersionExact));
        Assert.Equal(HttpRequestError.VersionNegotiationError, e.HttpRequestError);
        await server.Logs.WaitForLineAsync("Http2 is off");
        Assert.Single(server.Logs.Lines, line => line.Contains("Http2 is off", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(HttpVersionPolicy.RequestVersionExact)]
    [InlineData(HttpVersionPolicy.RequestVersionOrHigher)]
    public async Task A_request_that_insists_on_HTTP_2_fails_where_there_is_none(HttpVersionPolicy policy)
    {
        await using TestServer server = await TestServer.StartAsync(listening: listen => listen.Protocols = HttpProtocols.Http1);
        using HttpClient client = server.Client();

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => SendAsync(client, "2.0", policy));

        Assert.Equal(HttpRequestError.VersionNegotiationError, e.HttpRequestError);
        Assert.Contains(Refused, e.Message, StringComparison.Ordinal);
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    [Fact]
    public async Task An_endpoint_for_HTTP_2_alone_refuses_HTTP_1()
    {
        await using TestServer server = await TestServer.StartAsync(listening: listen => listen.Protocols = HttpProtocols.Http2);
        using HttpClient client = server.Client();
        Assert.Equal(HttpVersion.Version20, (await SendAsync(client, "2.0", HttpVersionPolicy.RequestVersionExact)).Version);

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(
            () => SendAsync(client, "1.1", HttpVersionPolicy.RequestVersionExact));

        Assert.Equal(TlmspAlert.UnsupportedContext, Assert.IsType<TlmspException>(e.InnerException!.InnerException).Alert);
        await server.Logs.WaitForLineAsync("Http1 is off");
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string version, HttpVersionPolicy policy) =>
        client.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/info") { Version = Version.Parse(version), VersionPolicy = policy });
}
