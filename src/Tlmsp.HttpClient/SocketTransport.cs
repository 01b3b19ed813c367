using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Tlmsp.Http;

namespace Tlmsp.Client;

/// <summary>A TCP connection as a transport: one write to the socket per flush.</summary>
internal sealed class SocketTransport : ITlmspTransport
{
    private readonly NetworkStream _stream;
    private readonly PooledBuffer _output = new();

    public SocketTransport(Socket socket)
    {
        _stream = new NetworkStream(socket, ownsSocket: true);
        Input = PipeReader.Create(_stream, new StreamPipeReaderOptions(bufferSize: 32 * 1024, minimumReadSize: 8 * 1024, leaveOpen: true, useZeroByteReads: true));
    }

    public PipeReader Input { get; }

    public IBufferWriter<byte> Output => _output;

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (_output.Length > 0)
        {
            await _stream.WriteAsync(_output.Memory, cancellationToken).ConfigureAwait(false);
            _output.Consume(_output.Length);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync().ConfigureAwait(false);
        await Input.CompleteAsync().ConfigureAwait(false);
    }
}
