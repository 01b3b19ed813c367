using System.Buffers;
using System.IO.Pipelines;
using Tlmsp.Http;

namespace Tlmsp.AspNetCore;

/// <summary>The plaintext stream as the pipe pair that Kestrel reads and writes.</summary>
internal sealed class StreamDuplexPipe : IDuplexPipe, IAsyncDisposable
{
    public StreamDuplexPipe(TlmspHttpStream stream, MemoryPool<byte> pool)
    {
        int block = pool.MaxBufferSize > 0 ? Math.Min(pool.MaxBufferSize, 4096) : 4096;
        Input = new ConsumptionReader(
            PipeReader.Create(stream, new StreamPipeReaderOptions(pool, block, block / 2, leaveOpen: true, useZeroByteReads: true)),
            stream.Audit.OnConsumed);
        Output = PipeWriter.Create(stream, new StreamPipeWriterOptions(pool, block, leaveOpen: true));
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public async ValueTask DisposeAsync()
    {
        await Input.CompleteAsync().ConfigureAwait(false);
        await Output.CompleteAsync().ConfigureAwait(false);
    }
}
