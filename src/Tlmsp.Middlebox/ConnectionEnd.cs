using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>How connections end: in bounded time, whatever the other side does.</summary>
internal static class ConnectionEnd
{
    private static readonly TimeSpan s_alertTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Sends an alert that was written, and gives the other side a second to take it and to close.</summary>
    /// <param name="connection">The connection; nobody else may use its pipes.</param>
    /// <param name="pending">A read that is under way on it, if any.</param>
    public static async Task TellAsync(ConnectionContext connection, Task<ReadResult>? pending)
    {
        using var timeout = new CancellationTokenSource(s_alertTimeout);
        try
        {
            await connection.Transport.Output.FlushAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            return;     // It is gone, or does not read.
        }

        await Linger.UntilEndAsync(connection.Transport.Input, pending).ConfigureAwait(false);
    }

    /// <summary>Sends what was flushed, then closes. What the receiver does not take in time is dropped.</summary>
    /// <param name="connection">The connection; nobody else may use its pipes.</param>
    /// <param name="drainTimeout">How long the receiver has.</param>
    public static async Task CloseAsync(ConnectionContext connection, TimeSpan drainTimeout)
    {
        Task closed = connection.DisposeAsync().AsTask();
        try
        {
            await closed.WaitAsync(drainTimeout).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            connection.Abort(new ConnectionAbortedException("The receiver does not take what is left for it."));
            await closed.ConfigureAwait(false);
        }
    }
}
