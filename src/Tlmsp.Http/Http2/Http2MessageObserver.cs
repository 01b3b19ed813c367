namespace Tlmsp.Http;

/// <summary>
/// Turns the containers of an HTTP/2 connection into messages for a middlebox. Where it can read everything it holds the connection to the
/// mapping as strictly as an endpoint does; where it cannot, every frame it sees is still held to its context.
/// </summary>
internal sealed class Http2MessageObserver : IHttpMessageObserver
{
    private readonly Http2Framer _framer;
    private readonly Http2BlockReader _blocks;
    private readonly Http2Contents? _contents;      // where everything can be read
    private readonly byte[] _contentIds;

    /// <summary>Makes an observer for one direction of one connection.</summary>
    /// <param name="direction">What passes.</param>
    /// <param name="streams">Shared by both directions.</param>
    /// <param name="profile">The contexts.</param>
    /// <param name="grant">What the middlebox may read.</param>
    /// <param name="limits">Bounds.</param>
    public Http2MessageObserver(HttpDirection direction, Http2Streams streams, HttpProfile profile, Grant grant, HttpFramerLimits limits)
    {
        // A block that is changed or kept back leaves the receiver's table without what it held (http-mapping §8).
        bool writesHeads = grant[profile.IdOf(direction, HttpRole.Head)] == TlmspAccess.Write;
        _blocks = new Http2BlockReader(direction, streams, limits, writesHeads);
        _framer = new Http2Framer(direction, streams, profile.Has(HttpRole.Control), limits.MaxHeadBytes)
        {
            SeesHeads = Reads(HttpRole.Head),
            SeesControl = Reads(HttpRole.Control),
            SeesAll = profile.ContextIds.All(id => grant[id] >= TlmspAccess.Read),
        };
        _contentIds = profile.ContentIdsIn(direction);
        _contents = _framer.SeesAll && profile.Contents is { } contents ? new Http2Contents(contents, direction, streams) : null;

        bool Reads(HttpRole role) => grant[profile.IdOf(direction, role)] >= TlmspAccess.Read;
    }

    /// <inheritdoc/>
    public void OnContainer(HttpRole role, byte contextId, ReadOnlySpan<byte> plaintext, IHttpMessageEvents events)
    {
        ArgumentNullException.ThrowIfNull(events);
        while (!plaintext.IsEmpty)
        {
            int taken = _framer.Consume(role, plaintext, out Http2Piece piece);
            if (_contents is not null && contextId != 0 && piece.Kind is not (Http2PieceKind.PartialHeader or Http2PieceKind.Preface)
                && _framer.Frame.Type == Http2FrameType.Data && _framer.ContentIndex is { } index && contextId != _contentIds[index])
            {
                throw new HttpMappingException($"content in context {contextId}, and its head says {_contentIds[index]}", contextId);
            }

            (events as IHttp2FrameEvents)?.OnFrameRun(_framer.Frame, piece, plaintext[..taken], !_framer.IsAtBoundary);
            OnPiece(piece, plaintext[..taken], events);
            plaintext = plaintext[taken..];
        }
    }

    /// <inheritdoc/>
    public void OnOpaque(HttpRole role, int length, IHttpMessageEvents events)
    {
        ArgumentNullException.ThrowIfNull(events);
        if (length == 0)
        {
            return;
        }

        if (!_framer.IsAtBoundary)
        {
            throw new HttpMappingException("something else inside a frame or field block", role);
        }

        events.OnOpaque(role, length);
    }

    private void OnPiece(Http2Piece piece, ReadOnlySpan<byte> bytes, IHttpMessageEvents events)
    {
        ref readonly Http2Frame frame = ref _framer.Frame;
        if (piece.Kind == Http2PieceKind.Content)
        {
            events.OnContent((int)frame.StreamId, bytes);
        }

        if (_blocks.Read(frame, piece, bytes) is { } head)
        {
            OnHead(head, events);
        }
        else if (piece is { FrameComplete: true, Kind: not Http2PieceKind.Preface })
        {
            if (frame is { Type: Http2FrameType.Data, EndsStream: true })
            {
                events.OnMessageEnd((int)frame.StreamId);
            }
            else if (frame.Type == Http2FrameType.RstStream)
            {
                events.OnMessageAborted((int)frame.StreamId);
            }
        }
    }

    private void OnHead(HttpHead head, IHttpMessageEvents events)
    {
        if (_blocks.IsTrailers)
        {
            events.OnTrailers(head);
        }
        else
        {
            _contents?.OnHead(head, _blocks.EndsStream);
            events.OnHead(head);
        }

        // An interim response is a message of its own (RFC 9110 §15.2).
        bool isInterim = !_blocks.IsTrailers && head is { Direction: HttpDirection.Response, StatusCode: < 200 };
        if (isInterim && _blocks.EndsStream)
        {
            throw new HttpMappingException("an interim response that ends its stream");     // RFC 9113 §8.1
        }

        if (_blocks.EndsStream || isInterim)
        {
            events.OnMessageEnd(head.StreamId);
        }
    }
}
