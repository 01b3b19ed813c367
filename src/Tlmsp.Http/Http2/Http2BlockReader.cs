using System.Buffers;

namespace Tlmsp.Http;

/// <summary>Reads the field blocks of one direction: all of them and in order, because later ones may refer to earlier ones.</summary>
/// <param name="direction">Their direction.</param>
/// <param name="streams">Knows the size of the table.</param>
/// <param name="limits">Bounds.</param>
/// <param name="isStateless">Whether blocks that refer to earlier ones are refused.</param>
internal sealed class Http2BlockReader(HttpDirection direction, Http2Streams streams, HttpFramerLimits limits, bool isStateless = false)
{
    private readonly HpackDecoder _decoder = new(limits, isStateless);
    private readonly List<HttpField> _fields = [];
    private readonly PooledBuffer _block = new();

    /// <summary>True when the block that was read last is a trailer section.</summary>
    public bool IsTrailers { get; private set; }

    /// <summary>True when the block that was read last ends its stream.</summary>
    public bool EndsStream { get; private set; }

    /// <summary>Takes a run of bytes.</summary>
    /// <returns>The head or trailer section that is complete with it; null when none is.</returns>
    /// <exception cref="HttpMappingException">The block is malformed, or its fields are.</exception>
    public HttpHead? Read(in Http2Frame frame, Http2Piece piece, ReadOnlySpan<byte> bytes)
    {
        if (piece.Kind == Http2PieceKind.Header && frame.Type == Http2FrameType.Headers)
        {
            EndsStream = frame.EndsStream;
        }
        else if (piece.Kind == Http2PieceKind.Block)
        {
            _block.Write(bytes);
        }

        if (!piece.FrameComplete || !frame.EndsHeaders || piece.Kind == Http2PieceKind.Preface)
        {
            return null;
        }

        _decoder.Allow(streams.HeaderTableSize(direction));
        _decoder.Decode(_block.Memory.Span, _fields);
        _block.Consume(_block.Length);
        HttpHead head = Http2Head.Read(direction, (int)frame.StreamId, _fields, out bool isTrailers);
        _fields.Clear();
        IsTrailers = isTrailers;
        return isTrailers && !EndsStream ? throw new HttpMappingException("trailers that do not end their stream") : head;
    }
}
