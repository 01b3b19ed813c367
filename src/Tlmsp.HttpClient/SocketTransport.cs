using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Tlmsp.Http;

namespace Tlmsp.Client;

/// <summary>A TCP connection as a transport: one write to the socket per flush.</summary>
internal sealed class SocketTransport : ITlmspTransport
{
    private readonly PooledBuffer _output = new();
    private bool _broken;

    public SocketTransport(Socket socket)
    {
        Stream = new NetworkStream(socket, ownsSocket: true);
        Input = PipeReader.Create(Stream, new StreamPipeReaderOptions(bufferSize: 32 * 1024, minimumReadSize: 8 * 1024, leaveOpen: true, useZeroByteReads: true));
    }

    /// <summary>The connection itself, for who writes past <see cref="Output"/>.</summary>
    public NetworkStream Stream { get; }

    public PipeReader Input { get; }

    public IBufferWriter<byte> Output => _output;

    /// <summary>Connects.</summary>
    /// <exception cref="SocketException">Nobody is there.</exception>
    public static async Task<SocketTransport> ConnectAsync(DnsEndPoint endPoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            return new SocketTransport(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

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
            await Stream.WriteAsync(_output.Memory, cancellationToken).ConfigureAwait(false);
            _broken = false;
            _output.Consume(_output.Length);
        }
    }

    /// <summary>Closes the socket. A read may be under way on another thread and gets an exception: its buffer is left to it, not given back.</summary>
    public ValueTask DisposeAsync() => Stream.DisposeAsync();
}
