using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>An application that does not read holds the client back; the server keeps no more than its buffers meanwhile.</summary>
[Collection(nameof(NotInParallel))]
public class BackPressureTests
{
    // What the two socket buffers can take where the system lets them grow: 4 MB to send and 32 MB to receive on Linux.
    private const long MostInSockets = 40_000_000;

    // Kestrel's megabyte, and what HttpClient and the connection itself hold.
    private const long MostInMemory = 16_000_000;

    [Fact]
    public async Task An_upload_that_the_application_does_not_read_stops_and_arrives_whole_once_it_does()
    {
        var transfer = new LongTransfer();
        var mayRead = new TaskCompletionSource();
        await using TestServer server = await TestServer.StartAsync(map: app => app.MapPost("/take", async (HttpContext context) =>
        {
            await mayRead.Task;
            long total = 0;
            byte[] buffer = new byte[64 * 1024];
            int count;
            while ((count = await context.Request.Body.ReadAsync(buffer)) > 0)
            {
                total += count;
                Assert.InRange(transfer.Sent - total, 0, MostInSockets + MostInMemory);
            }

            return total.ToString();
        }));
        using HttpClient client = server.Client();
        client.Timeout = Timeout.InfiniteTimeSpan;
        long memory = GC.GetTotalMemory(forceFullCollection: true);

        Task<HttpResponseMessage> posting = client.PostAsync("/take", new LongContent(transfer));
        long sent = await transfer.WaitUntilHeldBackAsync();

        Assert.InRange(sent, 1, MostInSockets + MostInMemory);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - memory, long.MinValue, MostInMemory);
        mayRead.SetResult();
        using HttpResponseMessage response = await posting;
        Assert.Equal(LongTransfer.Length.ToString(), await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_download_that_the_client_does_not_read_stops_and_arrives_whole_once_it_does()
    {
        var transfer = new LongTransfer();
        await using TestServer server = await TestServer.StartAsync(map: app => app.MapGet("/stream", async (HttpContext context) =>
        {
            context.Response.ContentLength = LongTransfer.Length;
            await transfer.SendAsync(chunk => context.Response.Body.WriteAsync(chunk));
        }));
        using HttpClient client = server.Client();
        client.Timeout = Timeout.InfiniteTimeSpan;
        long memory = GC.GetTotalMemory(forceFullCollection: true);

        using HttpResponseMessage response = await client.GetAsync("/stream", HttpCompletionOption.ResponseHeadersRead);
        long sent = await transfer.WaitUntilHeldBackAsync();

        Assert.InRange(sent, 1, MostInSockets + MostInMemory);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - memory, long.MinValue, MostInMemory);
        var counter = new CountingStream();
        await response.Content.CopyToAsync(counter);
        Assert.Equal(LongTransfer.Length, counter.Written);
    }

    private sealed class CountingStream : MemoryStream
    {
        public long Written { get; private set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Written += buffer.Length;
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>Tests that measure the whole process.</summary>
[CollectionDefinition(nameof(NotInParallel), DisableParallelization = true)]
public class NotInParallel;
