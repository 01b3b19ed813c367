using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>Inspectors that fail: their connection is closed with alerts to both sides, and nothing passes that was not seen.</summary>
public class InspectorFailureTests
{
    private const string Chunked = "POST / HTTP/1.1\r\nHost: server.example\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n";
    private static readonly Grant s_both = Grant.Read(HttpContexts.Headers, HttpContexts.Body);

    [Theory]
    [InlineData("connected", "1=r,2=r")]
    [InlineData("head", "1=r,2=r")]
    [InlineData("head", "1=r")]
    [InlineData("content", "1=r,2=r")]
    [InlineData("content", "2=r")]
    [InlineData("trailers", "1=r,2=r")]
    [InlineData("end", "1=r,2=r")]
    [InlineData("opaque", "1=r")]
    [InlineData("opaque", "2=r")]
    public async Task An_exception_at_any_call_ends_both_sides_with_an_alert(string call, string grant)
    {
        var inspector = new ScriptedInspector(call, _ => throw new FormatException("cannot cope"));
        await using PeerPath path = await PeerPath.StartAsync(inspector: inspector, grant: Grant.Parse(grant));
        (TlmspPeer client, TlmspPeer server) = await path.ConnectAsync();

        // All in one write, so that all of it is one batch.
        if (call != "connected")
        {
            await client.SendAsync(
                (HttpContexts.Headers, Chunked), (HttpContexts.Body, "1\r\nx\r\n0\r\n"), (HttpContexts.Headers, "X-T: 1\r\n\r\n"));
        }

        await AssertFailedAsync(server, TlmspAlert.InternalError);
        await AssertFailedAsync(client, TlmspAlert.InternalError);
        string[] lines = path.Middlebox.Logs.Lines;
        Assert.True(
            lines.Any(line => line.StartsWith("Warning", StringComparison.Ordinal)
                && line.Contains("ScriptedInspector failed with FormatException: cannot cope", StringComparison.Ordinal)),
            string.Join('\n', lines));
        await path.AssertWorksAsync();
    }

    [Theory]
    [InlineData(typeof(OperationCanceledException))]
    [InlineData(typeof(IOException))]
    [InlineData(typeof(TimeoutException))]
    [InlineData(typeof(Microsoft.AspNetCore.Connections.ConnectionResetException))]
    public async Task No_kind_of_exception_is_mistaken_for_the_end_of_a_connection(Type type)
    {
        var inspector = new ScriptedInspector("request", async _ =>
        {
            await Task.Yield();
            throw (Exception)Activator.CreateInstance(type, "of the inspector")!;
        });
        await using PeerPath path = await PeerPath.StartAsync(inspector: inspector);
        (TlmspPeer client, TlmspPeer server) = await path.ConnectAsync();
        await client.SendMessageAsync(PeerPath.Request, "x");

        await AssertFailedAsync(server, TlmspAlert.InternalError);
        await AssertFailedAsync(client, TlmspAlert.InternalError);
        await path.AssertWorksAsync();
    }

    [Fact]
    public async Task What_was_seen_before_the_failure_has_passed_and_the_alert_follows_it()
    {
        var inspector = new ScriptedInspector("response", _ => throw new FormatException());
        await using PeerPath path = await PeerPath.StartAsync(inspector: inspector);
        (TlmspPeer client, TlmspPeer server) = await path.ConnectAsync();
        await client.SendMessageAsync(PeerPath.Request, "x");
        Assert.Equal($"1: {PeerPath.Request}", await server.ReceiveTextAsync());
        Assert.Equal("2: x", await server.ReceiveTextAsync());
        await server.SendMessageAsync(PeerPath.Response, "y");

        await AssertFailedAsync(client, TlmspAlert.InternalError);
        await AssertFailedAsync(server, TlmspAlert.InternalError);
    }

    [Fact]
    public async Task The_alert_reaches_a_client_that_goes_on_sending()
    {
        var inspector = new ScriptedInspector("content", _ => throw new FormatException());
        await using PeerPath path = await PeerPath.StartAsync(inspector: inspector);
        (TlmspPeer client, TlmspPeer server) = await path.ConnectAsync();
        await client.SendAsync(HttpContexts.Headers, PeerPath.Request.Replace("Length: 1", "Length: 100000000", StringComparison.Ordinal));
        Assert.NotNull(await server.ReceiveAsync());
        Task sending = SendAllAsync();

        await AssertFailedAsync(server, TlmspAlert.InternalError);
        await AssertFailedAsync(client, TlmspAlert.InternalError);
        await sending;

        async Task SendAllAsync()
        {
            try
            {
                for (int i = 0; i < 100; i++)
                {
                    await client.SendAsync(HttpContexts.Body, new byte[1_000_000]);
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // The middlebox has closed.
            }
        }
    }

    [Fact]
    public async Task HTTP_that_breaks_the_mapping_fails_closed_as_well()
    {
        await using PeerPath path = await PeerPath.StartAsync(inspect: true);
        (TlmspPeer client, TlmspPeer server) = await path.ConnectAsync();
        await client.SendAsync((HttpContexts.Headers, PeerPath.Request), (HttpContexts.Body, "x"), (HttpContexts.Body, PeerPath.Request));

        await AssertFailedAsync(server, TlmspAlert.IllegalParameter);
        await AssertFailedAsync(client, TlmspAlert.IllegalParameter);
        await path.AssertWorksAsync();
    }

    [Fact]
    public async Task What_comes_in_a_context_that_HTTP_does_not_use_does_not_pass()
    {
        await using PeerPath path = await PeerPath.StartAsync(inspect: true);
        (TlmspPeer client, TlmspPeer server) = await path.ConnectAsync(new TlmspContext(3));
        await client.SendAsync(3, "unseen");

        await AssertFailedAsync(server, TlmspAlert.IllegalParameter);
        await AssertFailedAsync(client, TlmspAlert.IllegalParameter);
    }

    [Fact]
    public async Task Without_inspectors_any_context_passes()
    {
        await using PeerPath path = await PeerPath.StartAsync();
        (TlmspPeer client, TlmspPeer server) = await path.ConnectAsync(new TlmspContext(3));
        await client.SendAsync(3, "anything");

        Assert.Equal("3: anything", await server.ReceiveTextAsync());
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task The_other_connections_go_on()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        var hanging = new TaskCompletionSource();
        var hang = new TaskCompletionSource();
        var inspector = new ScriptedInspector("content", _ =>
        {
            hanging.SetResult();
            return new ValueTask(hang.Task);
        });
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, inspector: inspector);
        using HttpClient client = server.Client(tlmsp => tlmsp.Middleboxes.Add(middlebox.Address, s_both));
        Task<string> stuck = client.GetStringAsync("/hello");
        await hanging.Task;

        for (int i = 0; i < 5; i++)
        {
            using HttpClient other = server.Client(tlmsp => tlmsp.Middleboxes.Add(middlebox.Address, s_both));
            string[] answers = await Task.WhenAll(other.GetStringAsync("/hello"), other.GetStringAsync("/hello"));
            Assert.Equal(["hello", "hello"], answers);
        }

        hang.SetResult();
        Assert.Equal("hello", await stuck);
    }

    private static async Task AssertFailedAsync(TlmspPeer peer, TlmspAlert expected)
    {
        TlmspException end = await Assert.ThrowsAsync<TlmspException>(peer.ReceiveAsync);
        Assert.True(end.FromPeer, end.Message);
        Assert.Equal(expected, end.Alert);
        await peer.DisposeAsync();
    }
}
