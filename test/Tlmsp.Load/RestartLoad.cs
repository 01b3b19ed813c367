using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Load;

/// <summary>
/// A middlebox that is killed and started again under load: what fails fails with a clear error, what is answered is whole, and clients go
/// on as soon as there is a middlebox again.
/// </summary>
public static class RestartLoad
{
    public static async Task<LoadResult> RunAsync(int connections, TimeSpan time, Action<string> report)
    {
        var problems = new ConcurrentQueue<string>();
        long[] totals = new long[4];    // completed, failed, bytes, recovered
        int restarts = 0;
        await using TestServer server = await LoadApi.StartAsync();
        TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, Hasty, inspect: false, level: LogLevel.Error);
        string address = middlebox.Address;
        using var stop = new CancellationTokenSource();
        Task clients = Task.WhenAll(Enumerable.Range(0, connections).Select(i => Task.Run(() => RunClientAsync(server, address, i, totals, problems, stop.Token))));
        long start = Stopwatch.GetTimestamp();
        try
        {
            while (Stopwatch.GetElapsedTime(start) < time)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(700));
                await middlebox.DisposeAsync();
                await Task.Delay(TimeSpan.FromMilliseconds(100));
                middlebox = await TestMiddlebox.StartAsync(server.Address, options =>
                {
                    Hasty(options);
                    options.Address = address;
                    options.ListenEndPoint!.Port = new Uri(address).Port;
                }, inspect: false, level: LogLevel.Error);
                restarts++;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(500));
            await stop.CancelAsync();
            await clients;
        }
        finally
        {
            await middlebox.DisposeAsync();
        }

        report($"{restarts} restarts; {totals[3]} times a client went on after failures");
        if (totals[1] == 0)
        {
            problems.Enqueue("no request failed: the middlebox was not killed under load");
        }

        return new LoadResult(totals[0], totals[1], totals[2], Process.GetCurrentProcess().PeakWorkingSet64, [.. problems]);

        // What is under way is cut off, as by a kill.
        static void Hasty(Tlmsp.Middlebox.TlmspMiddleboxHostOptions options) => options.DrainTimeout = TimeSpan.FromMilliseconds(1);
    }

    private static async Task RunClientAsync(
        TestServer server, string middlebox, int number, long[] totals, ConcurrentQueue<string> problems, CancellationToken stop)
    {
        using HttpClient client = server.Client(tlmsp => tlmsp.Middleboxes.Add(middlebox, Grant.Read(HttpContexts.Headers)));
        client.Timeout = TimeSpan.FromMinutes(1);
        byte[] buffer = new byte[16_384];
        byte[] expected = new byte[16_384];
        bool hasFailed = false;
        for (int i = number; !stop.IsCancellationRequested || hasFailed; i++)
        {
            int length = i % 3 == 0 ? LoadApi.Large : LoadApi.Small;
            try
            {
                await LoadApi.ReadAsync(client, i, length, buffer, expected);
                Interlocked.Increment(ref totals[0]);
                Interlocked.Add(ref totals[2], length);
                Interlocked.Add(ref totals[3], hasFailed ? 1 : 0);
                hasFailed = false;
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                Interlocked.Increment(ref totals[1]);
                hasFailed = true;
                await Task.Delay(20, CancellationToken.None);
            }
            catch (Exception e)
            {
                problems.Enqueue($"client {number}: {e.GetType().Name}: {e.Message}");
                return;
            }
        }
    }
}
