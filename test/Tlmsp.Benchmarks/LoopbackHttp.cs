using System.Diagnostics;
using System.Net;

namespace Tlmsp.Benchmarks;

/// <summary>HTTP over loopback, every party in this process: TLMSP beside Kestrel HTTPS with TLS 1.2 AES-128-GCM, slice by slice in turn.</summary>
internal static class LoopbackHttp
{
    public const int Blocks = 512;
    private const int Parallel = 8;
    private const int PerConnection = 25;
    private const int TenMegabytes = 153;       // blocks
    private const double BlockMegabytes = 65536 / 1e6;
    private static readonly TimeSpan s_leastWarmUp = TimeSpan.FromSeconds(6);

    public static async Task RunAsync(Report report, TimeSpan time)
    {
        await using LoopbackPath path = await LoopbackPath.StartAsync();
        foreach (Version version in (Version[])[HttpVersion.Version11, HttpVersion.Version20])
        {
            foreach (HttpsWay way in Enum.GetValues<HttpsWay>().Where(way => way != HttpsWay.ThroughRelay || version == HttpVersion.Version11))
            {
                // The byte relay knows nothing of the ALPN that HTTP/2 needs.
                await CompareAsync(report, path, way, version, time);
            }
        }

        await AddedCostAsync(report, path, time);
    }

    /// <summary>What a box that reads heads adds to a download of 10 MB, against no box and against YARP in its place.</summary>
    private static async Task AddedCostAsync(Report report, LoopbackPath path, TimeSpan time)
    {
        using HttpClient inspected = path.TlmspClient(TlmspWay.Inspected);
        using HttpClient direct = path.TlmspClient(TlmspWay.Direct);
        using HttpClient yarp = path.HttpsClient(HttpsWay.ThroughYarp);
        using HttpClient https = path.HttpsClient(HttpsWay.Direct);
        await WarmUpAsync(time, [.. new[] { inspected, direct, yarp, https }.Select(client => (Func<Task<double>>)(() => DownloadAsync(client, TenMegabytes)))]);

        // Times, not rates: a ratio above 1 is what the box costs.
        foreach ((string variant, HttpClient first, HttpClient second) in ((string, HttpClient, HttpClient)[])
            [
                ("TLMSP with a header-only box, beside TLMSP without", inspected, direct),
                ("HTTPS through YARP, beside HTTPS without", yarp, https),
                ("TLMSP with a header-only box, beside HTTPS through YARP", inspected, yarp),
            ])
        {
            (double a, double b, double quotient) = await Paired.MeasureAsync(
                () => DownloadAsync(first, TenMegabytes), () => DownloadAsync(second, TenMegabytes), time);
            double scale = 1000 * TenMegabytes * BlockMegabytes;
            report.Add("time of a 10 MB download", variant, scale * a, "ms", null, scale * b, quotient);
        }
    }

    private static async Task CompareAsync(Report report, LoopbackPath path, HttpsWay way, Version version, TimeSpan time)
    {
        TlmspWay tlmspWay = way == HttpsWay.Direct ? TlmspWay.Direct : TlmspWay.Relayed;
        bool isHttp11 = version == HttpVersion.Version11;
        (string variant, double? requests) = way switch
        {
            HttpsWay.Direct => ("no middlebox, beside HTTPS", 0.6),
            HttpsWay.ThroughRelay => ("1 middlebox, beside a TLS-terminating byte relay", (double?)null),
            _ => ("1 middlebox, beside a TLS-terminating YARP", 1.2),
        };
        variant = $"HTTP/{version}, {variant}";
        using HttpClient tlmsp = path.TlmspClient(tlmspWay, version);
        using HttpClient https = path.HttpsClient(way, version);
        await WarmUpAsync(time, () => RequestsAsync(tlmsp), () => RequestsAsync(https));
        (double a, double b, double quotient) = await Paired.MeasureAsync(() => RequestsAsync(tlmsp), () => RequestsAsync(https), time);
        report.Add("small JSON, keep-alive", variant, 1 / a, "1/s", null, 1 / b, 1 / quotient, isHttp11 ? requests : null);

        (a, b, quotient) = await Paired.MeasureAsync(() => DownloadAsync(tlmsp, Blocks), () => DownloadAsync(https, Blocks), time);
        report.Add("download", variant, 1 / a, "MB/s", null, 1 / b, 1 / quotient);

        (a, b, quotient) = await Paired.MeasureAsync(
            () => FirstRequestAsync(() => path.TlmspClient(tlmspWay, version)), () => FirstRequestAsync(() => path.HttpsClient(way, version)), time);
        report.Add("new connection with first request", variant, 1000 * a, "ms", isHttp11 && tlmspWay != TlmspWay.Direct ? 8 : null, 1000 * b, quotient);
    }

    /// <summary>Gives the tiered compiler time: the framework's own code comes compiled, ours does not.</summary>
    public static async Task WarmUpAsync(TimeSpan time, params Func<Task<double>>[] runs)
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < (time > s_leastWarmUp ? time : s_leastWarmUp))
        {
            foreach (Func<Task<double>> run in runs)
            {
                await run();
            }
        }
    }

    /// <returns>Seconds per request.</returns>
    public static async Task<double> RequestsAsync(HttpClient client)
    {
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Parallel).Select(async _ =>
        {
            for (int i = 0; i < PerConnection; i++)
            {
                string text = await client.GetStringAsync(new Uri("/order", UriKind.Relative));
                if (!text.Contains("screwdriver", StringComparison.Ordinal))
                {
                    throw new InvalidDataException(text);
                }
            }
        }));
        return Stopwatch.GetElapsedTime(start).TotalSeconds / (Parallel * PerConnection);
    }

    /// <returns>Seconds per megabyte.</returns>
    public static async Task<double> DownloadAsync(HttpClient client, int blocks)
    {
        byte[] buffer = new byte[64 * 1024];
        long start = Stopwatch.GetTimestamp();
        using Stream stream = await client.GetStreamAsync(new Uri($"/bulk/{blocks}", UriKind.Relative));
        long bytes = 0;
        for (int read; (read = await stream.ReadAsync(buffer)) > 0;)
        {
            bytes += read;
        }

        return bytes == blocks * 65536L
            ? Stopwatch.GetElapsedTime(start).TotalSeconds / (blocks * BlockMegabytes)
            : throw new InvalidDataException($"{bytes} bytes");
    }

    /// <returns>Bytes that all parties allocate, what the garbage collector has freed meanwhile included.</returns>
    public static async Task<double> AllocatedPerRequestAsync(HttpClient client)
    {
        const int times = 10;
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < times; i++)
        {
            await RequestsAsync(client);
        }

        return (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)(times * Parallel * PerConnection);
    }

    /// <returns>As <see cref="AllocatedPerRequestAsync"/>, per megabyte.</returns>
    public static async Task<double> AllocatedPerMegabyteAsync(HttpClient client)
    {
        long before = GC.GetTotalAllocatedBytes(precise: true);
        await DownloadAsync(client, Blocks);
        return (GC.GetTotalAllocatedBytes(precise: true) - before) / (Blocks * BlockMegabytes);
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
