using Tlmsp;
using Tlmsp.Client;
using Tlmsp.Http;

namespace System.Net.Http;

/// <summary>What TLMSP has to say about a response of a <see cref="TlmspHandler"/>.</summary>
public static class TlmspHttpResponseMessageExtensions
{
    /// <summary>
    /// What was agreed on the connection that the response came over; null when no <see cref="TlmspHandler"/> sent the request.
    /// </summary>
    public static TlmspSessionInfo? GetTlmspConnection(this HttpResponseMessage response)
    {
        ArgumentNullException.ThrowIfNull(response);
        return TlmspExchange.Of(response.RequestMessage)?.Session;
    }

    /// <summary>
    /// Which middleboxes inserted, changed or deleted something in the response; null when no <see cref="TlmspHandler"/> sent the request.
    /// It grows until the content was read to its end.
    /// </summary>
    public static HttpMessageAudit? GetTlmspAudit(this HttpResponseMessage response)
    {
        ArgumentNullException.ThrowIfNull(response);
        return TlmspExchange.Of(response.RequestMessage)?.Response;
    }
}
