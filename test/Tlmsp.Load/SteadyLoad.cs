using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tlmsp.Http;
using Tlmsp.Middlebox;
using Tlmsp.TestSupport;

namespace Tlmsp.Load;

/// <summary>Many connections through two middleboxes, of which the first keeps an audit: nothing fails, and no line is lost.</summary>
public static class SteadyLoad
{
    private const int LargeEvery = 50;
    private const int AtOnce = 32;      // new connections at a time: all at once would take longer than a handshake may

    public static async Task<LoadResult> RunAsync(int connections, TimeSpan time, Action<string> report)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("tlmsp-load-");
        var problems = new ConcurrentQueue<string>();
        long[] totals = new long[3];    // completed, failed, bytes
        try
        {
            await using (TestServer server = await LoadApi.StartAsync())
            await using (TestMiddlebox second = await TestMiddlebox.StartAsync(server.Address, inspector: new Reading(), level: LogLevel.Warning))
            await using (TestMiddlebox first = await TestMiddlebox.StartAsync(
                new Uri(second.Address), options => options.NextHops.Allow($"localhost:{server.Address.Port}"), inspect: false,
                services: services => new Builder(services).AddAuditLog(audit =>
                {
                    audit.File = Path.Combine(folder.FullName, "load.jsonl");
                    audit.MaxFileBytes = 10_000_000;
                }),
                level: LogLevel.Warning))
            {
                using var stop = new CancellationTokenSource();
                using var arriving = new SemaphoreSlim(AtOnce);
                Task clients = Task.WhenAll(Enumerable.Range(0, connections).Select(
                    i => Task.Run(() => RunClientAsync(server, first, second, i, arriving, totals, problems, stop.Token))));
                long start = Stopwatch.GetTimestamp();
                while (Stopwatch.GetElapsedTime(start) < time && problems.IsEmpty)
                {
                    await Task.Delay(TimeSpan.FromSeconds(Math.Min(10, time.TotalSeconds / 2)));
                    report(string.Create(CultureInfo.InvariantCulture,
                        $"{Stopwatch.GetElapsedTime(start).TotalSeconds,5:F0} s: {Volatile.Read(ref totals[0])} requests, "
                        + $"working set {Environment.WorkingSet / 1e6:F0} MB, live objects {GC.GetTotalMemory(forceFullCollection: true) / 1e6:F0} MB"));
                }

                await stop.CancelAsync();
                await clients;
            }

            long lines = CountRequests(folder);
            if (lines != totals[0] + totals[1])
            {
                problems.Enqueue($"the audit has {lines} requests, and {totals[0] + totals[1]} were made");
            }

            report($"the audit has {lines} requests in {folder.GetFiles().Length} files");
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        return new LoadResult(totals[0], totals[1], totals[2], Process.GetCurrentProcess().PeakWorkingSet64, [.. problems]);
    }

    /// <summary>A client with a connection of its own.</summary>
    private static async Task RunClientAsync(
        TestServer server, TestMiddlebox first, TestMiddlebox second, int number, SemaphoreSlim arriving, long[] totals, ConcurrentQueue<string> problems,
        CancellationToken stop)
    {
        using HttpClient client = server.Client(tlmsp => tlmsp.Middleboxes
            .Add(first.Address, Grant.Read(HttpContexts.Headers))
            .Add(second.Address, Grant.Read(HttpContexts.Headers, HttpContexts.Body)));
        client.Timeout = TimeSpan.FromMinutes(5);
        byte[] buffer = new byte[16_384];
        byte[] expected = new byte[16_384];
        await arriving.WaitAsync(CancellationToken.None);
        for (int i = number; !stop.IsCancellationRequested || i == number; i++)
        {
            int length = i % LargeEvery == 0 ? LoadApi.Large : LoadApi.Small;
            try
            {
                await LoadApi.ReadAsync(client, i, length, buffer, expected);
                Interlocked.Increment(ref totals[0]);
                Interlocked.Add(ref totals[2], length);
            }
            catch (Exception e)
            {
                Interlocked.Increment(ref totals[1]);
                problems.Enqueue($"client {number}: {e.GetType().Name}: {e.Message} {e.InnerException?.Message}");
                return;
            }
            finally
            {
                if (i == number)
                {
                    arriving.Release();
                }
            }
        }
    }

    private static long CountRequests(DirectoryInfo folder) => folder.GetFiles().SelectMany(file => File.ReadLines(file.FullName))
        .LongCount(line => JsonDocument.Parse(line).RootElement is var root
            && root.GetProperty("event").GetString() == "message" && root.GetProperty("direction").GetString() == "request");

    /// <summary>Looks at everything and keeps nothing.</summary>
    private sealed class Reading : ITlmspInspector;

    private sealed record Builder(IServiceCollection Services) : ITlmspMiddleboxBuilder;
}
