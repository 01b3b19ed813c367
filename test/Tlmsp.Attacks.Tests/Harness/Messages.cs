namespace Tlmsp.Attacks.Tests;

/// <summary>Heads that many attacks begin with.</summary>
internal static class Messages
{
    /// <summary>An upload of five octets.</summary>
    public const string Post = "POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n";

    /// <summary>An upload in chunks.</summary>
    public const string PostChunked = "POST /upload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";

    /// <summary>A request that the application must never see.</summary>
    public const string Evil = "GET /evil HTTP/1.1\r\nHost: localhost\r\n\r\n";

    /// <summary>A response with five octets of content.</summary>
    public const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";

    /// <summary>A response in chunks.</summary>
    public const string OkChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

    /// <summary>A whole response that nobody asked for.</summary>
    public const string Forged = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
}
