using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Tlmsp.AspNetCore;

/// <summary>
/// Hears that the application failed inside a response. Where that is a tunnel, or has neither length nor chunks, Kestrel ends the connection after a
/// failure just as after its end, and only the diagnostics of the host tell them apart.
/// </summary>
internal sealed class ApplicationFailures(string connectionId, Action failed) : IObserver<KeyValuePair<string, object?>>
{
    private const string Unhandled = "Microsoft.AspNetCore.Hosting.UnhandledException";

    /// <summary>Listens until the result is disposed of.</summary>
    /// <param name="source">The host's.</param>
    /// <param name="connectionId">Kestrel's connection.</param>
    /// <param name="failed">Called for each failure on it, before Kestrel ends the connection.</param>
    public static IDisposable Watch(DiagnosticListener source, string connectionId, Action failed) =>
        source.Subscribe(new ApplicationFailures(connectionId, failed), static name => name == Unhandled);

    public void OnNext(KeyValuePair<string, object?> value)
    {
        // Diagnostics have properties and no public type. What cannot be told apart is a failure.
        var context = value.Value?.GetType().GetProperty("httpContext")?.GetValue(value.Value) as HttpContext;
        if (value.Key == Unhandled && (context is null || context.Connection.Id == connectionId))
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
}
