namespace Tlmsp.Client;

/// <summary>A TCP connection as the stream that TLS runs over; knows how the other side's first record begins.</summary>
internal sealed class TransportStream : Stream
{
    private readonly SocketTransport _transport;
    private readonly Stream _input;
    private readonly byte[] _opening = new byte[7];
    private int _known;

    public TransportStream(SocketTransport transport)
    {
        _transport = transport;

        // Left open: a read may be under way on another thread when the socket is closed, and has the buffer.
        _input = transport.Input.AsStream(leaveOpen: true);
    }

    /// <summary>The alert that the other side answered with instead of a handshake; null when it did not.</summary>
    public TlmspAlert? FirstAlert => _known == _opening.Length && _opening is [0x15, 3, _, 0, 2, _, byte alert] ? (TlmspAlert)alert : null;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Noted(buffer.AsSpan(offset), _input.Read(buffer, offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await _input.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        return Noted(buffer.Span, count);
    }

    public override void Write(byte[] buffer, int offset, int count) => _transport.Stream.Write(buffer, offset, count);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _transport.Stream.WriteAsync(buffer, cancellationToken);

    public override void Flush()
    {
        // The socket has it already.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override ValueTask DisposeAsync() => _transport.DisposeAsync();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _transport.Stream.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Noted(ReadOnlySpan<byte> buffer, int count)
    {
        int more = Math.Min(count, _opening.Length - _known);
        if (more > 0)
        {
            buffer[..more].CopyTo(_opening.AsSpan(_known));
            _known += more;
        }

        return count;
    }
}
