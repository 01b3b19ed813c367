using System.Diagnostics;
using Tlmsp.Client;
using Tlmsp.TestSupport;

namespace Tlmsp.Benchmarks;

/// <summary>
/// Time until a client without a connection has its first answer, through 0, 1 and 2 middleboxes: ours, and where TLMSP_REFERENCE names
/// the folder of the reference's tools, theirs in turn with ours.
/// </summary>
internal static class LoopbackSetUp
{
    private const string Group = "new connection with first request";
    private static readonly double?[] s_targets = [null, 8, null];

    public static async Task RunAsync(Report report, TimeSpan time)
    {
        await using LoopbackPath server = await LoopbackPath.StartAsync();
        for (int count = 0; count <= 2; count++)
        {
            await using HttpPath ours = await HttpPath.StartAsync(server.Tlmsp, Row(Maker.Ours, count));
            if (count == 0 || Reference.Folder is null)
            {
                (double alone, _, _) = await Paired.MeasureAsync(() => FirstAnswerAsync(ours), () => Task.FromResult(1d), time);
                report.Add(Group, $"{count} middleboxes", 1000 * alone, "ms", s_targets[count]);
                continue;
            }

            await using HttpPath theirs = await HttpPath.StartAsync(server.Tlmsp, Row(Maker.Reference, count));
            (double a, double b, double quotient) = await Paired.MeasureAsync(() => FirstAnswerAsync(ours), () => FirstAnswerAsync(theirs), time);
            report.Add(Group, $"{count} middleboxes, beside as many of the reference", 1000 * a, "ms", s_targets[count], 1000 * b, quotient);
        }
    }

    private static Maker[] Row(Maker maker, int count) => [.. Enumerable.Repeat(maker, count)];

    /// <returns>Seconds.</returns>
    private static async Task<double> FirstAnswerAsync(HttpPath path)
    {
        using HttpClient client = path.Client();
        long start = Stopwatch.GetTimestamp();
        await client.GetStringAsync(new Uri("/order", UriKind.Relative));
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
