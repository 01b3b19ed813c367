using System.Buffers;
using System.IO.Pipelines;
using Tlmsp.Http;

namespace Tlmsp.AspNetCore;

/// <summary>Kestrel's raw connection as a transport: one flush of its pipe is one send.</summary>
internal sealed class KestrelTransport(IDuplexPipe connection) : ITlmspTransport
{
    private bool _written;

    public PipeReader Input => connection.Input;

    public IBufferWriter<byte> Output
    {
        get
        {
            _written = true;
            return connection.Output;
        }
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (!_written)
        {
            return;
        }

        _written = false;
        FlushResult result = await connection.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (result.IsCompleted)
        {
            throw new IOException("The connection was closed by the other side.");
        }
    }

    /// <summary>Kestrel owns the connection and closes it.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
