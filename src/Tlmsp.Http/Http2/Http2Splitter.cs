namespace Tlmsp.Http;

/// <summary>
/// Cuts an endpoint's own HTTP/2 output into containers (http-mapping §3): whole frames in the context of their type, as few containers as
/// possible. A frame may span containers of one context. Not safe for concurrent use.
/// </summary>
internal sealed class Http2Splitter : IHttpSplitter
{
    private readonly Http2Framer _framer;
    private readonly Http2OwnSettings _settings;
    private readonly ContainerPacker _packer = new();
    private readonly Http2ContentLengths? _lengths;
    private readonly Http2Contents? _contents;
    private readonly Http2BlockReader? _heads;       // where something depends on what they say
    private readonly Http2LengthCutter? _cutter;
    private readonly IReadOnlyCollection<byte> _resizableIds;
    private readonly byte _headId;
    private readonly byte[] _contentIds;
    private readonly byte _controlId;

    /// <summary>Makes a splitter for one direction of one connection.</summary>
    /// <param name="direction">What the output consists of.</param>
    /// <param name="streams">Shared with the joiner of the same connection.</param>
    /// <param name="profile">The contexts.</param>
    /// <param name="limits">Bounds; our own output is held to them as well.</param>
    /// <param name="statelessCompression">True to have the other side compress fields without state.</param>
    /// <param name="lengths">Is shown a client's requests; null where nobody may write responses.</param>
    /// <param name="resizableIds">The content contexts in which somebody may resize content; null for none.</param>
    public Http2Splitter(
        HttpDirection direction, Http2Streams streams, HttpProfile profile, HttpFramerLimits limits, bool statelessCompression = false,
        Http2ContentLengths? lengths = null, IReadOnlyCollection<byte>? resizableIds = null)
    {
        _resizableIds = resizableIds ?? [];
        _cutter = _resizableIds.Count == 0 ? null : new Http2LengthCutter(direction, streams);
        _lengths = lengths;
        _framer = new Http2Framer(direction, streams, profile.Has(HttpRole.Control), limits.MaxHeadBytes)
        {
            AllowGoAwayFirst = direction == HttpDirection.Response,
        };
        _settings = new Http2OwnSettings(statelessCompression);
        _headId = profile.IdOf(direction, HttpRole.Head);
        _contentIds = profile.ContentIdsIn(direction);
        _contents = profile.Contents is null ? null : new Http2Contents(profile.Contents, direction, streams);
        _heads = lengths is null && _contents is null && _cutter is null ? null : new Http2BlockReader(direction, streams, limits);
        _controlId = profile.IdOf(direction, HttpRole.Control);
    }

    /// <inheritdoc/>
    public bool IsAtMessageBoundary => false;

    /// <inheritdoc/>
    public long MessageNumber => 0;

    /// <inheritdoc/>
    public bool NeedsEnd => false;

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> data, IHttpContainerSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        while (!data.IsEmpty)
        {
            int taken = _framer.Consume(container: null, data, out Http2Piece piece);
            ReadOnlySpan<byte> bytes = data[..taken];
            data = data[taken..];
            HttpHead? head = _heads?.Read(_framer.Frame, piece, bytes);
            int contentIndex = 0;
            if (head is not null && !_heads!.IsTrailers)
            {
                _lengths?.OnSent(head);
                contentIndex = _contents?.OnHead(head) ?? 0;
            }

            if (_cutter is not null && _framer.Frame.Role == HttpRole.Head && piece.Kind is not (Http2PieceKind.Preface or Http2PieceKind.PartialHeader))
            {
                _cutter.Take(_framer.Frame, piece, bytes);
                if (head is not null)
                {
                    _packer.Append(_headId, _cutter.End(!_heads!.IsTrailers && _resizableIds.Contains(_contentIds[contentIndex])), sink);
                }
            }
            else if (piece.Kind == Http2PieceKind.Preface)
            {
                _packer.Append(_headId, bytes, sink);
            }
            else if (_framer.Frame is { Type: Http2FrameType.Settings, IsAck: false } && piece.Kind != Http2PieceKind.PartialHeader)
            {
                AppendSettings(piece, bytes, sink);
            }
            else if (piece.Kind != Http2PieceKind.PartialHeader)
            {
                _packer.Append(ContextId, piece.Kind == Http2PieceKind.Header ? _framer.Header : bytes, sink);
            }
        }
    }

    /// <inheritdoc/>
    public void Flush(IHttpContainerSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        _packer.Flush(sink);
    }

    /// <inheritdoc/>
    /// <remarks>Every stream of HTTP/2 has an end of its own.</remarks>
    public void End(IHttpContainerSink sink)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _packer.Dispose();
        _cutter?.Dispose();
    }

    private void AppendSettings(Http2Piece piece, ReadOnlySpan<byte> bytes, IHttpContainerSink sink)
    {
        if (piece.Kind == Http2PieceKind.Header)
        {
            _settings.Begin(_framer.Frame);
        }
        else
        {
            _settings.Append(bytes);
        }

        if (piece.FrameComplete)
        {
            _packer.Append(_controlId, _settings.End(), sink);
        }
    }

    private byte ContextId => _framer.Frame.Role switch
    {
        HttpRole.Head => _headId,
        HttpRole.Content => _contentIds[_contents is null ? 0 : _framer.ContentIndex ?? throw Http2Contents.Unknown(_framer.Frame)],
        _ => _controlId,
    };
}
