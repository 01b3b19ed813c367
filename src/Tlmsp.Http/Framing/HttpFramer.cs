using System.Buffers;
using System.Text;

namespace Tlmsp.Http;

/// <summary>What a run of bytes is.</summary>
internal enum HttpPieceKind
{
    Head,
    Content,
    Framing,
    Trailers,
}

/// <summary>What a complete line of a head or trailer section is.</summary>
internal enum HttpLine
{
    /// <summary>The line goes on.</summary>
    Incomplete,
    Other,
    ContentLength,
    Secret,
}

/// <summary>A run of bytes of one kind and role.</summary>
internal readonly record struct HttpPiece(HttpPieceKind Kind, HttpRole Role, bool HeadComplete, bool MessageComplete)
{
    /// <summary>In heads and trailers: the line that the run ends.</summary>
    public HttpLine Line { get; init; }
}

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
    private StringBuilder? _startLine;
    private List<HttpField>? _captured;

    /// <summary>Keeps heads and trailers for <see cref="TakeHead"/>.</summary>
    public bool Capture { get; init; }

    /// <summary>For our own server's output: it may answer before it could read a whole request head (400, 408, 431).</summary>
    public bool AllowUnsolicitedResponse { get; init; }

    /// <summary>Fields to be told from others as <see cref="HttpLine.Secret"/>; null for none.</summary>
    public HttpFieldSet? Secrets { get; init; }

    /// <summary>True where a field line may begin, and within one.</summary>
    public bool IsInFields => _state == State.Head && !_framing.IsEmpty;

    /// <summary>True where a line begins.</summary>
    public bool IsAtLineStart => _lineLength == 0;

    /// <summary>Just after a head: the content that follows has a length, which could be replaced by chunks (RFC 9112 §7).</summary>
    public bool MayBeChunked => _state == State.Fixed && _framing.IsHttp11 && _peerIsHttp11;

    /// <summary>True when no message has been started and not finished.</summary>
    public bool IsAtBoundary => _state == State.Start && _lineLength == 0;

    /// <summary>The role that the next byte must have; null where the byte itself decides.</summary>
    public HttpRole? ExpectedRole => _state switch
    {
        State.Start or State.Head or State.Trailers => HttpRole.Head,
        State.TrailerStart => null,
        _ => HttpRole.Content,
    };

    /// <summary>True when the head announced trailers: an empty trailer section then means that somebody removed them.</summary>
    public bool TrailersAnnounced => _framing.HasTrailer;

    /// <summary>True inside the trailer section, and where it is due.</summary>
    public bool IsInTrailers => _state is State.TrailerStart or State.Trailers;

    /// <summary>True when the message that was just completed is an interim response (1xx): the final one is still to come.</summary>
    public bool WasInterim => _informational > 0;

    public HttpDirection Direction => direction;

    /// <summary>The head that was just completed; only with <see cref="Capture"/>.</summary>
    public HttpHead TakeHead()
    {
        var head = new HttpHead(direction, _startLine?.ToString() ?? "", _captured ?? []);
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

    private int ConsumeHead(ReadOnlySpan<byte> data, out HttpPiece piece)
    {
        _state = State.Head;
        piece = new HttpPiece(HttpPieceKind.Head, HttpRole.Head, false, false);
        int taken = TakeLine(data, limits.MaxHeadBytes, "head", out bool complete);
        if (!complete)
        {
            return taken;
        }

        ReadOnlySpan<byte> line = _line.AsSpan(0, _lineLength);
        bool isStart = _framing.IsEmpty;
        if (!line.IsEmpty)
        {
            _lineKind = HttpLine.Other;
            if (isStart)
            {
                OnStartLine(line);
            }
            else
            {
                OnField(line);
            }

            _lineLength = 0;
            piece = piece with { Line = _lineKind };
            return taken;
        }

        piece = piece with { Line = HttpLine.Other };

        if (isStart)
        {
            // RFC 9112 §2.2: one empty line before a request line is tolerated.
            if (direction != HttpDirection.Request || !_strayAllowed)
            {
                throw new HttpMappingException("an empty line where a start line is due");
            }

            _strayAllowed = false;
            _state = State.Start;
            return taken;
        }

        bool ends = EndHead();
        piece = piece with { HeadComplete = true, MessageComplete = ends };
        return taken;
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

    private int ConsumeTrailers(ReadOnlySpan<byte> data, out HttpPiece piece)
    {
        piece = new HttpPiece(HttpPieceKind.Trailers, HttpRole.Head, false, false);
        int taken = TakeLine(data, limits.MaxTrailerBytes, "trailer section", out bool complete);
        if (!complete)
        {
            return taken;
        }

        ReadOnlySpan<byte> line = _line.AsSpan(0, _lineLength);
        _lineKind = HttpLine.Other;
        if (line.IsEmpty)
        {
            piece = piece with { MessageComplete = true, Line = _lineKind };
            EndMessage();
            return taken;
        }

        if (!HttpSyntax.TryParseField(line, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            throw new HttpMappingException("malformed trailer field");
        }

        if (HttpSyntax.IsForbiddenTrailer(name))
        {
            throw new HttpMappingException($"the field {Encoding.ASCII.GetString(name)} in a trailer section");
        }

        OnFieldCounted(name, value);
        _lineLength = 0;
        piece = piece with { Line = _lineKind };
        return taken;
    }

    private void OnStartLine(ReadOnlySpan<byte> line)
    {
        ContentIndex = 0;
        if (direction == HttpDirection.Request)
        {
            if (!HttpSyntax.TryParseRequestLine(line, out ReadOnlySpan<byte> method, out bool isHttp11))
            {
                throw new HttpMappingException("malformed request line");
            }

            if (method.SequenceEqual("CONNECT"u8))
            {
                throw new HttpMappingException("CONNECT: tunnels are not allowed on this connection");
            }

            _framing.StartRequest(isHttp11, method.SequenceEqual("HEAD"u8));
        }
        else
        {
            if (!HttpSyntax.TryParseStatusLine(line, out int status, out bool isHttp11))
            {
                throw new HttpMappingException("malformed status line");
            }

            _framing.StartResponse(isHttp11, status);
        }

        if (Capture)
        {
            _startLine = new StringBuilder(Encoding.Latin1.GetString(line));
        }
    }

    private void OnField(ReadOnlySpan<byte> line)
    {
        if (!HttpSyntax.TryParseField(line, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            throw new HttpMappingException("malformed field line");
        }

        if (_framing.OnField(name, value))
        {
            _lineKind = HttpLine.ContentLength;
        }

        ChooseContent(name, value);

        OnFieldCounted(name, value);
    }

    private void OnFieldCounted(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (++_fields > limits.MaxFields)
        {
            throw new HttpMappingException($"more than {limits.MaxFields} fields");
        }

        if (Secrets is not null && Secrets.Contains(name))
        {
            _lineKind = HttpLine.Secret;
        }

        if (Capture)
        {
            (_captured ??= []).Add(new HttpField(Encoding.Latin1.GetString(name), Encoding.Latin1.GetString(value)));
        }
    }

    /// <summary>The blank line came: what follows is decided by the table of http-mapping §3.</summary>
    /// <returns>True when the message has no content.</returns>
    private bool EndHead()
    {
        ReleaseLine();
        if (direction == HttpDirection.Request)
        {
            exchanges?.Enqueue(new HttpExchange(_framing.IsHeadRequest, _framing.IsHttp11) { Content = ContentIndex });
        }
        else
        {
            OnResponseHead();
        }

        long? length = _framing.Resolve(direction);
        CheckResponseContent(length);
        if (length == 0 || IsContentOpaque)
        {
            EndMessage();
            return true;
        }

        _state = length is null ? State.ChunkSize : State.Fixed;
        _remaining = length ?? 0;
        _contentBegun = false;
        return false;
    }

    private void OnResponseHead()
    {
        if (_framing.Status == 101)
        {
            throw new HttpMappingException("101 Switching Protocols: tunnels are not allowed on this connection");
        }

        if (_framing.Status < 200)
        {
            if (++_informational > limits.MaxInformational)
            {
                throw new HttpMappingException($"more than {limits.MaxInformational} informational responses");
            }

            return;
        }

        _informational = 0;
        if (exchanges is null)
        {
            return;     // it may be the response to HEAD: see TryEndWithoutContent
        }

        if (exchanges.TryDequeue(out HttpExchange exchange))
        {
            _framing.IsHeadRequest = exchange.IsHead;
            _requestContent = exchange.Content;
            _peerIsHttp11 = exchange.IsHttp11;
        }
        else if (!AllowUnsolicitedResponse)
        {
            throw new HttpMappingException("a response without a request");
        }
        else
        {
            _peerIsHttp11 = false;      // of what could not be read nothing is known
        }
    }

    private void EndMessage()
    {
        ReleaseLine();
        _state = State.Start;
        _strayAllowed = true;
        _headBytes = 0;
        _fields = 0;
        _framing = new HttpMessageFraming();
    }

    /// <summary>Takes bytes up to the end of a line; the line without CRLF is in _line then.</summary>
    private int TakeLine(ReadOnlySpan<byte> data, int limit, string what, out bool complete)
    {
        int lf = data.IndexOf((byte)'\n');
        int taken = lf < 0 ? data.Length : lf + 1;
        _headBytes += taken;
        if (_headBytes > limit)
        {
            throw new HttpMappingException($"{what} of more than {limit} bytes", _state == State.ChunkSize ? HttpRole.Content : HttpRole.Head);
        }

        if (_line.Length < _lineLength + taken)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(512, _lineLength + taken));
            _line.AsSpan(0, _lineLength).CopyTo(larger);
            if (_line.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_line);
            }

            _line = larger;
        }

        data[..taken].CopyTo(_line.AsSpan(_lineLength));
        _lineLength += taken;
        complete = lf >= 0;
        ReadOnlySpan<byte> line = _line.AsSpan(0, _lineLength);
        if (complete)
        {
            if (!line.EndsWith("\r\n"u8))
            {
                throw new HttpMappingException($"a bare LF in the {what}", _state == State.ChunkSize ? HttpRole.Content : HttpRole.Head);
            }

            _lineLength -= 2;
            line = line[..^2];
        }
        else if (line.EndsWith("\r"u8))
        {
            line = line[..^1];
        }

        if (line.Contains((byte)'\r'))
        {
            throw new HttpMappingException($"a bare CR in the {what}", _state == State.ChunkSize ? HttpRole.Content : HttpRole.Head);
        }

        return taken;
    }

    private void ReleaseLine()
    {
        _lineLength = 0;
        if (_line.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_line);
            _line = [];
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
