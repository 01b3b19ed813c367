namespace Tlmsp.Http;

/// <summary>
/// The one HTTP/1.1 parser that splitter, joiner and observer share (http-mapping §7): incremental, strict, in constant memory but for
/// the current line. It says what each byte is; it never changes one.
/// </summary>
/// <param name="direction">What the bytes are.</param>
/// <param name="exchanges">Requests that have had no response; null where the other direction cannot be seen.</param>
/// <param name="limits">Bounds.</param>
internal sealed partial class HttpFramer(HttpDirection direction, HttpExchangeQueue? exchanges, HttpFramerLimits limits)
{
    private enum State
    {
        Start,
        Head,
        Fixed,
        UntilEnd,
        ChunkSize,
        ChunkData,
        ChunkCr,
        ChunkLf,
        TrailerStart,
        TrailerLf,
        Trailers,
    }

    private State _state;
    private byte[] _line = [];
    private int _lineLength;
    private int _headBytes;
    private int _fields;
    private int _informational;
    private bool _strayAllowed = true;
    private long _remaining;
    private bool _contentBegun;
    private bool _peerIsHttp11 = true;
    private HttpLine _lineKind;
    private HttpMessageFraming _framing = new();
    private string? _startLine;
    private List<HttpField>? _captured;

    /// <summary>Keeps heads and trailers for <see cref="TakeHead"/>.</summary>
    public bool Capture { get; init; }

    /// <summary>For our own server's output: it may answer before it could read a whole request head (400, 408, 431).</summary>
    public bool AllowUnsolicitedResponse { get; init; }

    /// <summary>
    /// For our own server's output: a response without length is not refused when the client is one of HTTP/1.0 and knows no chunks. Who sets
    /// this gives it a length.
    /// </summary>
    public bool AllowUntilEnd { get; init; }

    /// <summary>Requests may open tunnels, with CONNECT or an upgrade; else such requests and 101 responses are refused.</summary>
    public bool AllowTunnels { get; init; }

    /// <summary>For our own client's output: what would be answered with a tunnel is not sent where there can be none.</summary>
    public bool RefuseUpgrades { get; init; }

    /// <summary>Fields to be told from others as <see cref="HttpLine.Secret"/>; null for none.</summary>
    public HttpFieldSet? Secrets { get; init; }

    /// <summary>True where a field line may begin, and within one.</summary>
    public bool IsInFields => _state == State.Head && !_framing.IsEmpty;

    /// <summary>True where a line begins.</summary>
    public bool IsAtLineStart => _lineLength == 0;

    /// <summary>Just after a head: the content that follows has a length, which could be replaced by chunks (RFC 9112 §7).</summary>
    public bool MayBeChunked => _state == State.Fixed && _framing.IsHttp11 && _peerIsHttp11;

    /// <summary>In the content of a response that ends where the output ends; only with <see cref="AllowUntilEnd"/>.</summary>
    public bool IsUntilEnd => _state == State.UntilEnd;

    /// <summary>True when no message has been started and not finished.</summary>
    public bool IsAtBoundary => _state == State.Start && _lineLength == 0 && !IsTunnel;

    /// <summary>
    /// True when HTTP is over in this direction, and all that follows is of the tunnel: it is not for <see cref="Consume"/>. A tunnel is
    /// opened by a response; where one direction alone is seen this stays false.
    /// </summary>
    public bool IsTunnel => exchanges is { IsTunnelOpen: true } && _state == State.Start;

    /// <summary>The role that the next byte must have; null where the byte itself decides.</summary>
    public HttpRole? ExpectedRole => IsTunnel ? HttpRole.Tunnel : _state switch
    {
        State.Start or State.Head or State.Trailers => HttpRole.Head,
        State.TrailerStart => null,
        _ => HttpRole.Content,
    };

    /// <summary>True when the head announced trailers: an empty trailer section then means that somebody removed them.</summary>
    public bool TrailersAnnounced => _framing.HasTrailer;

    /// <summary>True inside the trailer section, and where it is due.</summary>
    public bool IsInTrailers => _state is State.TrailerStart or State.Trailers;

    /// <summary>True right after the line of the last chunk.</summary>
    public bool IsAtTrailerStart => _state == State.TrailerStart;

    /// <summary>True between the last chunk and the end of the message.</summary>
    public bool IsAfterContent => _state is State.TrailerStart or State.TrailerLf or State.Trailers;

    /// <summary>True when the message that was just completed is an interim response (1xx): the final one is still to come.</summary>
    public bool WasInterim => _informational > 0;

    public HttpDirection Direction => direction;

