using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Tlmsp.Middlebox.Tests.Diagnostics;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests.Listeners;

/// <summary>What whoever watches a middlebox is told of its listeners.</summary>
public class ListenerWatchTests
{
    private readonly TwoListeners _two = new();

    [Fact]
    public async Task A_listener_that_fails_leaves_the_others_alone_and_readiness_names_it()
    {
        var transport = new TestTransport();
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, _two.Configure, services: services =>
        {
            transport.Register(services);
            services.AddHealthChecks().AddTlmspMiddlebox();
        });
        Assert.Equal((HealthStatus.Healthy, HealthStatus.Healthy, null), await HealthAsync(middlebox));
        using HttpClient before = TwoListeners.Client(server, _two.Internal);
        string connection = await before.GetStringAsync("/connection");

        transport.FailAccept(_two.InternalPort);
        string line = await middlebox.Logs.WaitForLineAsync("accepts no connections any more");

        Assert.StartsWith("Critical: ", line, StringComparison.Ordinal);
        Assert.Contains($"127.0.0.1:{_two.InternalPort} (listener Internal)", line, StringComparison.Ordinal);
        await TwoListeners.AssertServesAsync(server, _two.Public);
        Assert.Equal(connection, await before.GetStringAsync("/connection"));
        Assert.Equal(
            (HealthStatus.Healthy, HealthStatus.Unhealthy, "listener Internal accepts no connections any more"),
            await HealthAsync(middlebox));

        transport.FailAccept(_two.PublicPort);
        await middlebox.Logs.WaitForLineAsync("(listener Public). no more handles");
        Assert.Equal(
            (HealthStatus.Unhealthy, HealthStatus.Unhealthy,
                "listener Internal accepts no connections any more; listener Public accepts no connections any more"),
            await HealthAsync(middlebox));
    }

    [Fact]
    public async Task Readiness_names_the_listener_whose_certificate_is_not_valid()
    {
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
            new Uri("https://localhost:1"),
            options =>
            {
                _two.Configure(options);
                options.Listeners["Public"].Certificate = TestCertificates.Leaf("localhost", validity: TestValidity.Expired);
            },
            services: services => services.AddHealthChecks().AddTlmspMiddlebox());

        (HealthStatus live, HealthStatus ready, string? problem) = await HealthAsync(middlebox);

        Assert.Equal((HealthStatus.Healthy, HealthStatus.Unhealthy), (live, ready));
        Assert.StartsWith("the certificate of listener Public is valid from ", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("Internal", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_and_handshakes_are_counted_by_listener()
    {
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
            server.Address, _two.Configure, services: services => services.AddMetrics());
        using var meter = new MeterReader(middlebox.Services.GetRequiredService<IMeterFactory>());
        using (HttpClient first = TwoListeners.Client(server, _two.Public))
        using (HttpClient second = TwoListeners.Client(server, _two.Internal))
        {
            await first.GetStringAsync("/hello");
            await second.GetStringAsync("/hello");
            Assert.Equal(1, meter.Sum("active_connections", ("tlmsp.listener", "Public")));
            Assert.Equal(1, meter.Sum("active_connections", ("tlmsp.listener", "Internal")));
        }

        await meter.WaitAsync(() => meter.Count("active_connections") == 4);
        Assert.Equal(0, meter.Sum("active_connections", ("tlmsp.listener", "Public")));
        Assert.Equal(0, meter.Sum("active_connections", ("tlmsp.listener", "Internal")));
        Assert.Equal(1, meter.Count("handshake.duration", ("tlmsp.listener", "Public")));
        Assert.Equal(1, meter.Count("handshake.duration", ("tlmsp.listener", "Internal")));
    }

    [Fact]
    public async Task The_live_page_and_the_audit_know_under_which_address_a_connection_came()
    {
        int port = TestMiddlebox.FreePort();
        string file = Path.GetTempFileName();
        try
        {
            await using TestServer server = await TwoListeners.StartServerAsync();
            await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
                server.Address,
                options =>
                {
                    _two.Configure(options);
                    options.Listeners["Internal"].Address = $"127.0.0.1:{_two.InternalPort}";       // on the wire it has a scheme
                },
                building: box => box.AddAdminPage(page => page.Port = port).AddAuditLog(audit => audit.File = file));
            using HttpClient client = TwoListeners.Client(server, _two.Internal);
            Assert.Equal("hello", await client.GetStringAsync("/hello"));

            using var page = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            using JsonDocument overview = JsonDocument.Parse(await page.GetStringAsync("/api/paths"));

            Assert.Equal($"127.0.0.1:{_two.InternalPort}, {_two.Public}", overview.RootElement.GetProperty("address").GetString());
            JsonElement path = Assert.Single(overview.RootElement.GetProperty("paths").EnumerateArray());
            JsonElement box = Assert.Single(path.GetProperty("boxes").EnumerateArray());
            Assert.Equal((_two.Internal, true), (box.GetProperty("address").GetString(), box.GetProperty("isThis").GetBoolean()));
            await middlebox.StopAsync();
            Assert.Contains($"\"self\":\"{_two.Internal}\"", File.ReadLines(file).First(), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task<(HealthStatus Live, HealthStatus Ready, string? Problem)> HealthAsync(TestMiddlebox middlebox)
    {
        HealthReport report = await middlebox.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        HealthReportEntry ready = report.Entries["tlmsp_middlebox_ready"];
        return (report.Entries["tlmsp_middlebox_live"].Status, ready.Status, ready.Description);
    }
}
