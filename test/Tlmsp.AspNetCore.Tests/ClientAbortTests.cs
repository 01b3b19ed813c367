using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>Clients that go away in the middle of an exchange: the application is told, the log stays quiet.</summary>
public class ClientAbortTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public enum Leaving
    {
        Reset,
        CloseWithoutNotify,
        CloseNotify,
    }

    [Theory]
    [InlineData(Leaving.Reset)]
    [InlineData(Leaving.CloseWithoutNotify)]
    [InlineData(Leaving.CloseNotify)]
    public async Task A_client_that_leaves_inside_an_upload_aborts_the_request(Leaving leaving)
    {
        var upload = new Upload();
        await using TestServer server = await TestServer.StartAsync(map: app => app.MapPost("/upload", upload.ReadAsync));
        TlmspPeer peer = await TlmspPeer.ConnectAsync(server.Address, []);
        await peer.SendMessageAsync("POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n", "x");
        await upload.Started.WaitAsync(s_patience);

        switch (leaving)
        {
            case Leaving.Reset:
                peer.Reset();
                break;
            case Leaving.CloseNotify:
                await peer.SendCloseNotifyAsync();
                await peer.DisposeAsync();
                break;
            default:
                await peer.DisposeAsync();
                break;
        }

        await upload.Aborted.WaitAsync(s_patience);
        Exception seen = await upload.Ended.WaitAsync(s_patience);
        Assert.True(seen is IOException or OperationCanceledException, seen.ToString());
        await AssertServesOthersAsync(server);
    }

    [Fact]
    public async Task A_client_that_breaks_the_mapping_inside_an_upload_gets_an_alert_and_aborts_the_request()
    {
        var upload = new Upload();
        await using TestServer server = await TestServer.StartAsync(map: app => app.MapPost("/upload", upload.ReadAsync));
        await using TlmspPeer peer = await TlmspPeer.ConnectAsync(server.Address, []);
        await peer.SendMessageAsync("POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n", "x");
        await upload.Started.WaitAsync(s_patience);

        await peer.SendAsync(HttpContexts.Headers, "content in the context of heads");

        Assert.Equal(TlmspAlert.IllegalParameter, (await peer.ReceiveEndAsync())?.Alert);
        await upload.Aborted.WaitAsync(s_patience);
        await upload.Ended.WaitAsync(s_patience);
        Assert.StartsWith(
            "Debug:", await server.Logs.WaitForLineAsync(nameof(Misbehaviour.HttpMappingViolation)), StringComparison.Ordinal);
        await AssertServesOthersAsync(server);
    }

    [Fact]
    public async Task A_request_that_HttpClient_cancels_inside_an_upload_is_aborted()
    {
        var upload = new Upload();
        await using TestServer server = await TestServer.StartAsync(map: app => app.MapPost("/upload", upload.ReadAsync));
        using HttpClient client = server.Client();
        using var cancel = new CancellationTokenSource();
        Task posting = client.PostAsync("/upload", new NeverEnding(), cancel.Token);
        await upload.Started.WaitAsync(s_patience);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => posting);
        await upload.Aborted.WaitAsync(s_patience);
        await upload.Ended.WaitAsync(s_patience);
        await AssertServesOthersAsync(server);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_leaves_inside_a_download_aborts_the_request(bool reset)
    {
        var aborted = new TaskCompletionSource();
        var started = new TaskCompletionSource();
        await using TestServer server = await TestServer.StartAsync(map: app => app.MapGet("/endless", async (HttpContext context) =>
        {
            context.RequestAborted.Register(aborted.SetResult);
            byte[] chunk = new byte[50_000];
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(chunk);
                started.TrySetResult();
            }
        }));
        TlmspPeer peer = await TlmspPeer.ConnectAsync(server.Address, []);
        await peer.SendAsync(HttpContexts.Headers, "GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await started.Task.WaitAsync(s_patience);

        if (reset)
        {
            peer.Reset();
        }
        else
        {
            await peer.DisposeAsync();
        }

        await aborted.Task.WaitAsync(s_patience);
        await AssertServesOthersAsync(server);
    }

    private static async Task AssertServesOthersAsync(TestServer server)
    {
        using (HttpClient client = server.Client())
        {
            Assert.Equal("hello", await client.GetStringAsync("/hello"));
        }

        await server.StopAsync();     // everything that could be logged has been
        server.Logs.AssertQuiet();
    }

    /// <summary>An application that reads what is uploaded.</summary>
    private sealed class Upload
    {
        private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<Exception> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Started => _started.Task;

        public Task Aborted => _aborted.Task;

        public Task<Exception> Ended => _ended.Task;

        public async Task ReadAsync(HttpContext context)
        {
            context.RequestAborted.Register(_aborted.SetResult);
            byte[] buffer = new byte[4096];
            try
            {
                while (await context.Request.Body.ReadAsync(buffer) > 0)
                {
                    _started.TrySetResult();
                }

                _ended.SetResult(new InvalidOperationException("The upload looked complete."));
            }
            catch (Exception e)
            {
                _ended.SetResult(e);
                throw;
            }
        }
    }

    private sealed class NeverEnding : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context) =>
            throw new NotSupportedException();

        protected override async Task SerializeToStreamAsync(
            Stream stream, System.Net.TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync("x"u8.ToArray(), cancellationToken);
            await stream.FlushAsync(cancellationToken);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 1000;
            return true;
        }
    }
}
