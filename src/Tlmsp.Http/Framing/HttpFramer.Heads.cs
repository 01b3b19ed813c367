using System.Text;

namespace Tlmsp.Http;

/// <summary>Heads and trailer sections, and what follows from a head.</summary>
internal sealed partial class HttpFramer
{
    private int ConsumeHead(ReadOnlySpan<byte> data, out HttpPiece piece)
    {
        if (_state == State.Start && direction == HttpDirection.Request)
        {
            exchanges?.BeginRequest();
        }

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

            bool isConnect = method.SequenceEqual("CONNECT"u8);
            if (isConnect && !AllowTunnels)
            {
                throw NoTunnels("CONNECT");
            }

            _framing.StartRequest(isHttp11, method.SequenceEqual("HEAD"u8), isConnect);
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
            _startLine = Encoding.Latin1.GetString(line);
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
            if (_framing.MayUpgrade && RefuseUpgrades && !AllowTunnels)
            {
                throw NoTunnels("Upgrade");
            }

            exchanges?.Enqueue(new HttpExchange(_framing.IsHeadRequest, _framing.IsHttp11, _framing.IsConnect, _framing.MayUpgrade) { Content = ContentIndex });
        }
        else
        {
            OnResponseHead();
        }

        if (AllowUntilEnd && !_peerIsHttp11 && _framing.IsUntilEnd)
        {
            _state = State.UntilEnd;
            return false;
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
        if (_framing.Status == 101 && !AllowTunnels)
        {
            throw NoTunnels("101 Switching Protocols");
        }

        if (_framing.Status is < 200 and not 101)
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
            // It may be the response to HEAD: see TryEndWithoutContent. Without framing, which endpoints refuse else, it is one to CONNECT.
            _framing.OpensTunnel = AllowTunnels && !_framing.HasContentFraming && _framing.Status is >= 200 and < 300;
            return;
        }

        if (exchanges.TryDequeue(out HttpExchange exchange))
        {
            _framing.IsHeadRequest = exchange.IsHead;
            _requestContent = exchange.Content;
            _peerIsHttp11 = exchange.IsHttp11;
            OnAnswer(exchange, exchanges);
        }
        else if (!AllowUnsolicitedResponse || _framing.Status == 101)
        {
            throw new HttpMappingException("a response without a request");
        }
        else
        {
            _peerIsHttp11 = false;      // of what could not be read nothing is known
        }
    }

    /// <summary>101 to a request for an upgrade and 2xx to CONNECT open a tunnel (RFC 9110 §7.8, §9.3.6).</summary>
    private void OnAnswer(HttpExchange exchange, HttpExchangeQueue exchanges)
    {
        if (_framing.Status == 101)
        {
            _framing.OpensTunnel = exchange.MayUpgrade
                ? true
                : throw new HttpMappingException("101 Switching Protocols to a request that asks for no upgrade");
        }
        else if (exchange.IsConnect && _framing.Status is >= 200 and < 300)
        {
            _framing.OpensTunnel = !_framing.HasContentFraming
                ? true
                : throw new HttpMappingException("a 2xx response to CONNECT with Content-Length or Transfer-Encoding");
        }

        if (_framing.OpensTunnel)
        {
            exchanges.OpenTunnel();
        }
    }

    private static HttpMappingException NoTunnels(string what) => new(
        $"{what}: tunnels are not allowed on this connection. To allow them, use a profile with a tunnel context on both sides, "
        + "such as HttpProfile.Two.WithTunnel()");
}
