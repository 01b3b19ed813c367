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
        if (output.CanGetUnflushedBytes && output.UnflushedBytes == 0)
        {
            return;
        }

        FlushResult result = await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (result.IsCompleted)
        {
            throw new IOException("The connection was closed by the other side.");
        }
    }

    /// <summary>Kestrel owns the connection and closes it.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
