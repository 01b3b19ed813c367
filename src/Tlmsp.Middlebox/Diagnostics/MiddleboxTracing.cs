using System.Diagnostics;
using System.Globalization;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>
/// A span per exchange, in the source <c>Tlmsp.Middlebox</c>: a child of the span that the request's <c>traceparent</c> names (W3C Trace
/// Context), where the heads of requests can be read. A reader cannot put itself into the request, so the server's span has the same parent.
/// </summary>
internal static class MiddleboxTracing
{
    public const string SourceName = "Tlmsp.Middlebox";
    private static readonly ActivitySource s_source = new(SourceName);

    /// <summary>A message was decided on; the exchange is over with its response, or with a request that nobody else answers.</summary>
    public static void Record(InspectionRecord record)
    {
        InspectedMessage message = record.Message;
        bool isResponse = message.Direction == HttpDirection.Response;
        if (!s_source.HasListeners() || message.Head is { Direction: HttpDirection.Response, StatusCode: < 200 })
        {
            return;
        }

        InspectedMessage? request = isResponse ? message.Request : record.Verdict.Action == InspectionAction.Forward ? null : message;
        if (request?.Head is not { } head)
        {
            return;
        }

        _ = ActivityContext.TryParse(head["traceparent"], head["tracestate"], isRemote: true, out ActivityContext parent);
        using Activity? span = s_source.StartActivity(ActivityKind.Server, parent, startTime: request.StartedAt, name: $"{head.Method} middlebox");
        if (span is null)
        {
            return;
        }

        string target = head.Target;
        span.SetTag("http.request.method", head.Method);
        span.SetTag("url.path", target.Split('?', '#')[0]);
        span.SetTag("network.protocol.version", request.StreamId > 0 ? "2" : "1.1");
        span.SetTag("tlmsp.session", request.Connection.Session.SessionId.ToString("x8", CultureInfo.InvariantCulture));
        span.SetTag("tlmsp.verdict", record.Verdict.Action.ToString().ToLowerInvariant());
        span.SetTag("http.request.body.size", request.ContentPart.Bytes);
        if (record.Inspector is not null)
        {
            span.SetTag("tlmsp.inspector", record.Inspector);
        }

        if (isResponse)
        {
            span.SetTag("http.response.status_code", message.Head!.StatusCode);
            span.SetTag("http.response.body.size", message.ContentPart.Bytes);
        }

        if (!record.IsComplete)
        {
            span.SetStatus(ActivityStatusCode.Error, record.Verdict.Reason ?? "not complete");
        }
    }
}
