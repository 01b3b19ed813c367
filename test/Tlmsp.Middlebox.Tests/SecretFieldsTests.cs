using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>Sensitive fields in a context of their own, over real connections.</summary>
public class SecretFieldsTests
{
    private static readonly HttpProfile s_profile = HttpProfile.Four.WithSecrets("X-Api-Key");

    [Fact]
    public async Task Only_who_was_granted_them_sees_sensitive_fields()
    {
        await using TestServer server = await StartAsync();
        await using MiddleboxChain chain = await MiddleboxChain.StartAsync(
            server, "req-head=r,resp-head=r", "secret=r", "req-head=r,resp-head=r,req-body=r,resp-body=r,secret=r", "req-body=r,resp-body=r");
        using HttpClient client = server.Client(tlmsp => chain.Configure(tlmsp, s_profile));
        for (int i = 0; i < 2; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/secrets") { Content = new StringContent("content") };
            request.Headers.Add("Authorization", "Basic cGFzcw==");
            request.Headers.Add("X-Api-Key", "42");
            request.Headers.Add("X-Open", "seen");
            using HttpResponseMessage response = await client.SendAsync(request);
            Assert.Equal("Basic cGFzcw== 42 seen content", await response.Content.ReadAsStringAsync());
            Assert.Equal("session=1", Assert.Single(response.Headers.GetValues("Set-Cookie")));
        }

        // HttpClient brings back the cookie that it was given.
        string[] secrets = ["Authorization", "X-Api-Key", "Set-Cookie", "Authorization", "X-Api-Key", "Cookie", "Set-Cookie"];
        Assert.Equal(4, chain[0].Seen.Heads.Length);
        Assert.DoesNotContain(chain[0].Seen.Heads.SelectMany(head => head.Fields), field => secrets.Contains(field.Name));
        Assert.Contains(chain[0].Seen.Heads[0].Fields, field => field == new HttpField("X-Open", "seen"));
        Assert.Empty(chain[0].Seen.SecretFields);
        Assert.Empty(chain[1].Seen.Heads);
        Assert.Equal(secrets, chain[1].Seen.SecretFields.Select(field => field.Name));
        Assert.Equal("Basic cGFzcw==", chain[1].Seen.SecretFields[0].Value);
        Assert.Equal("42", chain[2].Seen.Heads[0]["X-Api-Key"]);
        Assert.Equal("session=1", chain[2].Seen.Heads[1]["Set-Cookie"]);
        Assert.Empty(chain[3].Seen.SecretFields);
        Assert.Empty(chain[3].Seen.Heads);
    }

    [Fact]
    public async Task A_client_and_a_server_that_disagree_on_the_fields_do_not_connect()
    {
        await using TestServer server = await StartAsync();
        using HttpClient client = server.Client(tlmsp => tlmsp.Profile = HttpProfile.Four.WithSecrets());

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/hello"));

        Assert.Equal(TlmspAlert.UnsupportedContext, Assert.IsType<TlmspException>(e.InnerException!.InnerException).Alert);
        await server.Logs.WaitForLineAsync("profile four+secret is not accepted; accepted: four+secret(x-api-key).");
    }

    [Theory]
    [InlineData(HttpContexts.RequestHeaders, "GET /hello HTTP/1.1\r\nHost: localhost\r\nAuthorization: x\r\n\r\n")]
    [InlineData(HttpContexts.Secret, "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    public async Task A_client_that_mixes_the_two_contexts_gets_an_alert(byte context, string text)
    {
        await using TestServer server = await StartAsync();
        await using TlmspPeer peer = await TlmspPeer.ConnectAsync(Options(server.Address));

        await peer.SendAsync(context, text);

        TlmspException? alert = await peer.ReceiveEndAsync();
        Assert.Equal(TlmspAlert.IllegalParameter, alert?.Alert);
        Assert.Equal(context, alert!.ContextId);
    }

    [Fact]
    public async Task A_server_that_sets_a_cookie_outside_of_the_secret_context_is_refused()
    {
        using var listener = new TcpListenerOwner();
        Task<TlmspException?> serving = ServeAsync();
        using var client = new HttpClient(TestServer.Handler(tlmsp => tlmsp.Profile = s_profile));

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(listener.Address));

        Assert.Contains("a sensitive field outside of the secret context", e.ToString(), StringComparison.Ordinal);
        Assert.Equal(TlmspAlert.IllegalParameter, (await serving)?.Alert);

        async Task<TlmspException?> ServeAsync()
        {
            await using TlmspPeer server = await TlmspPeer.AcceptAsync(listener.Listener);
            await server.ReceiveAsync();
            await server.SendAsync(HttpContexts.ResponseHeaders, "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n");
            return await server.ReceiveEndAsync();
        }
    }

    [Theory]
    [InlineData("req-head=r")]
    [InlineData("secret=r")]
    public async Task An_inspecting_middlebox_refuses_what_is_in_the_wrong_one_of_the_two(string grant)
    {
        using var listener = new TcpListenerOwner();
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(listener.Address);
        Task<TlmspPeer> accepting = TlmspPeer.AcceptAsync(listener.Listener);
        await using TlmspPeer client = await TlmspPeer.ConnectAsync(Options(listener.Address, middlebox.With(HttpContexts.ParseGrant(grant))));
        await using TlmspPeer server = await accepting;

        await client.SendAsync(
            (HttpContexts.RequestHeaders, "GET / HTTP/1.1\r\nHost: a\r\n" + (grant == "secret=r" ? "" : "Cookie: a=b\r\n")),
            (HttpContexts.Secret, "Not-Sensitive: x\r\n"));

        Assert.Equal(TlmspAlert.IllegalParameter, (await client.ReceiveEndAsync())?.Alert);
        Assert.Equal(TlmspAlert.IllegalParameter, (await server.ReceiveEndAsync())?.Alert);
    }

    private static Task<TestServer> StartAsync() => TestServer.StartAsync(
        tlmsp =>
        {
            tlmsp.Middleboxes.Policy = _ => null;
            tlmsp.Profiles = [s_profile];
        },
        map: app => app.MapPost("/secrets", async (HttpContext context) =>
        {
            using var reader = new StreamReader(context.Request.Body);
            string content = await reader.ReadToEndAsync();
            context.Response.Headers.SetCookie = "session=1";
            return $"{context.Request.Headers.Authorization} {context.Request.Headers["X-Api-Key"]} {context.Request.Headers["X-Open"]} {content}";
        }));

    private static TlmspClientOptions Options(Uri server, params TlmspMiddlebox[] middleboxes)
    {
        TlmspClientOptions options = TlmspPeer.ClientOptions(server, middleboxes);
        options.Contexts = [.. s_profile.CreateContexts()];
        return options;
    }
}
