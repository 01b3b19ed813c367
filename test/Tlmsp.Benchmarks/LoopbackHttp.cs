using System.Diagnostics;

namespace Tlmsp.Benchmarks;

/// <summary>HTTP over loopback, every party in this process: TLMSP beside Kestrel HTTPS with TLS 1.2 AES-128-GCM, slice by slice in turn.</summary>
internal static class LoopbackHttp
{
    private const int Parallel = 8;
    private const int Blocks = 512;
    private const double BulkMegabytes = Blocks * 65536 / 1e6;

    public static async Task RunAsync(Report report, TimeSpan time)
    {
        await using LoopbackPath path = await LoopbackPath.StartAsync();
        foreach (HttpsWay way in Enum.GetValues<HttpsWay>())
        {
            await CompareAsync(report, path, way, time);
        }
    }

    private static async Task CompareAsync(Report report, LoopbackPath path, HttpsWay way, TimeSpan time)
    {
        bool middlebox = way != HttpsWay.Direct;
        (string variant, double? requests) = way switch
        {
            HttpsWay.Direct => ("no middlebox, beside HTTPS", 0.6),
            HttpsWay.ThroughRelay => ("1 middlebox, beside a TLS-terminating byte relay", (double?)null),
            _ => ("1 middlebox, beside a TLS-terminating YARP", 1.2),
        };
        using HttpClient tlmsp = path.TlmspClient(middlebox);
        using HttpClient https = path.HttpsClient(way);
        await WarmUpAsync(time, () => RequestsAsync(tlmsp), () => RequestsAsync(https));
        (double a, double b, double quotient) = await Paired.MeasureAsync(() => RequestsAsync(tlmsp), () => RequestsAsync(https), time);
        report.Add("small JSON, keep-alive", variant, 1 / a, "1/s", null, 1 / b, 1 / quotient, requests);

        (a, b, quotient) = await Paired.MeasureAsync(() => DownloadAsync(tlmsp), () => DownloadAsync(https), time);
        report.Add("download", variant, 1 / a, "MB/s", null, 1 / b, 1 / quotient);

        (a, b, quotient) = await Paired.MeasureAsync(
            () => FirstRequestAsync(() => path.TlmspClient(middlebox)), () => FirstRequestAsync(() => path.HttpsClient(way)), time);
        report.Add("new connection with first request", variant, 1000 * a, "ms", middlebox ? 8 : null, 1000 * b, quotient);
    }

    /// <summary>Gives the tiered compiler time: the framework's own code comes compiled, ours does not.</summary>
    private static async Task WarmUpAsync(TimeSpan time, params Func<Task<double>>[] runs)
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < time)
        {
            foreach (Func<Task<double>> run in runs)
            {
                await run();
            }
        }
    }

    /// <returns>Seconds per request.</returns>
    private static async Task<double> RequestsAsync(HttpClient client)
    {
        const int perConnection = 25;
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Parallel).Select(async _ =>
        {
            for (int i = 0; i < perConnection; i++)
            {
                string text = await client.GetStringAsync(new Uri("/order", UriKind.Relative));
                if (!text.Contains("screwdriver", StringComparison.Ordinal))
                {
                    throw new InvalidDataException(text);
                }
            }
        }));
        return Stopwatch.GetElapsedTime(start).TotalSeconds / (Parallel * perConnection);
    }

    /// <returns>Seconds per megabyte.</returns>
    private static async Task<double> DownloadAsync(HttpClient client)
    {
        byte[] buffer = new byte[64 * 1024];
        long start = Stopwatch.GetTimestamp();
        using Stream stream = await client.GetStreamAsync(new Uri($"/bulk/{Blocks}", UriKind.Relative));
        long bytes = 0;
        for (int read; (read = await stream.ReadAsync(buffer)) > 0;)
        {
            bytes += read;
        }

        return bytes == Blocks * 65536L
            ? Stopwatch.GetElapsedTime(start).TotalSeconds / BulkMegabytes
            : throw new InvalidDataException($"{bytes} bytes");
    }

    /// <returns>Seconds until a client that has no connection yet has its first answer.</returns>
    private static async Task<double> FirstRequestAsync(Func<HttpClient> make)
    {
        using HttpClient client = make();
        long start = Stopwatch.GetTimestamp();
        await client.GetStringAsync(new Uri("/order", UriKind.Relative));
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
