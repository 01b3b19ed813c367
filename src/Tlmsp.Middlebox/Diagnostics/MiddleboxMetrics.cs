using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>What a middlebox counts, in the meter <c>Tlmsp.Middlebox</c>; docs/observability.md lists it.</summary>
internal sealed class MiddleboxMetrics
{
    public const string MeterName = "Tlmsp.Middlebox";
    private readonly UpDownCounter<long> _active;
    private readonly Histogram<double> _handshake;
    private readonly Counter<long> _containers;
    private readonly Counter<long> _io;
    private readonly Counter<long> _messages;
    private readonly Counter<long> _failures;

    public MiddleboxMetrics(IMeterFactory? factory = null)
    {
        Meter meter = factory?.Create(MeterName) ?? new Meter(MeterName);
        _active = meter.CreateUpDownCounter<long>("tlmsp.middlebox.active_connections", "{connection}", "Established paths.");
        _handshake = meter.CreateHistogram<double>("tlmsp.middlebox.handshake.duration", "s", "Duration of handshakes, from the accepted connection on.");
        _containers = meter.CreateCounter<long>("tlmsp.middlebox.containers", "{container}", "Containers that went on.");
        _io = meter.CreateCounter<long>("tlmsp.middlebox.io", "By", "Content of containers as they came, for those that went on.");
        _messages = meter.CreateCounter<long>("tlmsp.middlebox.messages", "{message}", "Messages that inspectors decided on.");
        _failures = meter.CreateCounter<long>("tlmsp.middlebox.failures", "{connection}", "Paths that a fault has ended.");
    }

    /// <summary>Whether anybody wants to know what passes.</summary>
    public bool CountsTraffic => _containers.Enabled || _io.Enabled;

    /// <param name="listener">Name of the listener that it came through.</param>
    public void Opened(string listener) => _active.Add(1, new KeyValuePair<string, object?>("tlmsp.listener", listener));

    /// <param name="listener">Name of the listener that it came through.</param>
    public void Closed(string listener) => _active.Add(-1, new KeyValuePair<string, object?>("tlmsp.listener", listener));

    /// <param name="listener">Name of the listener that it came through.</param>
    /// <param name="duration">How long it took.</param>
    /// <param name="fault">What ended it; null on success.</param>
    public void HandshakeEnded(string listener, TimeSpan duration, string? fault)
    {
        var tags = new TagList { { "tlmsp.listener", listener } };
        if (fault is not null)
        {
            tags.Add("error.type", fault);
        }

        _handshake.Record(duration.TotalSeconds, tags);
    }

    /// <summary>Containers of one context went on.</summary>
    public void Relayed(HttpDirection direction, byte contextId, long containers, long bytes)
    {
        var tags = new TagList { { "tlmsp.context", (int)contextId }, { "tlmsp.direction", NameOf(direction) } };
        _containers.Add(containers, tags);
        _io.Add(bytes, tags);
    }

    /// <summary>A message was decided on.</summary>
    public void Message(InspectionRecord record)
    {
        if (!_messages.Enabled)
        {
            return;
        }

        var tags = new TagList
        {
            { "tlmsp.direction", NameOf(record.Message.Direction) },
            { "tlmsp.verdict", record.Verdict.Action.ToString().ToLowerInvariant() },
        };
        if (record.Inspector is not null)
        {
            tags.Add("tlmsp.inspector", record.Inspector);
        }

        _messages.Add(1, tags);
    }

    /// <summary>A path ended by a fault.</summary>
    public void Failed(Exception fault) => _failures.Add(1, new TagList { { "error.type", KindOf(fault) } });

    /// <summary>The kind of a fault: the name of a misbehaviour, or what of the middlebox failed.</summary>
    public static string KindOf(Exception fault) => fault switch
    {
        HttpMappingException => "http_mapping",
        TlmspException e => e.Misbehaviour.ToString(),
        InspectorException { Alert: TlmspAlert.AccessDenied } or PolicyException => "refused",
        InspectorException => "inspector",
        _ => fault.GetType().Name,
    };

    private static string NameOf(HttpDirection direction) => direction == HttpDirection.Request ? "request" : "response";
}
