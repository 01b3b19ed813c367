namespace Tlmsp.AspNetCore;

/// <summary>What endpoints that name a content context are held to.</summary>
public sealed class TlmspContextOptions
{
    /// <summary>
    /// True to answer 421 to requests for such endpoints that did not come over TLMSP: plain TLS, cleartext, test hosts. Default true.
    /// </summary>
    public bool RequireTlmsp { get; set; } = true;
}
