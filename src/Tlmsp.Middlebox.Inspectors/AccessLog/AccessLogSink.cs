using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using Tlmsp.Http;

namespace Tlmsp.Middlebox.Inspectors;

/// <summary>
/// Logs one line per exchange: also of those that another inspector denied, which is why it hears of messages instead of inspecting them.
/// Where requests cannot be told to belong to responses, each message has a line.
/// </summary>
internal sealed partial class AccessLogSink(Reloaded<AccessLogOptions> options, ILoggerFactory loggers) : IInspectionSink
{
    private readonly ILogger _logger = loggers.CreateLogger("Tlmsp.Middlebox.AccessLog");
    private readonly ConcurrentDictionary<string, Exchanges> _paths = new();

    public ValueTask OnPathOpenedAsync(InspectionContext path, CancellationToken cancellationToken)
    {
        _paths[path.ConnectionId] = new Exchanges(options.Current);
        return ValueTask.CompletedTask;
    }

    public ValueTask OnMessageAsync(InspectionRecord record, CancellationToken cancellationToken)
    {
        // A path that was never opened has passed nothing.
        if (_paths.TryGetValue(record.Message.Connection.ConnectionId, out Exchanges? exchanges))
        {
            lock (exchanges)
            {
                Add(exchanges, record);
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask OnPathClosedAsync(InspectionContext path, Exception? fault)
    {
        if (_paths.TryRemove(path.ConnectionId, out Exchanges? exchanges))
        {
            lock (exchanges)
            {
                foreach (InspectionRecord request in exchanges.Unanswered.Values)
                {
                    Log(exchanges, request, null);
                }

                if (!exchanges.HasMessages)
                {
                    LogSealed(_logger, path.ConnectionId);
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    private void Add(Exchanges exchanges, InspectionRecord record)
    {
        InspectedMessage message = record.Message;
        exchanges.HasMessages = true;
        if (message.Direction == HttpDirection.Response)
        {
            // An interim response is part of the exchange whose final one follows; after 101 there is none (RFC 9110 §15.2.2).
            if (message.Head is { StatusCode: >= 100 and < 200 and not 101 })
            {
                return;
            }

            InspectionRecord? request = message.Request is null ? null
                : exchanges.Unanswered.Remove(message.Request, out InspectionRecord? known) ? known
                : exchanges.AnsweredEarly.Add(message.Request) ? new InspectionRecord(message.Request, default, null, false, false)
                : null;
            Log(exchanges, request, record);
        }
        else if (!exchanges.AnsweredEarly.Remove(message))
        {
            bool isPaired = message.Head is not null && record.Verdict.Action == InspectionAction.Forward && record.IsComplete
                && InspectionRightsOf(message).ReadsHead;
            if (isPaired)
            {
                exchanges.Unanswered[message] = record;
            }
            else
            {
                Log(exchanges, record, null);
            }
        }
    }

    /// <summary>Responses are told to belong to requests where the heads of both can be read.</summary>
    private static InspectionRights InspectionRightsOf(InspectedMessage request) =>
        HttpProfile.Read(request.Connection.Session.Contexts, out _) is { } profile
            ? InspectionRights.Of(profile, request.Connection.Grant, HttpDirection.Response)
            : default;

    private void Log(Exchanges exchanges, InspectionRecord? request, InspectionRecord? response)
    {
        if (!_logger.IsEnabled(LogLevel.Information))
        {
            return;
        }

        InspectedMessage any = (request ?? response)!.Message;
        HttpHead? head = request?.Message.Head;
        string method = head?.Method ?? "sealed";
        string target = head is null ? "sealed" : exchanges.Options.IncludeQuery ? head.Target : head.Target.Split('?')[0];
        LogExchange(
            _logger, any.Connection.ConnectionId, method, target, Status(request, response), Size(request), Size(response),
            (long)(End(request, response) - any.StartedAt).TotalMilliseconds,
            Outcome(request, response) + Fields(" request", head, exchanges.Options.RequestFields)
                + Fields(" response", response?.Message.Head, exchanges.Options.ResponseFields));
    }

    private static string Status(InspectionRecord? request, InspectionRecord? response) =>
        (response ?? request)!.Verdict is { Action: InspectionAction.Respond, Response: { } answer }
            ? answer.StatusCode.ToString(System.Globalization.CultureInfo.InvariantCulture)
            : response is null ? "-"
            : response.Message.Head is { } head ? head.StatusCode.ToString(System.Globalization.CultureInfo.InvariantCulture)
            : "sealed";

    private static string Size(InspectionRecord? record) => record is null
        ? "-"
        : record.Message.ContentPart.Bytes.ToString(System.Globalization.CultureInfo.InvariantCulture)
            + (record.Message.ContentPart.IsSealed ? " (sealed)" : "");

    private static string Outcome(InspectionRecord? request, InspectionRecord? response)
    {
        InspectionRecord last = (response ?? request)!;
        return last.Verdict.Action switch
        {
            InspectionAction.Forward or InspectionAction.Hold => last.IsComplete && response is not null ? ""
                : last.IsComplete ? ", no answer" : ", incomplete",
            var action => $", {action} by {last.Inspector}: {last.Verdict.Reason}",
        };
    }

    private static DateTimeOffset End(InspectionRecord? request, InspectionRecord? response)
    {
        DateTimeOffset end = (request ?? response)!.Message.StartedAt;
        foreach (InspectedMessage? message in (InspectedMessage?[])[request?.Message, response?.Message])
        {
            end = message is null ? end
                : new[] { end, message.HeadPart.LastAt, message.ContentPart.LastAt, message.TrailersPart.LastAt }.Max();
        }

        return end;
    }

    private static string Fields(string whose, HttpHead? head, IList<string> names)
    {
        var text = new StringBuilder();
        foreach (string name in names)
        {
            foreach (HttpField field in head?.Fields ?? [])
            {
                if (!string.Equals(field.Name, name, StringComparison.OrdinalIgnoreCase))
                {
                    continue;
                }

                // A value can hold no line break, but other control characters, which a log must not have from outside.
                text.Append(whose).Append(' ').Append(name).Append("=\"")
                    .Append(string.Concat(field.Value.Select(c => char.IsControl(c) ? '?' : c == '"' ? '\'' : c))).Append('"');
            }
        }

        return text.ToString();
    }

    [LoggerMessage(1, LogLevel.Information,
        "{ConnectionId} {Method} {Target} {Status}, {RequestBytes} bytes of request, {ResponseBytes} bytes of response, "
            + "{Milliseconds} ms{More}")]
    private static partial void LogExchange(
        ILogger logger, string connectionId, string method, string target, string status, string requestBytes, string responseBytes,
        long milliseconds, string more);

    [LoggerMessage(2, LogLevel.Information, "{ConnectionId} sealed: no message of it could be told from another, or none passed")]
    private static partial void LogSealed(ILogger logger, string connectionId);

    /// <summary>What is known of the exchanges of one path.</summary>
    private sealed class Exchanges(AccessLogOptions options)
    {
        public AccessLogOptions Options { get; } = options;

        public bool HasMessages { get; set; }

        /// <summary>Requests that have passed, until their answer has.</summary>
        public Dictionary<InspectedMessage, InspectionRecord> Unanswered { get; } = [];

        /// <summary>Requests that were answered before they had passed.</summary>
        public HashSet<InspectedMessage> AnsweredEarly { get; } = [];
    }
}
