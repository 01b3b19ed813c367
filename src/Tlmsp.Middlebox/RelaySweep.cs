using System.Collections.Concurrent;

namespace Tlmsp.Middlebox;

/// <summary>Looks after the time of all established paths at once, so that none of them needs a timer.</summary>
internal sealed class RelaySweep(TimeSpan interval)
{
    private readonly ConcurrentDictionary<ConnectionRelay, byte> _relays = [];

    public void Add(ConnectionRelay relay) => _relays[relay] = 0;

    public void Remove(ConnectionRelay relay) => _relays.TryRemove(relay, out _);

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
