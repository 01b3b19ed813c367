using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests.Http2;

/// <summary>Content larger than the windows, many streams, and every way in which they end.</summary>
public class Http2TransferTests
{
    private const int Large = 8 * 1024 * 1024;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Content_of_many_windows_arrives_both_ways_at_once(bool inspected)
    {
        byte[] content = RandomNumberGenerator.GetBytes(Large);
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null, app =>
        {
            app.MapPost("/hash", async (Stream body) => Convert.ToHexString(await SHA256.HashDataAsync(body)));
            app.MapGet("/content", () => Results.Bytes(content));
        });
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address);
        using HttpClient client = Client(server, tlmsp =>
        {
            if (inspected)
            {
                tlmsp.Middleboxes.Add(middlebox.Address, Grant.Read(HttpContexts.Headers, HttpContexts.Body));
            }
        });

        Task<HttpResponseMessage> upload = client.PostAsync("/hash", new ByteArrayContent(content));
        byte[] download = await client.GetByteArrayAsync("/content");

        Assert.Equal(content, download);
        Assert.Equal(Convert.ToHexString(SHA256.HashData(content)), await (await upload).Content.ReadAsStringAsync());
        if (inspected)
        {
            // What was sent on was shown before. The answer to the upload is a hash of 64 digits.
            Assert.Equal((2 * Large) + 64, middlebox.Seen.Content.Length);
        }
    }

    [Fact]
    public async Task A_stream_that_nobody_reads_holds_up_no_other()
    {
        await using TestServer server = await TestServer.StartAsync(map: app =>
            app.MapGet("/large", async (HttpContext context) => await context.Response.Body.WriteAsync(new byte[Large])));
        using HttpClient client = Client(server);
        using HttpResponseMessage unread = await client.GetAsync("/large", HttpCompletionOption.ResponseHeadersRead);

        string[] answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => client.GetStringAsync("/hello")));

        Assert.All(answers, answer => Assert.Equal("hello", answer));
        Assert.Equal(Large, (await unread.Content.ReadAsByteArrayAsync()).Length);
    }

    [Fact]
    public async Task Hundreds_of_requests_share_one_connection()
    {
        await using TestServer server = await TestServer.StartAsync();
        int sessions = 0;
        using HttpClient client = Client(server, tlmsp => tlmsp.SessionEstablished = _ => Interlocked.Increment(ref sessions));

        int[] sums = await Task.WhenAll(Enumerable.Range(0, 300).Select(async i =>
        {
            using HttpResponseMessage response = await client.PostAsync("/echo", new ByteArrayContent(new byte[i * 37]));
            return (await response.Content.ReadAsByteArrayAsync()).Length;
        }));

        Assert.Equal(Enumerable.Range(0, 300).Select(i => i * 37), sums);
        Assert.Equal(1, sessions);
    }

    [Fact]
    public async Task An_upload_that_is_cancelled_ends_alone()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = await TestServer.StartAsync(map: app => app.MapPost("/upload", async (HttpContext context) =>
        {
            context.RequestAborted.Register(aborted.SetResult);
            _ = await context.Request.Body.ReadAsync(new byte[1]);
            started.SetResult();
            await context.Request.Body.CopyToAsync(Stream.Null);
        }));
        int sessions = 0;
        using HttpClient client = Client(server, tlmsp => tlmsp.SessionEstablished = _ => Interlocked.Increment(ref sessions));
        using var cancelled = new CancellationTokenSource();
        Task<HttpResponseMessage> upload = client.PostAsync("/upload", new StreamContent(new Endless()), cancelled.Token);
        await started.Task.WaitAsync(TimeSpan.FromSeconds(20));

        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => upload);
        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        Assert.Equal(1, sessions);
    }

    [Fact]
    public async Task An_answer_before_the_upload_is_complete_stops_it()
    {
        await using TestServer server = await TestServer.StartAsync(map: app => app.MapPost("/refuse", () => Results.StatusCode(413)));
        int sessions = 0;
        using HttpClient client = Client(server, tlmsp => tlmsp.SessionEstablished = _ => Interlocked.Increment(ref sessions));

        using HttpResponseMessage response = await client.PostAsync("/refuse", new StreamContent(new Endless()));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        Assert.Equal(1, sessions);
    }

    [Fact]
    public async Task A_response_that_the_server_aborts_is_not_complete_and_others_go_on()
    {
        await using TestServer server = await TestServer.StartAsync(map: app => app.MapGet("/abort", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("some of it");
            await context.Response.Body.FlushAsync();
            context.Abort();
        }));
        int sessions = 0;
        using HttpClient client = Client(server, tlmsp => tlmsp.SessionEstablished = _ => Interlocked.Increment(ref sessions));

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/abort"));

        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        Assert.Equal(1, sessions);
    }

    [Fact]
    public async Task A_server_that_stops_finishes_its_streams()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = await TestServer.StartAsync(map: app => app.MapGet("/slow", async () =>
        {
            reached.SetResult();
            await go.Task;
            return "done";
        }));
        using HttpClient client = Client(server);
        Task<string> slow = client.GetStringAsync("/slow");
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(20));

        Task stopping = server.StopAsync();
        go.SetResult();

        Assert.Equal("done", await slow);
        await stopping.WaitAsync(TimeSpan.FromSeconds(20));
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/hello"));
    }

    [Fact]
    public async Task A_connection_that_ends_completes_none_of_its_streams()
    {
        await using TestServer server = await TestServer.StartAsync(
            tlmsp => tlmsp.Middleboxes.Policy = _ => null,
            app => app.MapGet("/half", async (HttpContext context) =>
            {
                await context.Response.WriteAsync("half");
                await context.Response.Body.FlushAsync();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }));
        TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address);
        using HttpClient client = Client(server, tlmsp => tlmsp.Middleboxes.Add(middlebox.Address, Grant.None));
        using HttpResponseMessage response = await client.GetAsync("/half", HttpCompletionOption.ResponseHeadersRead);
        Stream content = await response.Content.ReadAsStreamAsync();
        byte[] half = new byte[4];
        await content.ReadExactlyAsync(half);

        await middlebox.DisposeAsync();

        await Assert.ThrowsAnyAsync<IOException>(async () => await content.ReadAtLeastAsync(half, 1));
    }

    private static HttpClient Client(TestServer server, Action<Client.TlmspHttpOptions>? configure = null)
    {
        HttpClient client = server.Client(configure);
        client.DefaultRequestVersion = HttpVersion.Version20;
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return client;
    }

    /// <summary>Zeroes without end.</summary>
    private sealed class Endless : MemoryStream
    {
        public override bool CanSeek => false;      // no length

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(buffer.Length);

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) =>
            CopyAsync(destination, cancellationToken);

        private static async Task CopyAsync(Stream destination, CancellationToken cancellationToken)
        {
            byte[] zeroes = new byte[64 * 1024];
            while (true)
            {
                await destination.WriteAsync(zeroes, cancellationToken);
            }
        }
    }
}
