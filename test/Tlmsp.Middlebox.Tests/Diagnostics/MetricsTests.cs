using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests.Diagnostics;

/// <summary>What a middlebox counts, and the spans it makes.</summary>
public partial class MetricsTests
{
    [Theory]
    [InlineData("two", "1=r", "1.1")]
    [InlineData("four", "3=r,5=r", "2.0")]
    public async Task Paths_containers_and_messages_are_counted_by_context(string profile, string grant, string version)
    {
        HttpProfile contexts = HttpProfile.Parse(profile);
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, services: services => services.AddMetrics());
        using var meter = new MeterReader(middlebox.Services.GetRequiredService<IMeterFactory>());
        using (HttpClient client = Client(server, middlebox, contexts, grant, version))
        {
            using HttpResponseMessage response = await client.PostAsync("/echo", new ByteArrayContent(new byte[10_000]));
            Assert.Equal(10_000, (await response.Content.ReadAsByteArrayAsync()).Length);
            Assert.Equal(1, meter.Sum("active_connections"));
        }

        await meter.WaitAsync(() => meter.Sum("active_connections") == 0);
        int content = contexts.IdOf(HttpDirection.Request, HttpRole.Content);
        Assert.InRange(meter.Sum("io", ("tlmsp.context", content), ("tlmsp.direction", "request")), 10_000, 10_500);
        Assert.InRange(meter.Sum("containers", ("tlmsp.context", content), ("tlmsp.direction", "request")), 1, 20);
        Assert.Equal(1, meter.Sum("messages", ("tlmsp.direction", "request"), ("tlmsp.verdict", "forward")));
        Assert.Equal(1, meter.Sum("messages", ("tlmsp.direction", "response"), ("tlmsp.verdict", "forward")));
        Assert.Equal(1, meter.Count("handshake.duration"));
        Assert.Equal(0, meter.Sum("failures"));
    }

    [Fact]
    public async Task Traffic_is_counted_without_inspectors_too()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, inspect: false, services: services => services.AddMetrics());
        using var meter = new MeterReader(middlebox.Services.GetRequiredService<IMeterFactory>());
        using HttpClient client = Client(server, middlebox, HttpProfile.Two, "none", "1.1");

        Assert.Equal("hello", await client.GetStringAsync("/hello"));

        Assert.Equal(1, meter.Sum("containers", ("tlmsp.context", 1), ("tlmsp.direction", "request")));
        Assert.Equal(0, meter.Count("messages"));
    }

    [Fact]
    public async Task Verdicts_and_failures_are_counted_by_kind()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
            server.Address,
            inspector: new DelegateInspector { Head = message => message.Head!.Target == "/blocked" ? InspectionVerdict.Close("rule 7") : throw new FormatException() },
            services: services => services.AddMetrics());
        using var meter = new MeterReader(middlebox.Services.GetRequiredService<IMeterFactory>());
        using HttpClient client = Client(server, middlebox, HttpProfile.Two, "1=r", "1.1");

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/blocked"));
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/other"));

        await meter.WaitAsync(() => meter.Sum("active_connections") == 0 && meter.Sum("failures") == 2);
        Assert.Equal(1, meter.Sum("failures", ("error.type", "refused")));
        Assert.Equal(1, meter.Sum("failures", ("error.type", "inspector")));
        await meter.WaitAsync(() => meter.Sum("messages", ("tlmsp.verdict", "close"), ("tlmsp.inspector", "DelegateInspector")) == 1);
    }

    [Fact]
    public async Task A_handshake_that_fails_says_why()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
            new Uri("https://localhost:1"), services: services => services.AddMetrics());
        using var meter = new MeterReader(middlebox.Services.GetRequiredService<IMeterFactory>());
        using HttpClient client = Client(server, middlebox, HttpProfile.Two, "1=r", "1.1");

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/hello"));

        await meter.WaitAsync(() => meter.Count("handshake.duration", ("error.type", "next_hop")) == 1);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_span_joins_the_trace_that_the_request_names(string version)
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Tlmsp.Middlebox",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address);
        using HttpClient client = Client(server, middlebox, HttpProfile.Two, "1=r,2=r", version);
        const string trace = "0af7651916cd43dd8448eb211c80319c";
        client.DefaultRequestHeaders.Add("traceparent", $"00-{trace}-b7ad6b7169203331-01");

        Assert.Equal("hello", await client.GetStringAsync("/hello?secret=1"));

        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        Activity? span;
        while ((span = spans.FirstOrDefault(each => each.TraceId.ToHexString() == trace)) is null)
        {
            await Task.Delay(10, timeout.Token);
        }

        Assert.Equal("b7ad6b7169203331", span.ParentSpanId.ToHexString());
        Assert.Equal(("GET", "/hello", 200, "forward"),
            (span.GetTagItem("http.request.method"), span.GetTagItem("url.path"), span.GetTagItem("http.response.status_code"), span.GetTagItem("tlmsp.verdict")));
    }

    [Fact]
    public void The_documentation_lists_the_instruments_that_exist()
    {
        var exist = new ConcurrentQueue<string>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, _) => exist.Enqueue($"{instrument.Meter.Name} {instrument.Name}") };
        listener.Start();
        _ = new MiddleboxMetrics();

        string page = File.ReadAllText(Path.Combine(Repository.Root!, "docs", "observability.md"));
        string[] listed = [.. Instrument().Matches(page).Select(match => $"Tlmsp.Middlebox {match.Groups[1].Value}").Order()];

        Assert.NotEmpty(listed);
        Assert.Equal(exist.Where(name => name.StartsWith("Tlmsp.Middlebox ", StringComparison.Ordinal)).Distinct().Order(), listed);
    }

    private static HttpClient Client(TestServer server, TestMiddlebox middlebox, HttpProfile profile, string grant, string version)
    {
        HttpClient client = server.Client(tlmsp =>
        {
            tlmsp.Profile = profile;
            tlmsp.Middleboxes.Add(middlebox.Address, Grant.Parse(grant));
        });
        client.DefaultRequestVersion = Version.Parse(version);
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return client;
    }

    [GeneratedRegex(@"^\| `(tlmsp\.[a-z_.]+)`", RegexOptions.Multiline)]
    private static partial Regex Instrument();
}
