using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>A receiver that does not read stops the sender, and the middlebox keeps no more than its buffers meanwhile.</summary>
[Collection(nameof(NotInParallel))]
public class BackPressureTests
{
    private const long Megabyte = 1_000_000;
    private const long Transfer = LongTransfer.Length;

    // What the four socket buffers on the way can take where the system lets them grow: 4 MB to send and 32 MB to receive on Linux.
    private const long MostInSockets = 80 * Megabyte;

    // Kestrel's, HttpClient's and the middlebox's own buffers; a middlebox that kept what the receiver does not take would exceed it.
    private const long MostInMemory = 16 * Megabyte;

    private static readonly Grant s_both = Grant.Read(HttpContexts.Headers, HttpContexts.Body);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_does_not_read_stops_the_server_and_gets_everything_once_it_reads(bool inspect)
    {
        var sender = new LongTransfer();
        await using TestServer server = await TestServer.StartAsync(
            tlmsp => tlmsp.Middleboxes.Policy = _ => null,
            app => app.MapGet("/stream", async (HttpContext context) =>
            {
                context.Response.ContentLength = Transfer;
                await sender.SendAsync(chunk => context.Response.Body.WriteAsync(chunk));
            }));
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, inspect: inspect, inspector: new Discarding());
        using HttpClient client = server.Client(tlmsp => tlmsp.Middleboxes.Add(middlebox.Address, s_both));
        client.Timeout = Timeout.InfiniteTimeSpan;
        long memory = GC.GetTotalMemory(forceFullCollection: true);

        using HttpResponseMessage response = await client.GetAsync("/stream", HttpCompletionOption.ResponseHeadersRead);
        await using Stream content = await response.Content.ReadAsStreamAsync();
        long sent = await sender.WaitUntilHeldBackAsync();

        Assert.InRange(sent, 1, MostInSockets);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - memory, long.MinValue, MostInMemory);
        Assert.Equal(Transfer, await ReadSlowlyAsync(content, sender));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_that_does_not_read_stops_the_client_and_gets_everything_once_it_reads(bool inspect)
    {
        var sender = new LongTransfer();
        var mayRead = new TaskCompletionSource();
        await using TestServer server = await TestServer.StartAsync(
            tlmsp => tlmsp.Middleboxes.Policy = _ => null,
            app => app.MapPost("/take", async (HttpContext context) =>
            {
                await mayRead.Task;
                return (await ReadSlowlyAsync(context.Request.Body, sender)).ToString();
            }));
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, inspect: inspect, inspector: new Discarding());
        using HttpClient client = server.Client(tlmsp => tlmsp.Middleboxes.Add(middlebox.Address, s_both));
        client.Timeout = Timeout.InfiniteTimeSpan;
        long memory = GC.GetTotalMemory(forceFullCollection: true);

        Task<HttpResponseMessage> posting = client.PostAsync("/take", new LongContent(sender));
        long sent = await sender.WaitUntilHeldBackAsync();

        Assert.InRange(sent, 1, MostInSockets);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - memory, long.MinValue, MostInMemory);
        mayRead.SetResult();
        using HttpResponseMessage response = await posting;
        Assert.Equal(Transfer.ToString(), await response.Content.ReadAsStringAsync());
    }

    /// <summary>Sends until held back.</summary>
    /// <returns>False when all of the transfer could be sent.</returns>
    internal static async Task<bool> FillAsync(TlmspPeer peer)
    {
        var progress = new LongTransfer();
        Task sending = progress.SendAsync(async chunk => await peer.SendAsync(HttpContexts.Body, chunk));
        long sent = await progress.WaitUntilHeldBackAsync();
        _ = sending.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);   // it ends with the connection
        return sent < Transfer;
    }

    /// <summary>Reads to the end; the sender is never farther ahead than sockets and buffers allow.</summary>
    private static async Task<long> ReadSlowlyAsync(Stream stream, LongTransfer sender)
    {
        byte[] buffer = new byte[64 * 1024];
        long total = 0;
        int count;
        while ((count = await stream.ReadAsync(buffer)) > 0)
        {
            total += count;
            Assert.InRange(sender.Sent - total, 0, MostInSockets + MostInMemory);
        }

        return total;
    }

    private sealed class Discarding : ITlmspInspector;
}

/// <summary>Tests that measure the whole process.</summary>
[CollectionDefinition(nameof(NotInParallel), DisableParallelization = true)]
public class NotInParallel;
