using System.Net;

namespace Tlmsp.Benchmarks;

/// <summary>What it costs that a box reads or changes content, beside one that reads heads alone; of all parties what a request allocates.</summary>
internal static class InspectedHttp
{
    private const string Group = "box for content, beside a header-only one";

    public static async Task RunAsync(Report report, TimeSpan time)
    {
        await using LoopbackPath path = await LoopbackPath.StartAsync();
        foreach (Version version in (Version[])[HttpVersion.Version11, HttpVersion.Version20])
        {
            await CompareAsync(report, path, TlmspWay.ContentRead, "read", version, time);
            await CompareAsync(report, path, TlmspWay.ContentReplaced, "replaced", version, time);
        }

        // Over HTTP/2 frames keep their size.
        await CompareAsync(report, path, TlmspWay.ContentRechunked, "re-chunked", HttpVersion.Version11, time);
    }

    private static async Task CompareAsync(Report report, LoopbackPath path, TlmspWay way, string what, Version version, TimeSpan time)
    {
        using HttpClient content = path.TlmspClient(way, version);
        using HttpClient heads = path.TlmspClient(TlmspWay.Inspected, version);
        await LoopbackHttp.WarmUpAsync(
            time, () => LoopbackHttp.RequestsAsync(content), () => LoopbackHttp.RequestsAsync(heads),
            () => LoopbackHttp.DownloadAsync(content, LoopbackHttp.Blocks), () => LoopbackHttp.DownloadAsync(heads, LoopbackHttp.Blocks));
        await RowAsync("small JSON, keep-alive", "1/s", LoopbackHttp.RequestsAsync, LoopbackHttp.AllocatedPerRequestAsync);
        await RowAsync("download", "MB/s", client => LoopbackHttp.DownloadAsync(client, LoopbackHttp.Blocks), LoopbackHttp.AllocatedPerMegabyteAsync);

        async Task RowAsync(string load, string unit, Func<HttpClient, Task<double>> run, Func<HttpClient, Task<double>> allocated)
        {
            string variant = $"HTTP/{version}, {load}, {what}";
            (double a, double b, double quotient) = await Paired.MeasureAsync(() => run(content), () => run(heads), time);
            report.Add(Group, variant, 1 / a, unit, null, 1 / b, 1 / quotient);
            (a, b) = (await allocated(content), await allocated(heads));
            report.Add(Group, $"{variant}, allocated", a, unit == "1/s" ? "B/request" : "B/MB", null, b, a / b);
        }
    }
}
