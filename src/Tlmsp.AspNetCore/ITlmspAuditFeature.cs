using Microsoft.AspNetCore.Http;
using Tlmsp.Http;

namespace Tlmsp.AspNetCore;

/// <summary>
/// Which middleboxes inserted, changed or deleted something in a request; in <c>HttpContext.Features</c> of requests that came over TLMSP.
/// One object serves all requests of a connection.
/// </summary>
public interface ITlmspAuditFeature
{
    /// <summary>The audit of a request that is being handled; it grows while the application reads the content.</summary>
    /// <param name="context">The request's own context, inside its handling.</param>
    /// <exception cref="InvalidOperationException">
    /// It cannot be said which request of the connection this is: a connection middleware behind <c>UseTlmsp()</c> reads ahead of Kestrel,
    /// and the application has set a <see cref="HttpContext.TraceIdentifier"/> of its own.
    /// </exception>
    HttpMessageAudit GetRequestAudit(HttpContext context);
}
