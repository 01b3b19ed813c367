using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>The meter Tlmsp.AspNetCore, and the tags on Kestrel's own.</summary>
public class MetricsTests
{
    [Fact]
    public async Task Handshakes_and_connections_are_measured()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address);
        using var measured = new Measured(server);
        using (HttpClient client = server.Client(tlmsp => tlmsp.Middleboxes.Add(middlebox.Address, Grant.Read(HttpContexts.Headers))))
        {
            Assert.Equal("hello", await client.GetStringAsync("/hello"));
            Assert.Equal(1, measured.Sum("tlmsp.server.active_connections"));
        }

        await measured.WaitForAsync("kestrel.connection.duration");

        Measurement handshake = Assert.Single(measured.Of("tlmsp.server.handshake.duration"));
        Assert.InRange(handshake.Value, 0.000_001, 30);
        Assert.Equal([new("tlmsp.middleboxes", 1)], handshake.Tags);
        Assert.Equal(0, measured.Sum("tlmsp.server.active_connections"));
        Measurement connection = Assert.Single(measured.Of("kestrel.connection.duration"));
        Assert.Contains(new("tlmsp.middleboxes", 1), connection.Tags);
        Assert.Contains(new("tls.protocol.version", "1.2"), connection.Tags);
        Assert.DoesNotContain(connection.Tags, tag => tag.Key == "error.type");
    }

    [Fact]
    public async Task A_handshake_that_fails_is_counted_with_its_reason()
    {
        await using TestServer server = await TestServer.StartAsync();
        using var measured = new Measured(server);
        using RawConnection connection = await RawConnection.OpenAsync(server);

        await connection.SendAsync("GET / HTTP/1.1\r\n\r\n");
        await connection.ReceiveToEndAsync();
        await measured.WaitForAsync("kestrel.connection.duration");

        Measurement handshake = Assert.Single(measured.Of("tlmsp.server.handshake.duration"));
        Assert.Contains(new("error.type", nameof(Misbehaviour.UnknownRecordType)), handshake.Tags);
        Assert.Contains(
            new("error.type", nameof(Misbehaviour.UnknownRecordType)), Assert.Single(measured.Of("kestrel.connection.duration")).Tags);
        Assert.Empty(measured.Of("tlmsp.server.active_connections"));
    }

    [Fact]
    public async Task A_plain_TLS_client_is_counted_apart()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.PlainTls = TlmspPlainTls.Allow);
        using var measured = new Measured(server);
        using HttpClient plain = PlainTlsTests.PlainClient(server);

        Assert.Equal("hello", await plain.GetStringAsync("/hello"));

        Assert.Equal(1, measured.Sum("tlmsp.server.plain_tls_connections"));
        Assert.Empty(measured.Of("tlmsp.server.active_connections"));
        Assert.Empty(measured.Of("tlmsp.server.handshake.duration"));
    }

    [Fact]
    public async Task A_timeout_is_counted_as_such()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.HandshakeTimeout = TimeSpan.FromMilliseconds(200));
        using var measured = new Measured(server);
        using RawConnection connection = await RawConnection.OpenAsync(server);

        await connection.ReceiveToEndAsync();
        await measured.WaitForAsync("kestrel.connection.duration");

        Assert.Contains(new("error.type", "timeout"), Assert.Single(measured.Of("tlmsp.server.handshake.duration")).Tags);
    }

    [Fact]
    public async Task The_first_connection_of_a_discovery_is_counted_as_that_and_is_no_fault()
    {
        MiddleboxAllowList? list = null;
        await using TestServer server = await TestServer.StartAsync(tlmsp => list = tlmsp.Middleboxes);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address);
        list!.Insert(middlebox.Address, Grant.Read(HttpContexts.Headers));
        using var measured = new Measured(server);
        using HttpClient client = server.Client(tlmsp => tlmsp.Middleboxes.Accept(middlebox.Address, Grant.Read(HttpContexts.Headers)));

        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        await measured.WaitForAsync("kestrel.connection.duration");

        Assert.Equal(
            [[new("tlmsp.middleboxes", 0), new("tlmsp.reconnect", true)], [new("tlmsp.middleboxes", 1)]],
            measured.Of("tlmsp.server.handshake.duration").Select(measurement => measurement.Tags));
        Measurement first = Assert.Single(measured.Of("kestrel.connection.duration"));
        Assert.Contains(new("tlmsp.reconnect", true), first.Tags);
        Assert.DoesNotContain(first.Tags, tag => tag.Key == "error.type");
        Assert.Equal(1, measured.Sum("tlmsp.server.active_connections"));
    }

    private sealed record Measurement(string Instrument, double Value, KeyValuePair<string, object?>[] Tags);

    /// <summary>Listens to the meters of one server, not to those of other tests.</summary>
    private sealed class Measured : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentQueue<Measurement> _all = new();
        private readonly SemaphoreSlim _added = new(0);

        public Measured(TestServer server)
        {
            IMeterFactory factory = server.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, factory))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.Start();
        }

        public Measurement[] Of(string instrument) => [.. _all.Where(measurement => measurement.Instrument == instrument)];

        public double Sum(string instrument) => Of(instrument).Sum(measurement => measurement.Value);

        public async Task WaitForAsync(string instrument)
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (Of(instrument).Length == 0)
            {
                await _added.WaitAsync(timeout.Token);
            }
        }

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            _all.Enqueue(new Measurement(instrument.Name, value, tags.ToArray()));
            _added.Release();
        }
    }
}
