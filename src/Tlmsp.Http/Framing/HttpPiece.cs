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
