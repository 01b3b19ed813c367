using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>HTTP over paths that mix our parties with the independent peer's.</summary>
public class PeerPathTests
{
    /// <summary>Middleboxes from the client's side: o = ours, p = the peer's.</summary>
    public static TheoryData<string> Paths => ["", "o", "p", "oo", "op", "po", "pp"];

    [PeerTheory]
    [MemberData(nameof(Paths))]
    public async Task The_peers_client_gets_and_posts(string kinds)
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using MixedPath path = await MixedPath.StartAsync(server.Address, kinds);
        string[] common = ["--server", $"tlmsp://localhost:{server.Address.Port}", "--context", "1", "--context", "2", .. path.PeerArguments("1=r,2=r")];

        (int exit, string output) = await Peer.ClientAsync([.. common, "--get", "/hello"]);
        Assert.True(exit == 0 && output.Contains("hello", StringComparison.Ordinal), output);

        (exit, output) = await Peer.ClientAsync([.. common, "--get", "/echo", "--body", "some content"]);
        Assert.True(exit == 0 && output.Contains("some content", StringComparison.Ordinal), output);
    }

    [PeerTheory]
    [MemberData(nameof(Paths))]
    public async Task Our_client_gets_from_the_peers_server(string kinds)
    {
        int port = TestMiddlebox.FreePort();
        using PeerProcess server = await Peer.ServerAsync(port, "--page", "a page of the peer");
        var address = new Uri($"https://localhost:{port}");
        await using MixedPath path = await MixedPath.StartAsync(address, kinds);
        using var client = new HttpClient(TestServer.Handler(tlmsp =>
        {
            foreach (string middlebox in path.Addresses)
            {
                tlmsp.Middleboxes.Add(middlebox, Grant.Parse("1=rw,2=r"));
            }
        }));

        Assert.Equal("a page of the peer", await client.GetStringAsync(address));
        Assert.Equal("a page of the peer", await client.GetStringAsync(address));
    }

    [PeerTheory]
    [InlineData("o")]
    [InlineData("p")]
    [InlineData("op")]
    [InlineData("po")]
    public async Task Our_endpoints_talk_through_any_middleboxes_with_any_grants_audited_or_not(string kinds)
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using MixedPath path = await MixedPath.StartAsync(server.Address, kinds);
        foreach (string grant in (string[])["", "1=r", "2=rw", "1=rw,2=rw"])
        {
            foreach (bool audited in (bool[])[false, true])
            {
                using HttpClient client = server.Client(tlmsp =>
                {
                    tlmsp.Audited = audited;
                    foreach (string middlebox in path.Addresses)
                    {
                        tlmsp.Middleboxes.Add(middlebox, Grant.Parse(grant));
                    }
                });
                using HttpResponseMessage response = await client.PostAsync("/echo", new ByteArrayContent(new byte[50_000]));
                Assert.Equal(new byte[50_000], await response.Content.ReadAsByteArrayAsync());
            }
        }
    }
}

/// <summary>A row of middleboxes in front of a server.</summary>
internal sealed class MixedPath : IAsyncDisposable
{
    public List<TestMiddlebox> Ours { get; } = [];

    private readonly List<PeerProcess> _peers = [];

    /// <summary>From the client's side.</summary>
    public List<string> Addresses { get; } = [];

    public static async Task<MixedPath> StartAsync(Uri server, string kinds, params string[] peerArguments)
    {
        var path = new MixedPath();
        Uri next = server;
        foreach (char kind in kinds.Reverse())
        {
            if (kind == 'o')
            {
                TestMiddlebox middlebox = await TestMiddlebox.StartAsync(next);
                path.Ours.Add(middlebox);
                next = new Uri(middlebox.Address);
            }
            else
            {
                int port = TestMiddlebox.FreePort();
                path._peers.Add(await Peer.MiddleboxAsync(port, peerArguments));
                next = new Uri($"tlmsp://localhost:{port}");
            }

            path.Addresses.Insert(0, next.OriginalString);
        }

        return path;
    }

    public string PeerOutput => string.Join('\n', _peers.Select(peer => peer.Output));

    public string[] PeerArguments(string grant) => [.. Addresses.SelectMany(address => (string[])["--middlebox", $"{address},{grant}"])];

    public async ValueTask DisposeAsync()
    {
        foreach (TestMiddlebox ours in Ours)
        {
            await ours.DisposeAsync();
        }

        _peers.ForEach(peer => peer.Dispose());
    }
}
