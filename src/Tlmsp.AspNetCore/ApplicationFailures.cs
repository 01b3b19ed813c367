using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Tlmsp.AspNetCore;

/// <summary>
/// Hears that the application failed inside a response. Where that is a tunnel, or has neither length nor chunks, Kestrel ends the connection
/// after a failure just as after its end, and only the diagnostics of the host tell them apart.
/// </summary>
/// <param name="source">The host's.</param>
internal sealed class ApplicationFailures(DiagnosticListener source) : IObserver<KeyValuePair<string, object?>>
{
    private const string Unhandled = "Microsoft.AspNetCore.Hosting.UnhandledException";
    private readonly ConcurrentDictionary<string, Action> _watched = [];
    private int _subscribed;

    /// <summary>Listens until the result is disposed of. One subscription is for all: each makes every request of the host slower.</summary>
    /// <param name="connectionId">Kestrel's connection.</param>
    /// <param name="failed">Called for each failure on it, before Kestrel ends the connection.</param>
    public IDisposable Watch(string connectionId, Action failed)
    {
        _watched[connectionId] = failed;
        if (Interlocked.Exchange(ref _subscribed, 1) == 0)
        {
            source.Subscribe(this, static name => name == Unhandled);
        }

        return new Watching(_watched, connectionId);
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        // Diagnostics have properties and no public type.
        if (value.Key == Unhandled && value.Value?.GetType().GetProperty("httpContext")?.GetValue(value.Value) is HttpContext context
            && _watched.TryGetValue(context.Connection.Id, out Action? failed))
        {
            failed();
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    private sealed class Watching(ConcurrentDictionary<string, Action> watched, string connectionId) : IDisposable
    {
        public void Dispose() => watched.TryRemove(connectionId, out _);
    }
}
