using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Tlmsp.Middlebox;

/// <summary>The end points that a middlebox listens on: as its settings say, whatever they were before.</summary>
internal sealed class MiddleboxListeners(
    IMiddleboxTransport transport, ConnectionRunner run, ILogger logger, CancellationToken stopping)
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<Task, byte> _leaving = [];
    private MiddleboxListener[] _current = [];
    private bool _isStopped;

    /// <summary>Those that are bound, in the order of the settings.</summary>
    public IReadOnlyList<MiddleboxListener> Current => Volatile.Read(ref _current);

    /// <summary>
    /// Binds what is new, unbinds what is gone, whose connections go on, and has the rest use the new settings for new connections. An end
    /// point that stays is not touched, whatever its listener is called.
    /// </summary>
    /// <exception cref="IOException">One cannot be bound; nothing has changed then.</exception>
    public void Change(IReadOnlyList<ListenerSettings> wanted)
    {
        lock (_lock)
        {
            if (_isStopped)
            {
                return;
            }

            // One that has failed is bound anew.
            var kept = _current.Where(each => each.IsAccepting).ToDictionary(each => each.Settings.EndPoint);
            var next = new List<MiddleboxListener>();
            var added = new List<MiddleboxListener>();
            try
            {
                foreach (ListenerSettings settings in wanted)
                {
                    if (!kept.TryGetValue(settings.EndPoint, out MiddleboxListener? listener))
                    {
                        listener = Bind(settings);
                        added.Add(listener);
                    }

                    next.Add(listener);
                }
            }
            catch
            {
                added.ForEach(listener => _ = listener.DisposeAsync().AsTask());
                throw;
            }

            foreach ((MiddleboxListener listener, ListenerSettings settings) in next.Zip(wanted))
            {
                if (added.Contains(listener))
                {
                    listener.Start();
                }
                else
                {
                    listener.Change(settings);
                }
            }

            foreach (MiddleboxListener gone in _current.Except(next))
            {
                Leave(gone);
            }

            Volatile.Write(ref _current, [.. next]);
        }
    }

    /// <summary>Unbinds all, for good.</summary>
    public async Task UnbindAsync()
    {
        lock (_lock)
        {
            if (_isStopped)
            {
                return;
            }

            _isStopped = true;
        }

        foreach (MiddleboxListener listener in Current)
        {
            await listener.UnbindAsync().ConfigureAwait(false);
            Track(listener.DisposeAsync().AsTask());
        }
    }

    /// <summary>Completes when the connections of all that were unbound have ended.</summary>
    public Task EndAsync() => Task.WhenAll(_leaving.Keys);

    private MiddleboxListener Bind(ListenerSettings settings)
    {
        try
        {
            return MiddleboxListener.Bind(settings, transport, run, logger, stopping);
        }
        catch (IOException e) when (_current.FirstOrDefault(each => each.IsAccepting && each.Settings.Overlaps(settings)) is { } own)
        {
            // An old one is not given up before the new ones are bound, as nobody knows whether they can be.
            throw new IOException(
                $"{e.Message} Here it is {own.Settings.EndPoint} of listener {own.Settings.Name} that is in the way: "
                + "remove that first, or restart.", e);
        }
    }

    private void Leave(MiddleboxListener listener)
    {
        Track(LeaveAsync());

        async Task LeaveAsync()
        {
            await listener.UnbindAsync().ConfigureAwait(false);
            await listener.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void Track(Task leaving)
    {
        _leaving[leaving] = 0;
        _ = leaving.ContinueWith(done => _leaving.TryRemove(done, out _), TaskScheduler.Default);
    }
}
