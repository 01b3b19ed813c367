using System.Security.Authentication;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>The server inserts middleboxes, and HttpClient comes back over the new path (handshake.md §1.5), with one request.</summary>
public class DiscoveryTests
{
    private static readonly Grant s_grant = DiscoveryPath.Grant;

    [Theory]
    [InlineData("", "a", MiddleboxPlace.NearestToServer, "a")]
    [InlineData("b", "a", MiddleboxPlace.NearestToClient, "ab")]
    [InlineData("ac", "b", null, "abc")]
    [InlineData("b", "c", MiddleboxPlace.NearestToServer, "bc")]
    [InlineData("ab", "c", MiddleboxPlace.NearestToServer, "abc")]
    [InlineData("", "ab", MiddleboxPlace.NearestToServer, "ab")]
    [InlineData("c", "ab", MiddleboxPlace.NearestToClient, "abc")]
    public async Task An_inserted_middlebox_is_on_the_path_of_the_one_request(
        string listed, string inserted, MiddleboxPlace? place, string expected)
    {
        TlmspSessionInfo? atClient = null;
        await using DiscoveryPath path = await DiscoveryPath.StartAsync();
        Insert(path, inserted, place);
        foreach (string address in path.Addresses(listed))
        {
            path.List.Allow(address, s_grant);
        }

        using HttpClient client = path.Client(listed, tlmsp =>
        {
            tlmsp.SessionEstablished = session => atClient = session;
            foreach (string address in path.Addresses(inserted))
            {
                tlmsp.Middleboxes.Accept(address, s_grant);
            }
        });

        Assert.Equal("answer", await client.GetStringAsync("/path"));

        Assert.Equal([$"GET 0 {expected}"], path.Requests);
        Assert.Equal(expected, path.Names(atClient!));
        Assert.Equal(inserted, string.Concat(atClient!.Middleboxes.Where(middlebox => middlebox.Inserted).Select(path.Name)));
        Assert.All(expected, name => Assert.Single(path[name].Seen.Heads, head => head.Direction == HttpDirection.Request));
        Assert.Equal(2, path.Connections);
        Assert.StartsWith("Debug:", await path.Server.Logs.WaitForLineAsync("connects again over it"), StringComparison.Ordinal);
        path.Server.Logs.AssertQuiet();
        Assert.All(expected, name => path[name].Logs.AssertQuiet());
    }

    [Fact]
    public async Task Content_is_sent_once()
    {
        byte[] content = new byte[300_000];
        Random.Shared.NextBytes(content);
        await using DiscoveryPath path = await DiscoveryPath.StartAsync();
        Grant both = Grant.Read(HttpContexts.Headers, HttpContexts.Body);
        path.List.Insert(path['a'].Address, both);
        using HttpClient client = path.Client("", tlmsp => tlmsp.Middleboxes.Accept(path['a'].Address, both));
        using var body = new OnceContent(content);

        using HttpResponseMessage response = await client.PostAsync("/path", body);

        Assert.True(response.IsSuccessStatusCode);
        Assert.Equal([$"POST {content.Length} a"], path.Requests);
        Assert.Equal(1, body.Reads);
        Assert.Equal([.. content, .. "answer"u8], path['a'].Seen.Content);
    }

    [Fact]
    public async Task A_client_accepts_nothing_by_default_and_says_how_to()
    {
        await using DiscoveryPath path = await DiscoveryPath.StartAsync();
        path.List.Insert(path['a'].Address, s_grant);
        using HttpClient client = path.Client("");

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/path"));

        TlmspException refusal = AssertRefused(e);
        string remedy = $"tlmsp.Middleboxes.Accept(\"{path['a'].Address}\", Grant.Parse(\"1=r\"))";
        Assert.Contains(remedy, refusal.Message, StringComparison.Ordinal);
        await AssertWarnsAsync(path, "the client refuses the path (alert 171)");
        Assert.Equal(1, path.Connections);
        Assert.Empty(path.Requests);
    }

    [Fact]
    public async Task A_client_accepts_no_more_rights_than_it_said()
    {
        await using DiscoveryPath path = await DiscoveryPath.StartAsync();
        path.List.Insert(path['a'].Address, Grant.Write(HttpContexts.Headers));
        using HttpClient less = path.Client("", tlmsp => tlmsp.Middleboxes.Accept(path['a'].Address, s_grant));
        using HttpClient more = path.Client("", tlmsp => tlmsp.Middleboxes.Accept(path['a'].Address, Grant.Parse("1=rw,2=rw")));

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => less.GetStringAsync("/path"));

