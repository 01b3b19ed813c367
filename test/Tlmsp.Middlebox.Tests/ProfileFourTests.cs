using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Tlmsp.AspNetCore;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>Profile four: a context per direction, and with it rights in one direction alone.</summary>
public class ProfileFourTests
{
    private const string Request = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n";

    [Fact]
    public async Task Each_middlebox_sees_the_part_and_the_direction_that_it_was_granted()
    {
        string[] grants = ["req-head=r", "req-body=r", "resp-head=r", "resp-head=r,resp-body=r", "none"];
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using MiddleboxChain chain = await MiddleboxChain.StartAsync(server, grants);
        using HttpClient client = server.Client(chain.Configure);

        byte[] content = RandomNumberGenerator.GetBytes(100_000);
        for (int i = 0; i < 2; i++)
        {
            using HttpResponseMessage response = await client.PostAsync("/echo", new ByteArrayContent(content));
            Assert.Equal(content, await response.Content.ReadAsByteArrayAsync());
        }

        byte[] twice = [.. content, .. content];
        Check(chain[0], ["POST /echo HTTP/1.1", "POST /echo HTTP/1.1"], [], opaqueContent: 400_000);
        Check(chain[1], [], twice, opaqueContent: 200_000);
        Check(chain[2], ["HTTP/1.1 200 OK", "HTTP/1.1 200 OK"], [], opaqueContent: 400_000);
        Check(chain[3], ["HTTP/1.1 200 OK", "HTTP/1.1 200 OK"], twice, opaqueContent: 200_000);
        Check(chain[4], [], [], opaqueContent: 400_000);
    }

    [Theory]
    [InlineData("resp-head=r,resp-body=r", "HTTP/1.1 200 OK;HTTP/1.1 200 OK", "hello")]
    [InlineData("resp-head=r", "HTTP/1.1 200 OK;HTTP/1.1 200 OK", "")]
    [InlineData("req-head=r", "HEAD /hello HTTP/1.1;GET /hello HTTP/1.1", "")]
    public async Task A_response_to_HEAD_does_not_confuse_a_box_that_cannot_see_requests(string grant, string heads, string content)
    {
        await using TestServer server = await TestServer.StartAsync(
            tlmsp => tlmsp.Middleboxes.Policy = _ => null, map: app => app.MapMethods("/hello", ["HEAD"], context =>
            {
                context.Response.ContentLength = 5;
                return Task.CompletedTask;
            }));
        await using MiddleboxChain chain = await MiddleboxChain.StartAsync(server, grant);
        using HttpClient client = server.Client(chain.Configure);

        using HttpResponseMessage head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/hello"));
        Assert.Equal(5, head.Content.Headers.ContentLength);
        Assert.Equal("hello", await client.GetStringAsync("/hello"));

        Assert.Equal(heads.Split(';'), chain[0].Seen.Heads.Select(seen => seen.StartLine));
        Assert.Equal(content, Encoding.ASCII.GetString(chain[0].Seen.Content));
    }

    [Fact]
    public async Task A_box_that_reads_requests_alone_follows_more_of_them_than_could_wait_for_a_response()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using MiddleboxChain chain = await MiddleboxChain.StartAsync(server, "req-head=r");
        using HttpClient client = server.Client(chain.Configure);

        for (int i = 0; i < 300; i++)
        {
            Assert.Equal("hello", await client.GetStringAsync("/hello"));
        }

