namespace Tlmsp.Http;

/// <summary>What a middlebox sees of the messages in one direction. Calls come in stream order.</summary>
public interface IHttpMessageEvents
{
    /// <summary>A head is complete: of a request, a 1xx response or a final response.</summary>
    void OnHead(HttpHead head);

    /// <summary>
    /// Content. With read access to heads as well, and over HTTP/2 always, the octets of the content itself; else raw bytes of the content
    /// context, which include chunk framing where the message is chunked: nothing tells a box that cannot read the head.
    /// </summary>
    /// <param name="streamId">The stream of an HTTP/2 connection, else 0.</param>
    /// <param name="content">A part of it.</param>
    void OnContent(int streamId, ReadOnlySpan<byte> content);

    /// <summary>Sensitive fields, for a box that can read them but not the head that they belong to; else they are among the head's.</summary>
    void OnSecretFields(IReadOnlyList<HttpField> fields)
    {
    }

    /// <summary>The fields of a trailer section.</summary>
    void OnTrailers(HttpHead trailers);

    /// <summary>Data of a tunnel, without its framing: what follows a 101 response, or a 2xx response to CONNECT.</summary>
    void OnTunnel(ReadOnlySpan<byte> data)
    {
    }

    /// <summary>The message is complete as far as this box can tell.</summary>
    /// <param name="streamId">The stream of an HTTP/2 connection, else 0.</param>
    void OnMessageEnd(int streamId);

    /// <summary>A stream was reset: nothing of it is complete that was not before, in either direction.</summary>
    void OnMessageAborted(int streamId);

    /// <summary>A container passed that this box cannot read.</summary>
    void OnOpaque(HttpRole role, int length);
}

/// <summary>
/// Turns containers into messages for a middlebox, as far as its grants let it see. Where it can read both contexts it holds the
/// stream to the mapping as strictly as an endpoint does.
/// </summary>
public sealed partial class HttpMessageObserver : IHttpMessageObserver
{
    private readonly HttpFramer? _framer;
    private readonly Func<int, bool> _readsContent;     // by content context
    private readonly byte[]? _contentIds;       // where content contexts have names
    private readonly HttpMappingMode _mode;
    private readonly HttpSecretGuard? _guard;
    private readonly HttpSecretReader? _secrets;
    private bool _contentSeen;
    private bool _open;

    /// <summary>Makes an observer for one direction of one connection.</summary>
    /// <param name="direction">What passes.</param>
    /// <param name="exchanges">Shared by both directions; null when the heads of one of them cannot be read.</param>
    /// <param name="readsHeads">Whether heads can be read.</param>
    /// <param name="readsContent">Whether content can be read.</param>
    /// <param name="mode">How strict to be. A box with heads alone cannot relax: content among them has no end that it could see.</param>
    /// <param name="limits">Bounds.</param>
    /// <param name="profile">The contexts; default profile two.</param>
    /// <param name="grant">What of the named content contexts can be read; null where <paramref name="readsContent"/> says it of all.</param>
    public HttpMessageObserver(
        HttpDirection direction, HttpExchangeQueue? exchanges, bool readsHeads, bool readsContent,
        HttpMappingMode mode = HttpMappingMode.Strict, HttpFramerLimits? limits = null, HttpProfile? profile = null,
        Grant? grant = null)
    {
        limits ??= HttpFramerLimits.Default;
        _mode = mode;
        byte[] ids = profile?.ContentIdsIn(direction) ?? [];
        _contentIds = profile?.Contents is null ? null : ids;
        _readsContent = index => grant is null || index == 0 ? readsContent : grant[ids[index]] >= TlmspAccess.Read;
        _exchanges = exchanges;
        _framer = readsHeads
            ? new HttpFramer(direction, exchanges, limits)
            {
                Capture = true,
                ReadsContent = _readsContent,
                Secrets = profile?.Secrets,
                Contents = profile?.Contents,
                AllowTunnels = profile?.Has(HttpRole.Tunnel) ?? false,
            }
            : null;
        if (profile?.Secrets is { } secrets)
        {
            _guard = _framer is null ? null : new HttpSecretGuard(_framer);
            _secrets = _framer is null ? new HttpSecretReader(secrets, limits) : null;
        }
    }

    /// <summary>Whether the content of the message whose head came last can be read.</summary>
    private bool ReadsContent => _framer is not null && _readsContent(_framer.ContentIndex);

    /// <summary>A container that can be read passed.</summary>
    /// <exception cref="HttpMappingException">It breaks the mapping: fail closed.</exception>
    public void OnContainer(HttpRole role, ReadOnlySpan<byte> plaintext, IHttpMessageEvents events) => OnContainer(role, 0, plaintext, events);

