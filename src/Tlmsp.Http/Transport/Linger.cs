using System.IO.Pipelines;

namespace Tlmsp.Http;

/// <summary>What happens between a fatal alert and the end of its connection.</summary>
internal static class Linger
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Drops what arrives until the other side closes, for a second at most: closing with input unread would reset the connection, and the
    /// alert be lost on a peer, or on a middlebox before it, that is still writing.
    /// </summary>
    /// <param name="input">What arrives; nobody else may read it.</param>
    /// <param name="pending">A read that is under way, if any.</param>
    public static async Task UntilEndAsync(PipeReader input, Task<ReadResult>? pending = null)
    {
        using var timeout = new CancellationTokenSource(s_patience);
        try
        {
            bool ended = false;
            while (!ended)
            {
                Task<ReadResult> read = pending ?? input.ReadAsync(timeout.Token).AsTask();
                pending = null;
                ReadResult result = await read.WaitAsync(timeout.Token).ConfigureAwait(false);
                ended = result.IsCompleted || result.IsCanceled;
                input.AdvanceTo(result.Buffer.End);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // It has gone, or has had its time.
        }
    }
}
