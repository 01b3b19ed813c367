namespace Tlmsp.Http;

/// <summary>A part of an HTTP message.</summary>
public enum HttpMessagePart
{
    /// <summary>Start line and fields; the heads of interim responses (1xx) too.</summary>
    Head,

    /// <summary>Content and its framing.</summary>
    Content,

    /// <summary>Trailer fields.</summary>
    Trailers,

    /// <summary>A tunnel; it belongs to the exchange that opened it.</summary>
    Tunnel,
}
