using System.Buffers;

namespace Tlmsp.Http;

/// <summary>
/// Puts containers together into the HTTP/2 stream that an endpoint reads, and refuses every frame that is not in the context of its type
/// (http-mapping §6 A11). Not safe for concurrent use.
/// </summary>
internal sealed class Http2Joiner : IHttpJoiner
{
    private readonly Http2Framer _framer;
    private readonly Http2Streams _streams;
    private readonly Http2ContentLengths? _lengths;
    private readonly Http2Contents? _contents;
    private readonly Http2BlockReader? _heads;       // where something depends on what they say
    private readonly byte[] _contentIds;
    private ICollection<long>? _touched;
    private byte _begunIn;

    /// <summary>Makes a joiner for one direction of one connection.</summary>
    /// <param name="direction">What arrives.</param>
    /// <param name="streams">Shared with the splitter of the same connection.</param>
    /// <param name="profile">The contexts.</param>
    /// <param name="limits">Bounds.</param>
    /// <param name="lengths">Is shown a server's responses; null where nobody may write them.</param>
    /// <param name="readsHeads">True where the splitter has to know which requests are for HEAD.</param>
    public Http2Joiner(
        HttpDirection direction, Http2Streams streams, HttpProfile profile, HttpFramerLimits limits, Http2ContentLengths? lengths = null,
        bool readsHeads = false)
    {
        _lengths = lengths;
        _streams = streams;
        _contentIds = profile.ContentIdsIn(direction);
        _contents = profile.Contents is null ? null : new Http2Contents(profile.Contents, direction, streams);
        _heads = lengths is null && _contents is null && !readsHeads ? null : new Http2BlockReader(direction, streams, limits);
        _framer = new Http2Framer(direction, streams, profile.Has(HttpRole.Control), limits.MaxHeadBytes);
    }

    /// <inheritdoc/>
    public bool IsAtMessageBoundary => _framer.IsAtBoundary && !_streams.AnyOpen(_framer.Direction);

    /// <inheritdoc/>
    public bool IsEndPremature => !IsAtMessageBoundary;

    /// <inheritdoc/>
    public bool IsTunnel => false;

    /// <inheritdoc/>
    public bool HasTunnelEnded => false;

    /// <inheritdoc/>
    public long MessageNumber => 0;

    /// <inheritdoc/>
    public HttpMessagePart PartOf(HttpRole role) => role == HttpRole.Content ? HttpMessagePart.Content : HttpMessagePart.Head;

    /// <inheritdoc/>
    /// <remarks>What concerns the connection is of stream 0.</remarks>
    public void AcceptTouched(
        HttpRole role, byte contextId, ReadOnlySpan<byte> plaintext, IBufferWriter<byte> joined, ICollection<long> messages)
    {
        _touched = messages;
        try
        {
            Accept(role, contextId, plaintext, joined);
        }
        finally
        {
            _touched = null;
        }
    }

    /// <inheritdoc/>
    public void Accept(HttpRole role, byte contextId, ReadOnlySpan<byte> plaintext, IBufferWriter<byte> joined)
    {
        ArgumentNullException.ThrowIfNull(joined);
        if (plaintext.IsEmpty)
        {
            return;     // a flood of them is the record layer's affair (http-mapping §6 A10)
        }

        int held = _framer.PartialHeader.Length;
        Span<byte> begun = stackalloc byte[Http2Frame.HeaderSize];
        _framer.PartialHeader.CopyTo(begun);
        for (ReadOnlySpan<byte> rest = plaintext; !rest.IsEmpty;)
        {
            int taken = _framer.Consume(role, rest, out Http2Piece piece);
            OnPiece(piece, contextId, rest[..taken]);
            rest = rest[taken..];
            if (_touched is { } touched && piece.Kind != Http2PieceKind.PartialHeader && !touched.Contains(_framer.Frame.StreamId))
            {
                touched.Add(_framer.Frame.StreamId);
            }
        }

        // Nothing of a frame goes on before its type, and with it its context, is known.
        int left = _framer.PartialHeader.Length;
        if (left == held + plaintext.Length)
        {
            return;
        }

        joined.Write(begun[..held]);
        joined.Write(plaintext[..^left]);
    }

    private void OnPiece(Http2Piece piece, byte contextId, ReadOnlySpan<byte> bytes)
    {
        ref readonly Http2Frame frame = ref _framer.Frame;
        if (_contents is not null)
        {
            CheckContent(piece, contextId);
        }

        if (_heads?.Read(frame, piece, bytes) is { } head)
        {
            if (head.Method == "HEAD")
            {
                _streams.MarkHead((uint)head.StreamId);
            }

            if (!_heads.IsTrailers)
            {
                _contents?.OnHead(head, _heads.EndsStream);
            }

            _lengths?.OnHead(head, _heads.IsTrailers, _heads.EndsStream);
        }

        _lengths?.OnReceived(frame, piece, bytes);
    }

    /// <summary>
    /// DATA travels where the head of its stream says, whoever wrote it, and from its first byte on. What comes for a stream that was reset
    /// long ago goes nowhere.
    /// </summary>
    private void CheckContent(Http2Piece piece, byte contextId)
    {
        if (_begunIn != 0 && _begunIn != contextId)
        {
            throw new HttpMappingException($"a frame that began in context {_begunIn} goes on in context {contextId}", contextId);
        }

        _begunIn = piece.FrameComplete ? (byte)0 : contextId;
        if (piece.Kind is not (Http2PieceKind.PartialHeader or Http2PieceKind.Preface) && _framer.Frame.Type == Http2FrameType.Data
            && _framer.ContentIndex is { } index && contextId != _contentIds[index])
        {
            throw new HttpMappingException($"content in context {contextId}, and its head says {_contentIds[index]}", contextId);
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Never fine over HTTP/2: what is missing may be of any stream, and a field block that is missing changes the meaning of later ones.
    /// </remarks>
    public void Deleted(string middlebox, HttpRole role) =>
        throw new HttpMappingException($"{middlebox} deleted something, which HTTP/2 does not allow", role);

    /// <inheritdoc/>
    public void EndOfInput()
    {
        if (IsEndPremature)
        {
            throw new HttpMappingException(
                _framer.IsAtBoundary ? "the connection ended before its streams" : "the connection ended inside a frame");
        }
    }
}
