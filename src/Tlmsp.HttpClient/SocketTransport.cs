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
    private bool _broken;

    public SocketTransport(Socket socket)
    {
        _stream = new NetworkStream(socket, ownsSocket: true);
        Input = PipeReader.Create(_stream, new StreamPipeReaderOptions(bufferSize: 32 * 1024, minimumReadSize: 8 * 1024, leaveOpen: true, useZeroByteReads: true));
    }

    public PipeReader Input { get; }

    public IBufferWriter<byte> Output => _output;

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        // Nobody knows how much of a write that was cancelled or failed has left: whatever followed it would be read as part of it.
        if (_broken)
        {
            throw new IOException("An earlier write to the connection failed.");
        }

        if (_output.Length > 0)
        {
            _broken = true;
            await _stream.WriteAsync(_output.Memory, cancellationToken).ConfigureAwait(false);
            _broken = false;
            _output.Consume(_output.Length);
        }
    }

    /// <summary>Closes the socket. A read may be under way on another thread and gets an exception: its buffer is left to it, not given back.</summary>
    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
