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
    /// <exception cref="IOException">One cannot be bound; what there was before is there again.</exception>
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
            MiddleboxListener[] inTheWay = [.. kept.Values.Where(each => IsInTheWay(each.Settings, wanted))];
            Array.ForEach(inTheWay, Unbind);
            List<MiddleboxListener> added;
            try
            {
                added = BindAll(wanted.Where(each => !kept.ContainsKey(each.EndPoint)));
            }
            catch
            {
                Array.ForEach(inTheWay, Restore);
                throw;
            }

            foreach (ListenerSettings settings in wanted)
            {
                if (kept.TryGetValue(settings.EndPoint, out MiddleboxListener? listener))
                {
                    listener.Change(settings);
                }
            }

            added.ForEach(listener => listener.Start());
            MiddleboxListener[] next =
            [
                .. wanted.Select(each => kept.GetValueOrDefault(each.EndPoint) ?? added.Single(listener => listener.Settings == each)),
            ];
            foreach (MiddleboxListener gone in _current.Except(next))
            {
                Unbind(gone);
                Track(gone.DisposeAsync().AsTask());
            }

            Volatile.Write(ref _current, next);
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

    /// <summary>No system binds 0.0.0.0:7001 while 10.0.0.7:7001 is bound: the old one has to go first.</summary>
    private static bool IsInTheWay(ListenerSettings old, IReadOnlyList<ListenerSettings> wanted) =>
        wanted.Any(old.Overlaps) && !wanted.Any(each => each.EndPoint.Equals(old.EndPoint));

    /// <summary>All or none.</summary>
    private List<MiddleboxListener> BindAll(IEnumerable<ListenerSettings> wanted)
    {
        var bound = new List<MiddleboxListener>();
        try
        {
            foreach (ListenerSettings settings in wanted)
            {
                bound.Add(MiddleboxListener.Bind(settings, transport, run, logger, stopping));
            }

            return bound;
        }
        catch
        {
            bound.ForEach(listener => Track(listener.DisposeAsync().AsTask()));
            throw;
        }
    }

    /// <summary>Nobody else waits while settings change, and sockets do not let it wait.</summary>
    private static void Unbind(MiddleboxListener listener) => listener.UnbindAsync().GetAwaiter().GetResult();

    /// <summary>Binds an end point again; its connections go on in either case.</summary>
    private void Restore(MiddleboxListener unbound)
    {
        try
        {
            MiddleboxListener again = BindAll([unbound.Settings])[0];
            again.Start();
            Volatile.Write(ref _current, [.. _current.Select(each => each == unbound ? again : each)]);
            Track(unbound.DisposeAsync().AsTask());
        }
        catch (IOException e)
        {
            unbound.Fail(e);
        }
    }

    private void Track(Task leaving)
    {
        _leaving[leaving] = 0;
        _ = leaving.ContinueWith(done => _leaving.TryRemove(done, out _), TaskScheduler.Default);
    }
}