        Assert.Equal(300, chain[0].Seen.Heads.Length);
    }

    [Fact]
    public async Task A_server_allows_by_names_for_every_profile_that_it_accepts()
    {
        TlmspConnectionOptions? options = null;
        await using TestServer server = await TestServer.StartAsync(tlmsp => options = tlmsp);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address);
        options!.Middleboxes.Allow(middlebox.Address, HttpContexts.ParseGrant("headers=r,req-head=r,resp-head=r"));
        foreach ((HttpProfile profile, string grant) in new[] { (HttpProfile.Two, "head=r"), (HttpProfile.Four, "req-head=r,resp-head=r") })
        {
            using HttpClient client = server.Client(tlmsp =>
            {
                tlmsp.Profile = profile;
                tlmsp.Middleboxes.Add(middlebox.Address, HttpContexts.ParseGrant(grant));
            });
            Assert.Equal("hello", await client.GetStringAsync("/hello"));
        }

        using HttpClient less = server.Client(tlmsp =>
        {
            tlmsp.Profile = HttpProfile.Four;
            tlmsp.Middleboxes.Add(middlebox.Address, HttpContexts.ParseGrant("req-head=r"));
        });
        await Assert.ThrowsAsync<HttpRequestException>(() => less.GetStringAsync("/hello"));
    }

    [Theory]
    [InlineData("body=r,req-body=r", "req-body=r", true)]
    [InlineData("body=r", "body=r", false)]
    public async Task A_middlebox_that_the_server_inserts_is_granted_what_the_profile_has_or_the_client_is_refused(
        string inserted, string accepted, bool connects)
    {
        TlmspConnectionOptions? options = null;
        await using TestServer server = await TestServer.StartAsync(tlmsp => options = tlmsp);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address);
        options!.Middleboxes.Insert(middlebox.Address, HttpContexts.ParseGrant(inserted));
        using HttpClient client = server.Client(tlmsp =>
        {
            tlmsp.Profile = HttpProfile.Four;
            tlmsp.Middleboxes.Accept(middlebox.Address, HttpContexts.ParseGrant(accepted));
        });

        Task<HttpResponseMessage> posting = client.PostAsync("/echo", new StringContent("upload"));
        if (connects)
        {
            using HttpResponseMessage response = await posting;
            Assert.Equal("upload", await response.Content.ReadAsStringAsync());
            Assert.Equal("upload", Encoding.ASCII.GetString(middlebox.Seen.Content));
        }
        else
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => posting);
            await server.Logs.WaitForLineAsync("and the client's profile has none of these contexts");
        }
    }

    [Fact]
    public async Task A_server_that_does_not_accept_the_profile_answers_alert_175_and_says_how_to()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Profiles = [HttpProfile.Two]);
        using HttpClient client = server.Client(tlmsp => tlmsp.Profile = HttpProfile.Four);

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/hello"));

        Assert.IsType<AuthenticationException>(e.InnerException);
        Assert.Equal(TlmspAlert.UnsupportedContext, Assert.IsType<TlmspException>(e.InnerException!.InnerException).Alert);
        await server.Logs.WaitForLineAsync("profile four is not accepted; accepted: two. To accept it: add it to tlmsp.Profiles");
        using HttpClient two = server.Client();
        Assert.Equal("hello", await two.GetStringAsync("/hello"));
    }

    [Theory]
    [InlineData(HttpContexts.ResponseHeaders, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData(HttpContexts.ResponseBody, "ok")]
    public async Task A_client_that_sends_in_a_context_for_responses_gets_an_alert_in_it(byte context, string text)
    {
        await using TestServer server = await TestServer.StartAsync();
        await using TlmspPeer peer = await TlmspPeer.ConnectAsync(Options(server.Address));
        await peer.SendAsync(HttpContexts.RequestHeaders, Request);

        await peer.SendAsync(context, text);

        TlmspException? alert = await peer.ReceiveEndAsync();
        Assert.Equal(TlmspAlert.IllegalParameter, alert?.Alert);
        Assert.Equal(context, alert!.ContextId);
        await server.Logs.WaitForLineAsync("data from the client");
    }

    [Theory]
    [InlineData(HttpContexts.RequestHeaders)]
    [InlineData(HttpContexts.RequestBody)]
    public async Task A_server_that_sends_in_a_context_for_requests_gets_an_alert_in_it(byte context)
    {
        using var listener = new TcpListenerOwner();
        Task<TlmspException?> serving = ServeAsync();
        using var client = new HttpClient(TestServer.Handler(tlmsp => tlmsp.Profile = HttpProfile.Four));

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(listener.Address));

        Assert.Contains("data from the server", e.ToString(), StringComparison.Ordinal);
        TlmspException? alert = await serving;
        Assert.Equal(TlmspAlert.IllegalParameter, alert?.Alert);
        Assert.Equal(context, alert!.ContextId);

        async Task<TlmspException?> ServeAsync()
        {
            await using TlmspPeer server = await TlmspPeer.AcceptAsync(listener.Listener);
            await server.ReceiveAsync();
            await server.SendAsync(context, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            return await server.ReceiveEndAsync();
        }
    }

    [Fact]
    public async Task An_inspecting_middlebox_lets_nothing_pass_in_the_wrong_direction()
    {
        using var listener = new TcpListenerOwner();
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(listener.Address);
        TlmspClientOptions options = Options(listener.Address, middlebox.With(HttpContexts.ParseGrant("req-head=r")));
        Task<TlmspPeer> accepting = TlmspPeer.AcceptAsync(listener.Listener);
        await using TlmspPeer client = await TlmspPeer.ConnectAsync(options);
        await using TlmspPeer server = await accepting;

        await client.SendAsync(HttpContexts.ResponseBody, "hidden from a box that reads requests");

        Assert.Equal(TlmspAlert.IllegalParameter, (await server.ReceiveEndAsync())?.Alert);
        Assert.Equal(TlmspAlert.IllegalParameter, (await client.ReceiveEndAsync())?.Alert);
    }

    [Fact]
    public async Task An_inspecting_middlebox_refuses_a_profile_that_it_does_not_know()
    {
        using var listener = new TcpListenerOwner();
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(listener.Address);
        TlmspClientOptions options = TlmspPeer.ClientOptions(listener.Address, [middlebox.With(Grant.None)]);
        options.Contexts = [new TlmspContext(3, "http;v=1;profile=six;role=req-head")];
        Task<TlmspPeer> accepting = TlmspPeer.AcceptAsync(listener.Listener);
        await using TlmspPeer client = await TlmspPeer.ConnectAsync(options);
        await using TlmspPeer server = await accepting;

        Assert.Equal(TlmspAlert.IllegalParameter, (await server.ReceiveEndAsync())?.Alert);
        Assert.Equal(TlmspAlert.IllegalParameter, (await client.ReceiveEndAsync())?.Alert);
        await middlebox.Logs.WaitForLineAsync("unknown profile 'six'");
    }

    private static TlmspClientOptions Options(Uri server, params TlmspMiddlebox[] middleboxes)
    {
        TlmspClientOptions options = TlmspPeer.ClientOptions(server, middleboxes);
        options.Contexts = [.. HttpProfile.Four.CreateContexts()];
        return options;
    }

    private static void Check(TestMiddlebox middlebox, string[] heads, byte[] content, long opaqueContent)
    {
        Assert.Equal(heads, middlebox.Seen.Heads.Select(head => head.StartLine));
        Assert.Equal(content, middlebox.Seen.Content);
        Assert.Equal(opaqueContent, middlebox.Seen.OpaqueContentBytes);
    }
}
