using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Tlmsp.Http;

namespace Tlmsp.AspNetCore;

/// <summary>
/// Tells which request of a connection a context is: over HTTP/2 by its stream, over HTTP/1.1 by what Kestrel has consumed of the stream, as
/// it starts on a request when it is done with the one before. Where something else reads the stream ahead of Kestrel, by the index that
/// Kestrel puts into its trace identifiers.
/// </summary>
internal sealed class TlmspAuditFeature(ConnectionContext connection, IDuplexPipe stream, HttpAuditTrail trail) : ITlmspAuditFeature
{
    public HttpMessageAudit GetRequestAudit(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<IHttp2StreamIdFeature>() is { } http2
            ? trail.Of(http2.StreamId)
            : trail.Of(ReferenceEquals(connection.Transport, stream) ? trail.Current : IndexOf(context.TraceIdentifier));
    }

    /// <summary>Kestrel counts from 1: <c>connection:00000001</c>.</summary>
    private long IndexOf(string traceIdentifier)
    {
        string prefix = connection.ConnectionId + ":";
        ReadOnlySpan<char> digits = traceIdentifier.StartsWith(prefix, StringComparison.Ordinal)
            ? traceIdentifier.AsSpan(prefix.Length)
            : "";
        return uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint index) && index > 0
            ? index - 1L
            : throw new InvalidOperationException(
                "It cannot be said which request of the connection this is: a connection middleware behind UseTlmsp() reads ahead of "
                + "Kestrel, and TraceIdentifier is not Kestrel's. Put the middleware before UseTlmsp(), or leave TraceIdentifier alone "
                + "until the audit was taken.");
    }
}
