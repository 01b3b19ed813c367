using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Tlmsp.AspNetCore;

/// <summary>Counts connections. Kestrel's own metrics object is internal, so there is a meter of our own, <c>Tlmsp.AspNetCore</c>.</summary>
internal sealed class TlmspMetrics
{
    public const string MeterName = "Tlmsp.AspNetCore";
    private readonly UpDownCounter<long> _active;
    private readonly Histogram<double> _handshake;
    private readonly Counter<long> _plainTls;

    public TlmspMetrics(IMeterFactory? factory)
    {
        Meter meter = factory?.Create(MeterName) ?? new Meter(MeterName);
        _active = meter.CreateUpDownCounter<long>("tlmsp.server.active_connections", "{connection}", "Established TLMSP connections.");
        _handshake = meter.CreateHistogram<double>("tlmsp.server.handshake.duration", "s", "Duration of TLMSP handshakes.");
        _plainTls = meter.CreateCounter<long>("tlmsp.server.plain_tls_connections", "{connection}", "Connections passed on to HTTPS.");
    }

    public void PlainTls() => _plainTls.Add(1);

    public void Started() => _active.Add(1);

    public void Stopped() => _active.Add(-1);

    /// <param name="duration">From accept to the end of the handshake.</param>
    /// <param name="middleboxes">Number on the path.</param>
    /// <param name="fault">Name of the misbehaviour that ended it; null on success.</param>
    /// <param name="reconnects">True when it ended as the first half of a discovery does (handshake.md §1.5), which is no fault.</param>
    public void HandshakeEnded(TimeSpan duration, int middleboxes, string? fault, bool reconnects)
    {
        var tags = new System.Diagnostics.TagList { { "tlmsp.middleboxes", middleboxes } };
        if (reconnects)
        {
            tags.Add("tlmsp.reconnect", true);
        }

        if (fault is not null)
        {
            tags.Add("error.type", fault);
        }

        _handshake.Record(duration.TotalSeconds, tags);
    }

    /// <summary>Tags Kestrel's own <c>kestrel.connection.duration</c>.</summary>
    public static void Tag(ConnectionContext context, int middleboxes, string? fault, bool reconnects)
    {
        if (context.Features.Get<IConnectionMetricsTagsFeature>()?.Tags is not { } tags)
        {
            return;     // nobody listens
        }

        tags.Add(new("tlmsp.middleboxes", middleboxes));
        tags.Add(reconnects ? new("tlmsp.reconnect", true) : fault is null ? new("tls.protocol.version", "1.2") : new("error.type", fault));
    }
}
