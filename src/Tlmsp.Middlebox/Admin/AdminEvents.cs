using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Tlmsp.Middlebox.Admin;

/// <summary>
/// Server-sent events: what has changed since the last ones. Nothing is queued for a browser, so one that does not read costs nothing;
/// after a while it is dropped.
/// </summary>
/// <param name="feed">What there is to tell.</param>
/// <param name="writeTimeout">How long a browser has to take what is sent.</param>
/// <param name="stopping">The host stops.</param>
internal sealed class AdminEvents(LiveFeed feed, TimeSpan writeTimeout, CancellationToken stopping)
{
    /// <summary>Most browsers at a time.</summary>
    public const int MaxBrowsers = 16;

    private const int TurnsPerSecond = 4;
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(1000 / TurnsPerSecond);
    private int _browsers;

    /// <summary>Sends events until the browser goes, does not read, or the host stops.</summary>
    /// <param name="context">The request.</param>
    /// <param name="after">The last change that the browser knows.</param>
    public async Task SendAsync(HttpContext context, long after)
    {
        if (Interlocked.Increment(ref _browsers) > MaxBrowsers)
        {
            Interlocked.Decrement(ref _browsers);
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        try
        {
            context.Response.ContentType = "text/event-stream";
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
            await RunAsync(context, after, ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            if (!stopping.IsCancellationRequested)
            {
                context.Abort();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _browsers);
        }
    }

    private async Task RunAsync(HttpContext context, long after, CancellationToken ended)
    {
        long paths = -1;
        using var timer = new PeriodicTimer(s_interval);
        for (int turn = 0; ; turn++)
        {
            var text = new MemoryStream();
            if (turn % TurnsPerSecond == 0 || feed.PathChange != paths)
            {
                paths = feed.PathChange;
                Add(text, "paths", null, feed.Overview());
            }

            MessagesView messages = feed.Messages(after);
            if (messages.Messages.Count > 0 || turn == 0)
            {
                Add(text, "messages", messages.Last, messages);
            }

            after = messages.Last;
            if (turn % TurnsPerSecond == 0)
            {
                Add(text, "throughput", null, feed.Throughput());
            }

            if (text.Length > 0)
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(ended);
                limit.CancelAfter(writeTimeout);
                await context.Response.Body.WriteAsync(text.GetBuffer().AsMemory(0, (int)text.Length), limit.Token).ConfigureAwait(false);
                await context.Response.Body.FlushAsync(limit.Token).ConfigureAwait(false);
            }

            await timer.WaitForNextTickAsync(ended).ConfigureAwait(false);
        }
    }

    private static void Add<T>(MemoryStream text, string name, long? id, T data)
    {
        text.Write(System.Text.Encoding.ASCII.GetBytes($"event: {name}\n{(id is null ? "" : $"id: {id}\n")}data: "));
        JsonSerializer.Serialize(text, data, AdminEndpoints.Json);
        text.Write("\n\n"u8);
    }
}
