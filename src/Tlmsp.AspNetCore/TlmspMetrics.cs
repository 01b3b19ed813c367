using System.Diagnostics.Metrics;

namespace Tlmsp.AspNetCore;

/// <summary>Counts connections. Kestrel's own metrics object is internal, so there is a meter of our own, <c>Tlmsp.AspNetCore</c>.</summary>
internal sealed class TlmspMetrics : IDisposable
{
    public const string MeterName = "Tlmsp.AspNetCore";
    private readonly Meter _meter;
    private readonly UpDownCounter<long> _active;
    private readonly Histogram<double> _handshake;

    public TlmspMetrics(IMeterFactory? factory)
    {
        _meter = factory?.Create(MeterName) ?? new Meter(MeterName);
        _active = _meter.CreateUpDownCounter<long>("tlmsp.server.active_connections", "{connection}", "Established TLMSP connections.");
        _handshake = _meter.CreateHistogram<double>("tlmsp.server.handshake.duration", "s", "Duration of TLMSP handshakes.");
    }

    public void Started() => _active.Add(1);

    public void Stopped() => _active.Add(-1);

    /// <param name="duration">From accept to the end of the handshake.</param>
    /// <param name="middleboxes">Number on the path.</param>
    /// <param name="fault">Name of the misbehaviour that ended it; null on success.</param>
    public void HandshakeEnded(TimeSpan duration, int middleboxes, string? fault)
    {
        var tags = new System.Diagnostics.TagList { { "tlmsp.middleboxes", middleboxes } };
        if (fault is not null)
        {
            tags.Add("error.type", fault);
        }

        _handshake.Record(duration.TotalSeconds, tags);
    }

    public void Dispose() => _meter.Dispose();
}