    /// <inheritdoc/>
    public void OnContainer(HttpRole role, byte contextId, ReadOnlySpan<byte> plaintext, IHttpMessageEvents events)
    {
        ArgumentNullException.ThrowIfNull(events);
        if (plaintext.IsEmpty)
        {
            return;     // or a delete notice: neither begins or ends anything (http-mapping §6 A10)
        }

        if (EnterTunnel(role, events))
        {
            OnTunnel(plaintext, events);
            return;
        }

        if (_framer is null)
        {
            OnWithoutHeads(role, plaintext, events);
            return;
        }

        if (role == HttpRole.Head && !ReadsContent && _open && _contentSeen && _framer.IsAtBoundary && StartsWithField(plaintext))
        {
            _framer.ResumeTrailers();
        }
        else if (role == HttpRole.Head && !ReadsContent && _framer.IsAtBoundary)
        {
            EndMessage(events);
        }

        if (role == HttpRole.Head && _framer.TryEndWithoutContent())
        {
            EndMessage(events);
        }

        for (ReadOnlySpan<byte> rest = plaintext; !rest.IsEmpty;)
        {
            HttpRole? expected = _framer.ExpectedRole;
            bool isSecret = _guard is not null && _guard.Enter(role);
            if (role == HttpRole.Content && contextId != 0 && _contentIds is not null && contextId != _contentIds[_framer.ContentIndex])
            {
                throw new HttpMappingException($"content in context {contextId}, and its head says {_contentIds[_framer.ContentIndex]}", contextId);
            }

            int taken = _framer.Consume(rest, out HttpPiece piece);
            _guard?.Leave(role, piece);
            bool misplaced = !isSecret && (piece.Role != role || (expected is { } due && due != role));
            if (misplaced && !(_mode == HttpMappingMode.EtsiCurl && role == HttpRole.Head))
            {
                throw new HttpMappingException($"{piece.Role} bytes in the {role} context", role);
            }

            (events as IHttpPieceEvents)?.OnRun(KindOf(piece), taken);
            Report(piece, rest[..taken], events);
            rest = rest[taken..];
        }
    }

    /// <summary>A container that cannot be read passed.</summary>
    /// <exception cref="HttpMappingException">It is in the middle of a head: fail closed.</exception>
    public void OnOpaque(HttpRole role, int length, IHttpMessageEvents events)
    {
        ArgumentNullException.ThrowIfNull(events);
        if (length == 0)
        {
            return;
        }

        if (EnterTunnel(role, events))
        {
            events.OnOpaque(role, length);
            return;
        }

        if (_framer is null)
        {
            // A head in between is the only message boundary that a box with content alone can see.
            EndMessage(events);
        }
        else if (role == HttpRole.Secret && _guard is not null)
        {
            _guard.PassOpaque();
        }
        else if (!_framer.IsAtBoundary)
        {
            throw new HttpMappingException("content inside a head", role);
        }

        _contentSeen |= role == HttpRole.Content;
        events.OnOpaque(role, length);
    }

    private HttpRunKind KindOf(in HttpPiece piece) => piece.Kind switch
    {
        HttpPieceKind.Content => HttpRunKind.Content,
        HttpPieceKind.Framing when _framer!.IsAtTrailerStart => HttpRunKind.LastChunk,
        HttpPieceKind.Framing when !_framer!.IsAfterContent && !piece.MessageComplete => HttpRunKind.Chunk,
        HttpPieceKind.Framing => HttpRunKind.Other,
        _ => HttpRunKind.Head,
    };

    private void OnWithoutHeads(HttpRole role, ReadOnlySpan<byte> plaintext, IHttpMessageEvents events)
    {
        (events as IHttpPieceEvents)?.OnRun(role == HttpRole.Secret ? HttpRunKind.Head : HttpRunKind.Content, plaintext.Length);
        if (role != HttpRole.Secret)
        {
            _contentSeen = true;
            events.OnContent(0, plaintext);
        }
        else if (_secrets?.Take(plaintext) is { Count: > 0 } fields)
        {
            EndMessage(events);
            events.OnSecretFields(fields);
        }
    }

    private void Report(HttpPiece piece, ReadOnlySpan<byte> bytes, IHttpMessageEvents events)
    {
        if (piece.HeadComplete)
        {
            HttpHead head = _framer!.TakeHead();
            _open = true;
            _contentSeen = false;
            events.OnHead(head);
            if (ReadsContent && piece.MessageComplete)
            {
                EndMessage(events);
            }
        }
        else if (piece.Kind == HttpPieceKind.Content)
        {
            events.OnContent(0, bytes);
        }

        if (piece is { MessageComplete: true, HeadComplete: false })
        {
            if (piece.Kind == HttpPieceKind.Trailers)
            {
                events.OnTrailers(_framer!.TakeHead());
            }

            EndMessage(events);
        }
    }

    private void EndMessage(IHttpMessageEvents events)
    {
        if (_open || _contentSeen)
        {
            _open = false;
            _contentSeen = false;
            events.OnMessageEnd(0);
        }
    }

    /// <summary>A field line has a colon after its first token; a request line has a space there, a status line a slash.</summary>
    private static bool StartsWithField(ReadOnlySpan<byte> bytes)
    {
        int colon = bytes.IndexOf((byte)':');
        return colon > 0 && HttpSyntax.IsToken(bytes[..colon]);
    }
}
