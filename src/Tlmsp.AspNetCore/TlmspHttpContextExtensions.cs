using Tlmsp;
using Tlmsp.AspNetCore;
using Tlmsp.Http;

namespace Microsoft.AspNetCore.Http;

/// <summary>What TLMSP has to say about a request.</summary>
public static class TlmspHttpContextExtensions
{
    /// <summary>What was agreed on the connection that the request came over; null when it was no TLMSP connection.</summary>
    public static TlmspSessionInfo? GetTlmspConnection(this HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<ITlmspConnectionFeature>()?.Session;
    }

    /// <summary>
    /// Which middleboxes inserted, changed or deleted something in the request, as far as it was read; null when it did not come over
    /// TLMSP. See <see cref="ITlmspAuditFeature.GetRequestAudit"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">It cannot be said which request of the connection this is.</exception>
    public static HttpMessageAudit? GetTlmspAudit(this HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<ITlmspAuditFeature>()?.GetRequestAudit(context);
    }
}
