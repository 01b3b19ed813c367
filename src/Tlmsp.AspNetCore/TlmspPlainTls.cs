namespace Tlmsp.AspNetCore;

/// <summary>What an endpoint does with clients of ordinary TLS. Cleartext is served in no case.</summary>
public enum TlmspPlainTls
{
    /// <summary>They get a fatal alert. The default.</summary>
    Refuse,

    /// <summary>
    /// They are served over HTTPS with the certificates of the endpoint; <see cref="ITlmspConnectionFeature"/> is absent from their requests.
    /// A client that fell back although it speaks TLMSP gets the alert inappropriate_fallback (86).
    /// </summary>
    Allow,
}
