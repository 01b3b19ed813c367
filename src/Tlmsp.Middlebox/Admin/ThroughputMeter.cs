namespace Tlmsp.Middlebox.Admin;

/// <summary>Bytes per context and second over the last two minutes.</summary>
internal sealed class ThroughputMeter
{
    /// <summary>How far it looks back, in seconds.</summary>
    public const int Seconds = 120;

    private const int MaxSeries = 64;       // names of contexts come from clients
    private readonly SortedDictionary<string, long[]> _series = new(StringComparer.Ordinal);
    private long _second;

    /// <summary>Counts bytes.</summary>
    /// <param name="context">Name of the context.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="second">The time; never goes back.</param>
    public void Add(string context, long bytes, long second)
    {
        Advance(second);
        if (!_series.TryGetValue(context, out long[]? counts))
        {
            if (_series.Count == MaxSeries)
            {
                return;
            }

            _series.Add(context, counts = new long[Seconds]);
        }

        counts[_second % Seconds] += bytes;
    }

    /// <summary>What was counted, the oldest second first, the current one last; silent contexts are left out.</summary>
    public Dictionary<string, long[]> Read(long second)
    {
        Advance(second);
        int next = (int)((_second + 1) % Seconds);
        return _series.ToDictionary(each => each.Key, each => (long[])[.. each.Value[next..], .. each.Value[..next]]);
    }

    private void Advance(long second)
    {
        if (second <= _second)
        {
            return;
        }

        for (long passed = Math.Max(_second + 1, second - Seconds + 1); passed <= second; passed++)
        {
            foreach (long[] counts in _series.Values)
            {
                counts[passed % Seconds] = 0;
            }
        }

        _second = second;
        foreach (string silent in _series.Where(each => !each.Value.Any(count => count > 0)).Select(each => each.Key).ToArray())
        {
            _series.Remove(silent);
        }
    }
}
