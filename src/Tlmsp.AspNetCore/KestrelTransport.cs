using System.Buffers;
using System.IO.Pipelines;
using Tlmsp.Http;

namespace Tlmsp.AspNetCore;

/// <summary>Kestrel's raw connection as a transport: one flush of its pipe is one send.</summary>
internal sealed class KestrelTransport(IDuplexPipe connection) : ITlmspTransport
{
    public PipeReader Input => connection.Input;

    public IBufferWriter<byte> Output => connection.Output;

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        PipeWriter output = connection.Output;
        if (!output.CanGetUnflushedBytes || output.UnflushedBytes > 0)
        {
            // A connection that is over shows when it is read, with its reason; Kestrel takes an exception here for a bug of its own.
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Kestrel owns the connection and closes it.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
