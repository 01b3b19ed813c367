using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Tlmsp.Middlebox.Tests.Diagnostics;

/// <summary>Keeps the measurements of the meter of one host.</summary>
internal sealed class MeterReader : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<(string Name, double Value, KeyValuePair<string, object?>[] Tags)> _measured = [];

    public MeterReader(IMeterFactory factory)
    {
        Meter meter = factory.Create(MiddleboxMetrics.MeterName);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == meter || (instrument.Meter.Name == meter.Name && instrument.Meter.Scope == meter.Scope))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => _measured.Enqueue((instrument.Name, value, tags.ToArray())));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => _measured.Enqueue((instrument.Name, value, tags.ToArray())));
        _listener.Start();
    }

    public double Sum(string name, params (string Key, object Value)[] tags) => Of(name, tags).Sum();

    public int Count(string name, params (string Key, object Value)[] tags) => Of(name, tags).Count();

    public async Task WaitAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            await Task.Delay(10, timeout.Token);
        }
    }

    public void Dispose() => _listener.Dispose();

    private IEnumerable<double> Of(string name, (string Key, object Value)[] tags) => _measured
        .Where(each => each.Name == $"tlmsp.middlebox.{name}" && tags.All(tag => each.Tags.Any(have => have.Key == tag.Key && Equals(have.Value, tag.Value))))
        .Select(each => each.Value);
}
