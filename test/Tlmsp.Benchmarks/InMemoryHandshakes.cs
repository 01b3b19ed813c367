using System.Diagnostics;
using Tlmsp.TestSupport;

namespace Tlmsp.Benchmarks;

/// <summary>
/// Whole handshakes of all parties on one thread: ECDSA P-256 certificates, the default group. Rates are per second of processor time, which
/// on an idle machine is the same as time, and on a busy one is what still means something.
/// </summary>
internal static class InMemoryHandshakes
{
    private static readonly double[] s_targets = [950, 400, 250];       // architecture of this project: goals, not claims
    private static readonly double[] s_reference = [950, 190, 115];     // the ETSI reference stack on such a machine

    public static void Run(Report report, TimeSpan time)
    {
        for (int middleboxes = 0; middleboxes <= 2; middleboxes++)
        {
            var path = new BenchPath(audited: false, [.. Enumerable.Repeat(Grant.Read(1), middleboxes)]);
            double rate = Measure(path, time);
            report.Add("handshakes", $"{middleboxes} middleboxes", rate, "1/s", s_targets[middleboxes], s_reference[middleboxes]);
        }
    }

    private static double Measure(BenchPath path, TimeSpan time)
    {
        Loop(path, time / 4);
        return Loop(path, time);
    }

    private static double Loop(BenchPath path, TimeSpan time)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        int count = 0;
        while (Stopwatch.GetElapsedTime(start) < time)
        {
            using InMemoryPath connected = path.Connect();
            count++;
        }

        return count / (Environment.CpuUsage.TotalTime - before).TotalSeconds;
    }
}
