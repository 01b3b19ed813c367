using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Tlmsp.Middlebox;

/// <summary>How connections end: in bounded time, whatever the other side does.</summary>
internal static class ConnectionEnd
{
    private static readonly TimeSpan s_alertTimeout = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Sends an alert that was written, then drops what arrives until the other side closes, for a second at most: closing with input
    /// unread would reset the connection, and the alert be lost.
    /// </summary>
    /// <param name="connection">The connection; nobody else may use its pipes.</param>
    /// <param name="pending">A read that is under way on it, if any.</param>
    public static async Task TellAsync(ConnectionContext connection, Task<ReadResult>? pending)
    {
        using var timeout = new CancellationTokenSource(s_alertTimeout);
        try
        {
            await connection.Transport.Output.FlushAsync(timeout.Token).ConfigureAwait(false);
            PipeReader input = connection.Transport.Input;
            ReadResult result;
            do
            {
                result = await (pending ?? input.ReadAsync(timeout.Token).AsTask()).WaitAsync(timeout.Token).ConfigureAwait(false);
                pending = null;
                input.AdvanceTo(result.Buffer.End);
            }
            while (!result.IsCompleted);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // It is gone, or has had its time.
        }
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
