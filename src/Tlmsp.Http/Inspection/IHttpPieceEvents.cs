namespace Tlmsp.Http;

/// <summary>What a run of bytes in a container is, for a middlebox that may have to replace it.</summary>
internal enum HttpRunKind
{
    /// <summary>Of a head or trailer section.</summary>
    Head,

    /// <summary>Octets of content.</summary>
    Content,

    /// <summary>Chunk framing that a new framing takes the place of.</summary>
    Chunk,

    /// <summary>The last part of the last chunk's line: the content is complete, its end is still to come.</summary>
    LastChunk,

    /// <summary>Anything else.</summary>
    Other,
}

/// <summary>Hears of every run of bytes of HTTP/1.1 that an observer takes, before the event that it causes.</summary>
internal interface IHttpPieceEvents
{
    /// <summary>The next bytes of the container.</summary>
    void OnRun(HttpRunKind kind, int length);
}