    /// <summary>The head that was just completed; only with <see cref="Capture"/>.</summary>
    public HttpHead TakeHead()
    {
        var head = new HttpHead(direction, _startLine ?? "", _captured ?? []);
        _startLine = null;
        _captured = null;
        return head;
    }

    /// <summary>With opaque content: what comes next is the trailer section of the message that went before.</summary>
    public void ResumeTrailers()
    {
        _state = State.Trailers;
        _headBytes = 0;
        _fields = 0;
    }

    /// <summary>
    /// Where requests cannot be seen: a head comes where content could begin, so there is none, because the response was one to HEAD.
    /// </summary>
    /// <returns>True when that is so, and the message is over.</returns>
    public bool TryEndWithoutContent()
    {
        bool ends = exchanges is null && direction == HttpDirection.Response && !_contentBegun
            && _state is State.Fixed or State.ChunkSize;
        if (ends)
        {
            EndMessage();
        }

        return ends;
    }

    /// <summary>Takes a run of bytes from the start of <paramref name="data"/>.</summary>
    /// <returns>How many; at least one.</returns>
    /// <exception cref="HttpMappingException">The bytes are not strictly valid HTTP/1.1, or something the mapping refuses.</exception>
    public int Consume(ReadOnlySpan<byte> data, out HttpPiece piece)
    {
        switch (_state)
        {
            case State.Fixed:
            case State.ChunkData:
                int run = (int)Math.Min(_remaining, data.Length);
                _contentBegun = true;
                _remaining -= run;
                bool end = _remaining == 0 && _state == State.Fixed;
                if (end)
                {
                    EndMessage();
                }
                else if (_remaining == 0)
                {
                    _state = State.ChunkCr;
                }

                piece = new HttpPiece(HttpPieceKind.Content, HttpRole.Content, false, end);
                return run;
            case State.UntilEnd:
                piece = new HttpPiece(HttpPieceKind.Content, HttpRole.Content, false, false);
                return data.Length;
            case State.ChunkCr:
            case State.ChunkLf:
                Expect(data[0], _state == State.ChunkCr ? (byte)'\r' : (byte)'\n', "chunk data is not followed by CRLF");
                _state = _state == State.ChunkCr ? State.ChunkLf : State.ChunkSize;
                piece = new HttpPiece(HttpPieceKind.Framing, HttpRole.Content, false, false);
                return 1;
            case State.ChunkSize:
                return ConsumeChunkSize(data, out piece);
            case State.TrailerStart:
                if (data[0] == '\r')
                {
                    _state = State.TrailerLf;
                    piece = new HttpPiece(HttpPieceKind.Framing, HttpRole.Content, false, false);
                    return 1;
                }

                _state = State.Trailers;
                _headBytes = 0;
                _fields = 0;
                goto case State.Trailers;
            case State.TrailerLf:
                Expect(data[0], (byte)'\n', "a bare CR after the last chunk");
                piece = new HttpPiece(HttpPieceKind.Framing, HttpRole.Content, false, true);
                EndMessage();
                return 1;
            case State.Trailers:
                return ConsumeTrailers(data, out piece);
            default:
                return ConsumeHead(data, out piece);
        }
    }

    /// <summary>The output has ended, and with it a response that only this ends.</summary>
    public void EndOfOutput()
    {
        if (_state == State.UntilEnd)
        {
            EndMessage();
        }
    }

    private int ConsumeChunkSize(ReadOnlySpan<byte> data, out HttpPiece piece)
    {
        piece = new HttpPiece(HttpPieceKind.Framing, HttpRole.Content, false, false);
        _headBytes = _lineLength;
        _contentBegun = true;
        int taken = TakeLine(data, limits.MaxChunkLineBytes, "chunk-size line", out bool complete);
        if (complete)
        {
            if (!HttpSyntax.TryParseChunkSize(_line.AsSpan(0, _lineLength), out _remaining))
            {
                throw new HttpMappingException("malformed chunk-size line", HttpRole.Content);
            }

            ReleaseLine();
            _state = _remaining == 0 ? State.TrailerStart : State.ChunkData;
        }

        return taken;
    }

    private void EndMessage()
    {
        ReleaseLine();
        _state = State.Start;
        _strayAllowed = true;
        _headBytes = 0;
        _fields = 0;
        _framing = new HttpMessageFraming();
        if (direction == HttpDirection.Request)
        {
            exchanges?.EndRequest();
        }
    }

    private static void Expect(byte actual, byte expected, string reason)
    {
        if (actual != expected)
        {
            throw new HttpMappingException(reason, HttpRole.Content);
        }
    }
}
