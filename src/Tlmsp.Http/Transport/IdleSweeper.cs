using System.Collections.Concurrent;

namespace Tlmsp.Http;

/// <summary>Something that keeps what it could make anew while it is idle.</summary>
internal interface IIdleResource
{
    /// <summary>Gives back what is only worth keeping while in use, if it has not been used since <paramref name="since"/>.</summary>
    /// <param name="since">A value of <see cref="Environment.TickCount64"/>.</param>
    void ReleaseIfIdle(long since);
}

/// <summary>
/// Looks after idle connections with one timer for the process: a cipher object of the platform holds 1.4 KB of native memory, and a
/// connection in use has a dozen of them. Making one anew costs a few microseconds.
/// </summary>
internal static class IdleSweeper
{
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(5);
    private static readonly ConcurrentDictionary<IIdleResource, byte> s_resources = new(ReferenceEqualityComparer.Instance);
    private static readonly Timer s_timer = new(static _ => Sweep(), null, s_period, s_period);

    public static void Add(IIdleResource resource)
    {
        s_resources[resource] = 0;
        GC.KeepAlive(s_timer);
    }

    public static void Remove(IIdleResource resource) => s_resources.TryRemove(resource, out _);

    private static void Sweep()
    {
        long since = Environment.TickCount64 - (long)s_period.TotalMilliseconds;
        foreach (KeyValuePair<IIdleResource, byte> entry in s_resources)
        {
            entry.Key.ReleaseIfIdle(since);
        }
    }
}
