using System.Collections.Concurrent;

namespace Tlmsp.Middlebox;

/// <summary>Looks after the time of all established paths at once, so that none of them needs a timer.</summary>
internal sealed class RelaySweep(TimeSpan interval)
{
    private static readonly TimeSpan s_drainInterval = TimeSpan.FromMilliseconds(25);
    private readonly ConcurrentDictionary<ConnectionRelay, byte> _relays = [];

    public void Add(ConnectionRelay relay) => _relays[relay] = 0;

    public void Remove(ConnectionRelay relay) => _relays.TryRemove(relay, out _);

    /// <summary>Ends paths as they fall idle, until none is left or the time is over.</summary>
    public async Task DrainAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        long start = Environment.TickCount64;
        while (!_relays.IsEmpty && Environment.TickCount64 - start < time.TotalMilliseconds && !cancellationToken.IsCancellationRequested)
        {
            foreach ((ConnectionRelay relay, _) in _relays)
            {
                relay.EndIfIdle(Environment.TickCount64);
            }

            await Task.Delay(s_drainInterval, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(interval);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false))
            {
                long now = Environment.TickCount64;
                foreach ((ConnectionRelay relay, _) in _relays)
                {
                    relay.Sweep(now);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }
}