        Assert.Contains("with 1=rw, and this client accepts 1=r", AssertRefused(e).Message, StringComparison.Ordinal);
        Assert.Equal("answer", await more.GetStringAsync("/path"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_callback_of_the_client_decides(bool accepts)
    {
        TlmspPathProposal? asked = null;
        await using DiscoveryPath path = await DiscoveryPath.StartAsync();
        path.List.Allow(path['b'].Address, s_grant).Insert(path['c'].Address, s_grant);
        using HttpClient client = path.Client("b", tlmsp => tlmsp.Middleboxes.Policy = proposal =>
        {
            asked = proposal;
            return accepts ? null : "not today";
        });

        Task<string> getting = client.GetStringAsync("/path");

        if (accepts)
        {
            Assert.Equal("answer", await getting);
        }
        else
        {
            HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => getting);
            Assert.Contains("not today", AssertRefused(e).Message, StringComparison.Ordinal);
        }

        Assert.Equal(path.Addresses("b"), asked!.Listed.Select(middlebox => middlebox.Address.Text));
        Assert.Equal(path.Addresses("bc"), asked.Path.Select(middlebox => middlebox.Address.Text));
        Assert.Equal(accepts ? 2 : 1, path.Connections);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_forbidden_middlebox_is_refused_whatever_allows_it(bool byPolicy)
    {
        await using DiscoveryPath path = await DiscoveryPath.StartAsync();
        path.List.Allow(path['a'].Address, s_grant).Forbid(path['a'].Address);
        path.List.Policy = byPolicy ? _ => null : null;
        using HttpClient client = path.Client("a");

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/path"));

        TlmspException alert = Assert.IsType<TlmspException>(e.InnerException!.InnerException);
        Assert.Equal((true, TlmspAlert.MiddleboxAuthorizationFailure), (alert.FromPeer, alert.Alert));
        await AssertWarnsAsync(path, $"middlebox {path['a'].Address} is forbidden");
        Assert.Empty(path.Requests);
    }

    [Fact]
    public async Task A_completion_that_adds_what_is_forbidden_is_an_error_of_the_application()
    {
        await using DiscoveryPath path = await DiscoveryPath.StartAsync();
        path.List.Forbid(path['a'].Address).PathCompletion = _ => [path['a'].With(s_grant)];
        using HttpClient client = path.Client("", tlmsp => tlmsp.Middleboxes.Policy = _ => null);

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/path"));

        Assert.StartsWith("Error:", await path.Server.Logs.WaitForLineAsync("which Middleboxes.Forbid excludes"), StringComparison.Ordinal);
        Assert.Empty(path.Requests);
    }

    [Fact]
    public async Task A_policy_of_the_server_is_not_asked_about_what_the_server_inserts()
    {
        var asked = new List<string[]>();
        await using DiscoveryPath path = await DiscoveryPath.StartAsync();
        path.List.Insert(path['c'].Address, s_grant).Policy = offer =>
        {
            asked.Add([.. offer.Middleboxes.Select(middlebox => middlebox.Address.Text)]);
            return null;
        };
        using HttpClient client = path.Client("a", tlmsp => tlmsp.Middleboxes.Accept(path['c'].Address, s_grant));

        Assert.Equal("answer", await client.GetStringAsync("/path"));

        Assert.Equal(["GET 0 ac"], path.Requests);
        Assert.Equal([path.Addresses("a"), path.Addresses("a")], asked);
    }

    [Fact]
    public async Task A_client_that_lists_what_the_server_wants_connects_once()
    {
        await using DiscoveryPath path = await DiscoveryPath.StartAsync();
        path.List.Insert(path['a'].Address, s_grant);
        using HttpClient client = path.Client("a");

        Assert.Equal("answer", await client.GetStringAsync("/path"));

        Assert.Equal(1, path.Connections);
        Assert.Equal(["GET 0 a"], path.Requests);
    }

    [Fact]
    public async Task A_connection_that_is_kept_alive_discovers_once_and_a_new_one_again()
    {
        int asked = 0;
        await using DiscoveryPath path = await DiscoveryPath.StartAsync();
        path.List.Insert(path['a'].Address, s_grant);
        using HttpClient client = path.Client("", tlmsp => tlmsp.Middleboxes.Policy = _ =>
        {
            asked++;
            return null;
        });

        await client.GetStringAsync("/path");
        await client.GetStringAsync("/path");
        Assert.Equal((1, 2), (asked, path.Connections));

        using var last = new HttpRequestMessage(HttpMethod.Get, "/path");
        last.Headers.ConnectionClose = true;
        (await client.SendAsync(last)).Dispose();
        await client.GetStringAsync("/path");
        Assert.Equal((2, 4), (asked, path.Connections));
        Assert.All(path.Requests, request => Assert.Equal("GET 0 a", request));
    }

    [Fact]
    public async Task An_inserted_middlebox_can_be_held_to_deleting()
    {
        Grant grant = Grant.Read(HttpContexts.Headers) + Grant.Delete(HttpContexts.Body);
        await using DiscoveryPath path = await DiscoveryPath.StartAsync();
        path.List.Insert(path['a'].Address, grant);
        using HttpClient client = path.Client("", tlmsp =>
        {
            tlmsp.Audited = true;
            tlmsp.Middleboxes.Accept(path['a'].Address, grant.OnWire());
        });

        Assert.Equal("answer", await client.GetStringAsync("/path"));

        Assert.Equal(grant, path.Session!.Middleboxes[0].Grant);
    }

    [Fact]
    public async Task A_client_that_would_exceed_the_limit_with_what_is_inserted_is_refused_without_an_error()
    {
        await using DiscoveryPath path = await DiscoveryPath.StartAsync(tlmsp => tlmsp.Limits.MaxMiddleboxes = 1);
        path.List.Allow(path['a'].Address, s_grant).Insert(path['c'].Address, s_grant);
        using HttpClient client = path.Client("a");

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/path"));

        await AssertWarnsAsync(path, "the path would have 2 middleboxes");
    }

    [Fact]
    public async Task A_second_hello_with_a_wrong_hash_is_refused()
    {
        await using DiscoveryPath path = await DiscoveryPath.StartAsync();
        path.List.Insert(path['a'].Address, s_grant);
        TlmspClientOptions options = TlmspPeer.ClientOptions(path.Server.Address, []);
        options.PathPolicy = _ => null;

        TlmspException e = await Assert.ThrowsAsync<TlmspException>(
            () => TlmspPeer.DiscoverAsync(options, hash => hash[0] ^= 1));

        Assert.Equal((true, TlmspAlert.DecodeError), (e.FromPeer, e.Alert));
        string line = await path.Server.Logs.WaitForLineAsync("the hash is not that of the first connection");
        Assert.StartsWith("Debug:", line, StringComparison.Ordinal);
        path.Server.Logs.AssertQuiet();
    }

    private static void Insert(DiscoveryPath path, string names, MiddleboxPlace? place)
    {
        foreach (string address in path.Addresses(names))
        {
            if (place is { } at)
            {
                path.List.Insert(address, s_grant, at);
            }
            else
            {
                path.List.PathCompletion = offer =>
                    [offer.Middleboxes[0], new TlmspMiddlebox(TlmspAddress.Parse(address), s_grant), .. offer.Middleboxes.Skip(1)];
            }
        }
    }

    private static async Task AssertWarnsAsync(DiscoveryPath path, string of) =>
        Assert.StartsWith("Warning:", await path.Server.Logs.WaitForLineAsync(of), StringComparison.Ordinal);

    private static TlmspException AssertRefused(HttpRequestException e)
    {
        Assert.Equal(HttpRequestError.SecureConnectionError, e.HttpRequestError);
        TlmspException refusal = Assert.IsType<TlmspException>(Assert.IsType<AuthenticationException>(e.InnerException).InnerException);
        Assert.Equal((Misbehaviour.MiddleboxListRefused, false), (refusal.Misbehaviour, refusal.FromPeer));
        return refusal;
    }

    /// <summary>Content that counts how often it is read.</summary>
    private sealed class OnceContent(byte[] content) : HttpContent
    {
        public int Reads { get; private set; }

        protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            Reads++;
            return stream.WriteAsync(content).AsTask();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = content.Length;
            return true;
        }
    }
}
