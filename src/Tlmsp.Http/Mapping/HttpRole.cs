namespace Tlmsp.Http;

/// <summary>What bytes of an HTTP message are, and with it the context they travel in (http-mapping §3).</summary>
public enum HttpRole
{
    /// <summary>Start line, fields, blank line; 1xx heads; trailer sections that have fields.</summary>
    Head,

    /// <summary>Content and its chunk framing.</summary>
    Content,
}

/// <summary>The direction of a message.</summary>
public enum HttpDirection
{
    /// <summary>From client to server.</summary>
    Request,

    /// <summary>From server to client.</summary>
    Response,
}
