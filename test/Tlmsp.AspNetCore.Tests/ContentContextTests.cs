using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tlmsp.Client;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>Endpoints name the context of their content, and both ends hold each other to it.</summary>
public class ContentContextTests
{
    private const string Everything = "req-head=r,req-body=r,resp-head=r,resp-body=r,content:media=r";
    private static readonly HttpProfile s_profile = HttpProfile.Four.WithContent("pii", "media");

    public static TheoryData<string, string> Endpoints => new()
    {
        { "1.1", "/customers/7" },
        { "2.0", "/customers/7" },
        { "1.1", "/people" },
        { "2.0", "/people" },
        { "1.1", "/people/media" },
        { "2.0", "/people/media" },
    };

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Content_travels_where_its_endpoint_says_and_only_who_was_granted_that_sees_it(string version, string path)
    {
        string name = path.EndsWith("media", StringComparison.Ordinal) ? "media" : "pii";
        await using TestServer server = await StartAsync();
        await using MiddleboxChain chain = await MiddleboxChain.StartAsync(
            server, $"content:{name}=r", Everything.Replace("media", name == "pii" ? "media" : "pii"));
        using HttpClient client = Client(server, version, tlmsp =>
        {
            chain.Configure(tlmsp, s_profile);
            tlmsp.Content.Map("/customers/**", "pii").Map("/people/**", "pii").Map("/people/media", "media");
        });

        for (int i = 0; i < 2; i++)
        {
            Assert.Equal("personal", await PostAsync(client, path, "personal"));
            Assert.Equal("public", await PostAsync(client, "/echo", "public"));
        }

        Assert.Equal(string.Concat(Enumerable.Repeat("personal", 4)), Encoding.ASCII.GetString(chain[0].Seen.Content));
        Assert.Empty(chain[0].Seen.Heads);
        Assert.Equal(string.Concat(Enumerable.Repeat("public", 4)), Encoding.ASCII.GetString(chain[1].Seen.Content));
        Assert.Equal(8, chain[1].Seen.Heads.Length);
        Assert.True(chain[1].Seen.OpaqueContentBytes >= 4 * "personal".Length);
    }

    [Theory]
    [InlineData("1.1", "/customers/7", null, true)]
    [InlineData("2.0", "/customers/7", null, true)]
    [InlineData("1.1", "/customers/7", "media", true)]
    [InlineData("2.0", "/customers/7", "media", true)]
    [InlineData("1.1", "/customers/7", "media", false)]
    [InlineData("1.1", "/people", null, true)]
    [InlineData("1.1", "/echo", "pii", true)]
    [InlineData("2.0", "/echo", "pii", true)]
    public async Task A_request_in_another_context_than_its_endpoint_names_gets_421_and_its_connection_ends(
        string version, string path, string? name, bool hasContent)
    {
        int connections = 0;
        await using TestServer server = await StartAsync();
        using HttpClient client = Client(server, version, tlmsp => tlmsp.SessionEstablished = _ => Interlocked.Increment(ref connections));

        using var request = new HttpRequestMessage(hasContent ? HttpMethod.Post : HttpMethod.Get, path)
        {
            Version = client.DefaultRequestVersion,
            VersionPolicy = client.DefaultVersionPolicy,
            Content = hasContent ? new StringContent("misplaced") : null,
        };
        using HttpResponseMessage response = await client.SendAsync(request.SetTlmspContent(name));

        Assert.Equal(HttpStatusCode.MisdirectedRequest, response.StatusCode);
        Assert.Equal(version == "1.1" ? true : null, response.Headers.ConnectionClose);
        await server.Logs.WaitForLineAsync(
            $"names {(path == "/echo" ? "no content context" : "the content context 'pii'")}, and its content is in {(name is null ? "the body context" : $"'{name}'")}.");
        Assert.DoesNotContain(server.Logs.Lines, line => line.Contains("the handler runs", StringComparison.Ordinal));
        Assert.Equal("right", await PostAsync(client, "/customers/8", "right", "pii"));
        await server.Logs.WaitForLineAsync("the handler runs for 8");
        Assert.Equal(2, connections);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_request_without_content_need_not_name_the_context_but_the_client_takes_no_content_that_it_did_not_ask_for_there(string version)
    {
        await using TestServer server = await StartAsync();
        using HttpClient client = Client(server, version);

        Assert.Equal("customer 7", await GetAsync(client, "/customers/7", "pii"));
        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/customers/7"));

        Assert.Contains("comes in the content context 'pii', and its request named body", e.Message, StringComparison.Ordinal);
        await server.Logs.WaitForLineAsync("the handler runs");
        await server.Logs.WaitForLineAsync("ended:");
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_client_refuses_content_from_a_server_that_does_not_keep_to_the_context(string version)
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Profiles = [s_profile]);
        using HttpClient client = Client(server, version, tlmsp => tlmsp.Content.Map("/echo", "pii"));

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => PostAsync(client, "/echo", "personal"));

