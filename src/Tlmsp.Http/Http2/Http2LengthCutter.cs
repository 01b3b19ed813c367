using System.Buffers;

namespace Tlmsp.Http;

/// <summary>
/// Takes content-length out of an endpoint's own heads where somebody may resize the content on its way (http-mapping §4.1): the end of the
/// stream says where it ends. Holds a field block until it is complete. Where the field says more, as in responses to HEAD, it stays.
/// </summary>
internal sealed class Http2LengthCutter(HttpDirection direction, Http2Streams streams) : IDisposable
{
    private readonly PooledBuffer _block = new();
    private Http2Frame _first;

    /// <summary>Takes a run of HEADERS or CONTINUATION.</summary>
    public void Take(in Http2Frame frame, Http2Piece piece, ReadOnlySpan<byte> bytes)
    {
        if (piece.Kind == Http2PieceKind.Header && frame.Type == Http2FrameType.Headers)
        {
            _first = frame;
        }
        else if (piece.Kind == Http2PieceKind.Block)
        {
            _block.Write(bytes);
        }
    }

    /// <summary>The block is complete.</summary>
    /// <param name="mayCut">Whether it is the head of a message whose content may be resized.</param>
    /// <returns>Frames in its place, without padding and priority.</returns>
    public byte[] End(bool mayCut)
    {
        ReadOnlySpan<byte> block = _block.Memory.Span;
        bool hasContent = !_first.EndsStream && !(direction == HttpDirection.Response && streams.IsHead(_first.StreamId));
        if (mayCut && hasContent)
        {
            block = HpackCutter.CutContentLength(block);
        }

        var frames = new List<byte>(block.Length + Http2Frame.HeaderSize);
        Http2FrameType type = Http2FrameType.Headers;
        Span<byte> header = stackalloc byte[Http2Frame.HeaderSize];
        do
        {
            ReadOnlySpan<byte> fragment = block[..Math.Min(block.Length, Http2Frame.DefaultMaxSize)];
            block = block[fragment.Length..];
            Http2Frame.OfBlock(type, fragment.Length, _first, block.IsEmpty).Write(header);
            frames.AddRange(header);
            frames.AddRange(fragment);
            type = Http2FrameType.Continuation;
        }
        while (!block.IsEmpty);
        _block.Consume(_block.Length);
        return [.. frames];
    }

    /// <inheritdoc/>
    public void Dispose() => _block.Dispose();
}
