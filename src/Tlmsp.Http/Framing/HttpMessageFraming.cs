using System.Text;

namespace Tlmsp.Http;

/// <summary>What a head says about the content that follows it (RFC 9112 §6).</summary>
internal struct HttpMessageFraming
{
    private bool _chunked;
    private long? _length;
    private bool _hasUpgrade;
    private bool _connectsUpgrade;

    public HttpMessageFraming()
    {
        IsEmpty = true;
    }

    /// <summary>True until the start line came.</summary>
    public bool IsEmpty { get; private set; }

    public bool IsHttp11 { get; private set; }

    public bool IsHeadRequest { get; set; }

    public int Status { get; private set; }

    public bool HasTrailer { get; set; }

    public bool IsConnect { get; private set; }

    /// <summary>True for a request that may be answered with 101 (RFC 9110 §7.8: not in HTTP/1.0).</summary>
    public readonly bool MayUpgrade => IsHttp11 && _hasUpgrade && _connectsUpgrade;

    public readonly bool HasContentFraming => _chunked || _length is not null;

    /// <summary>Set for the response that a tunnel follows, and no content.</summary>
    public bool OpensTunnel { get; set; }

    public void StartRequest(bool http11, bool isHead, bool isConnect)
    {
        IsEmpty = false;
        IsHttp11 = http11;
        IsHeadRequest = isHead;
        IsConnect = isConnect;
        HasTrailer = false;
    }

    public void StartResponse(bool http11, int status)
    {
        IsEmpty = false;
        IsHttp11 = http11;
        Status = status;
        HasTrailer = false;
    }

    /// <returns>True for Content-Length.</returns>
    public bool OnField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (HttpSyntax.Is(name, "content-length"u8))
        {
            if (_length is not null)
            {
                throw new HttpMappingException("two Content-Length fields");
            }

            _length = HttpSyntax.TryParseLength(value, out long length)
                ? length
                : throw new HttpMappingException("malformed Content-Length");
            return true;
        }

        if (HttpSyntax.Is(name, "transfer-encoding"u8))
        {
            if (_chunked || !Ascii.EqualsIgnoreCase(value, "chunked"u8))
            {
                throw new HttpMappingException("a Transfer-Encoding other than chunked");
            }

            _chunked = true;
        }
        else if (HttpSyntax.Is(name, "trailer"u8))
        {
            HasTrailer = true;
        }
        else if (HttpSyntax.Is(name, "upgrade"u8))
        {
            _hasUpgrade = true;
        }
        else if (HttpSyntax.Is(name, "connection"u8))
        {
            _connectsUpgrade |= HttpSyntax.ListContains(value, "upgrade"u8);
        }

        return false;
    }

    /// <summary>True for a response whose content has neither a length nor chunks: the end of the connection is to end it.</summary>
    public readonly bool IsUntilEnd => !HasContentFraming && !IsWithoutContent;

    private readonly bool IsWithoutContent => IsHeadRequest || OpensTunnel || Status is < 200 or 204 or 304;

    /// <summary>The length of the content: a number, or null for chunked.</summary>
    public readonly long? Resolve(HttpDirection direction)
    {
        if (_chunked && _length is not null)
        {
            throw new HttpMappingException("both Content-Length and Transfer-Encoding");
        }

        if (_chunked && !IsHttp11)
        {
            throw new HttpMappingException("Transfer-Encoding in an HTTP/1.0 message");
        }

        if (direction == HttpDirection.Response && IsWithoutContent)
        {
            return 0;
        }

        return _chunked ? null
            : _length ?? (direction == HttpDirection.Request
                ? 0
                : throw new HttpMappingException("a response that only the end of the connection would end"));
    }
}