        Assert.Contains("comes in the content context body, and its request named 'pii'", e.Message, StringComparison.Ordinal);
        await server.Logs.WaitForLineAsync("ended:");
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Error_pages_and_unknown_paths_are_answered_in_the_context_that_the_request_named(string version)
    {
        await using TestServer server = await StartAsync(app =>
        {
            app.UseExceptionHandler("/error");
            app.UseStatusCodePages();
            app.Map("/error", () => "an error page");
            app.MapPost("/customers/broken", string () => throw new InvalidTimeZoneException()).WithTlmspContext("pii");
        });
        using HttpClient client = Client(server, version, tlmsp => tlmsp.Content.Map("/customers/**", "pii"));

        using HttpResponseMessage broken = await client.PostAsync("/customers/broken", new StringContent("x"));
        using HttpResponseMessage unknown = await client.GetAsync("/customers/a/b");

        Assert.Equal(HttpStatusCode.InternalServerError, broken.StatusCode);
        Assert.Equal("an error page", await broken.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Contains("404", await unknown.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_without_that_context_gets_421()
    {
        await using TestServer server = await StartAsync(profiles: [s_profile, HttpProfile.Four]);
        using HttpClient client = server.Client(tlmsp => tlmsp.Profile = HttpProfile.Four);

        using HttpResponseMessage response = await client.GetAsync("/customers/7");

        Assert.Equal(HttpStatusCode.MisdirectedRequest, response.StatusCode);
        await server.Logs.WaitForLineAsync("its connection has the profile four, without that context");
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    [Theory]
    [InlineData(true, HttpStatusCode.MisdirectedRequest)]
    [InlineData(false, HttpStatusCode.OK)]
    public async Task Plain_TLS_gets_421_unless_it_is_allowed(bool require, HttpStatusCode status)
    {
        await using TestServer server = await TestServer.StartAsync(
            tlmsp =>
            {
                tlmsp.Profiles = [s_profile];
                tlmsp.PlainTls = TlmspPlainTls.Allow;
            },
            Map,
            building: builder => builder.Services.AddTlmspContexts(contexts => contexts.RequireTlmsp = require));
        using var client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        }) { BaseAddress = server.Address };

        using HttpResponseMessage response = await client.GetAsync("/customers/7");

        Assert.Equal(status, response.StatusCode);
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    private static Task<TestServer> StartAsync(Action<WebApplication>? map = null, HttpProfile[]? profiles = null) => TestServer.StartAsync(
        tlmsp =>
        {
            tlmsp.Profiles = profiles ?? [s_profile];
            tlmsp.Middleboxes.Policy = _ => null;
        },
        app =>
        {
            map?.Invoke(app);
            Map(app);
            app.MapControllers();
        },
        building: builder =>
        {
            builder.Services.AddTlmspContexts();
            builder.Services.AddControllers().AddApplicationPart(typeof(PeopleController).Assembly);
        });

    private static void Map(WebApplication app)
    {
        RouteGroupBuilder customers = app.MapGroup("/customers").WithTlmspContext("pii");
        customers.MapGet("/{id}", (int id) =>
        {
            app.Logger.LogInformation("the handler runs for {Id}", id);
            return $"customer {id}";
        });
        customers.MapPost("/{id}", async (int id, Stream body) =>
        {
            app.Logger.LogInformation("the handler runs for {Id}", id);
            return Results.Text(await new StreamReader(body).ReadToEndAsync());
        });
    }

    private static HttpClient Client(TestServer server, string version, Action<TlmspHttpOptions>? configure = null)
    {
        HttpClient client = server.Client(tlmsp =>
        {
            tlmsp.Profile = s_profile;
            configure?.Invoke(tlmsp);
        });
        client.DefaultRequestVersion = Version.Parse(version);
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return client;
    }

    private static async Task<string> PostAsync(HttpClient client, string path, string content, string? name = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(content) };
        return await SendAsync(client, request, name);
    }

    private static async Task<string> GetAsync(HttpClient client, string path, string name)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await SendAsync(client, request, name);
    }

    private static async Task<string> SendAsync(HttpClient client, HttpRequestMessage request, string? name)
    {
        request.Version = client.DefaultRequestVersion;
        request.VersionPolicy = client.DefaultVersionPolicy;
        using HttpResponseMessage response = await client.SendAsync(name is null ? request : request.SetTlmspContent(name));
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync();
    }
}

/// <summary>A controller whose content is personal data, but for that of one action.</summary>
[ApiController]
[Route("people")]
[TlmspContext("pii")]
public sealed class PeopleController : ControllerBase
{
    [HttpPost]
    public async Task<ContentResult> EchoAsync() => Content(await new StreamReader(Request.Body).ReadToEndAsync());

    [HttpPost("media")]
    [TlmspContext("media")]
    public Task<ContentResult> EchoMediaAsync() => EchoAsync();
}
