namespace Tlmsp.Http;

/// <summary>Bounds on heads and framing.</summary>
public sealed class HttpFramerLimits
{
    /// <summary>The defaults.</summary>
    public static HttpFramerLimits Default { get; } = new();

    /// <summary>Most bytes of a head. Default 32 KiB, as Kestrel's total.</summary>
    public int MaxHeadBytes { get; init; } = 32 * 1024;

    /// <summary>Most fields in a head. Default 100.</summary>
    public int MaxFields { get; init; } = 100;

    /// <summary>Most 1xx heads before a final response. Default 8.</summary>
    public int MaxInformational { get; init; } = 8;

    /// <summary>Most bytes of a trailer section. Default 8 KiB.</summary>
    public int MaxTrailerBytes { get; init; } = 8 * 1024;

    /// <summary>
    /// Most bytes of a response that a server keeps until its end, because it has no Content-Length and the client, of HTTP/1.0, knows no
    /// chunks; a longer one fails. Default 1 MiB.
    /// </summary>
    public int MaxBufferedBytes { get; init; } = 1024 * 1024;

    /// <summary>Most bytes of a chunk-size line with its extensions. Default 256.</summary>
    public int MaxChunkLineBytes { get; init; } = 256;
}
