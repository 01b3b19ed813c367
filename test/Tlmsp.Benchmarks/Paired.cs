using System.Diagnostics;

namespace Tlmsp.Benchmarks;

/// <summary>
/// Measures two things in turn, in short slices, so that whatever else the machine does meets both: single times drift, the quotient holds.
/// </summary>
internal static class Paired
{
    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(40);

    /// <returns>Seconds per call of each (medians over the slices), and the median of the quotient first / second.</returns>
    public static (double First, double Second, double Quotient) Measure(Action first, Action second, TimeSpan time)
    {
        Slice(first);
        Slice(second);
        var firsts = new List<double>();
        var seconds = new List<double>();
        long start = Stopwatch.GetTimestamp();
        while (firsts.Count < 5 || Stopwatch.GetElapsedTime(start) < time)
        {
            firsts.Add(Slice(first));
            seconds.Add(Slice(second));
        }

        return Summarize(firsts, seconds);
    }

    /// <summary>As <see cref="Measure"/>, for slices that take their own time.</summary>
    public static async Task<(double First, double Second, double Quotient)> MeasureAsync(Func<Task<double>> first, Func<Task<double>> second, TimeSpan time)
    {
        await first();
        await second();
        var firsts = new List<double>();
        var seconds = new List<double>();
        long start = Stopwatch.GetTimestamp();
        while (firsts.Count < 5 || Stopwatch.GetElapsedTime(start) < time)
        {
            firsts.Add(await first());
            seconds.Add(await second());
        }

        return Summarize(firsts, seconds);
    }

    private static (double First, double Second, double Quotient) Summarize(List<double> firsts, List<double> seconds)
    {
        List<double> quotients = [.. firsts.Zip(seconds, (a, b) => a / b)];
        return (Median(firsts), Median(seconds), Median(quotients));
    }

    /// <summary>Seconds per call over one slice.</summary>
    private static double Slice(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        int calls = 0;
        do
        {
            action();
            calls++;
        }
        while (Stopwatch.GetElapsedTime(start) < s_slice);
        return Stopwatch.GetElapsedTime(start).TotalSeconds / calls;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
