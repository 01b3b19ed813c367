using Tlmsp.Client;

namespace System.Net.Http;

/// <summary>Tells responses that came over TLMSP from those that came over plain TLS.</summary>
public static class TlmspFallbackHttpResponseMessageExtensions
{
    /// <summary>True when a <see cref="TlmspHandler"/> sent the request and the response came over TLMSP.</summary>
    public static bool IsTlmsp(this HttpResponseMessage response)
    {
        ArgumentNullException.ThrowIfNull(response);
        return TlmspExchange.Of(response.RequestMessage) is { Fallback: null };
    }

    /// <summary>
    /// How the response came over plain TLS; null when it came over TLMSP, or no <see cref="TlmspHandler"/> sent the request.
    /// </summary>
    /// <remarks>
    /// Requests of HTTP/2 share a connection that nothing on a response names. There this is not null for every server that the handler has
    /// reached by a fallback to HTTP/2 before, also when it has learnt TLMSP since.
    /// </remarks>
    public static TlmspFallback? GetTlmspFallback(this HttpResponseMessage response)
    {
        ArgumentNullException.ThrowIfNull(response);
        return TlmspExchange.Of(response.RequestMessage)?.Fallback;
    }
}
