namespace Tlmsp.Http;

/// <summary>What bytes of an HTTP connection are, and with it the context they travel in (http-mapping §2, §3).</summary>
public enum HttpRole
{
    /// <summary>Start line, fields, blank line; 1xx heads; trailer sections that have fields.</summary>
    Head,

    /// <summary>Content and its chunk framing; over HTTP/2 whole DATA frames.</summary>
    Content,

    /// <summary>Frames of HTTP/2 that belong to no message, such as SETTINGS and WINDOW_UPDATE.</summary>
    Control,

    /// <summary>Whole lines of the fields that must not be seen with the rest of a head, such as Authorization.</summary>
    Secret,

    /// <summary>What follows a 101 response, or a 2xx response to CONNECT, both ways; in blocks, with an end mark.</summary>
    Tunnel,
}

/// <summary>The direction of a message.</summary>
public enum HttpDirection
{
    /// <summary>From client to server.</summary>
    Request,

    /// <summary>From server to client.</summary>
    Response,
}

/// <summary>The version of HTTP that a connection carries; agreed with the purposes of its contexts (http-mapping §13).</summary>
public enum HttpWireVersion
{
    /// <summary>HTTP/1.1, and HTTP/1.0 in the same form.</summary>
    Http11,

    /// <summary>HTTP/2.</summary>
    Http2,
}
