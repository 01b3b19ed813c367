namespace Tlmsp.Http;

/// <summary>How strictly containers are held to the mapping.</summary>
public enum HttpMappingMode
{
    /// <summary>Every byte in the context of its role.</summary>
    Strict,

    /// <summary>
    /// For the reference curl: content may come in the head context, also in one container with the head. Refused where a middlebox may
    /// write heads but not content, because it could then write content after all.
    /// </summary>
    EtsiCurl,
}
