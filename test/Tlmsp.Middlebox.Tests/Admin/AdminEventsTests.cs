using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Tlmsp.Middlebox.Admin;

namespace Tlmsp.Middlebox.Tests.Admin;

/// <summary>The live page's events.</summary>
public class AdminEventsTests
{
    [Fact]
    public async Task Events_bring_paths_messages_and_throughput_as_they_come()
    {
        await using AdminPath path = await AdminPath.StartAsync("req-head=r,resp-head=r,req-body=r,resp-body=r");
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using StreamReader events = await OpenAsync(path, null);
        (string name, _, JsonElement first) = await ReadAsync(events, timeout.Token);
        Assert.Equal(("paths", 0), (name, first.GetProperty("paths").GetArrayLength()));

        await path.Client.GetStringAsync("/hello");

        var seen = new HashSet<string>();
        string? last = null;
        while (seen.Count < 3)
        {
            (name, string? id, JsonElement data) = await ReadAsync(events, timeout.Token);
            bool isNews = name switch
            {
                "paths" => data.GetProperty("totals").GetProperty("open").GetInt32() == 1,
                "messages" => data.GetProperty("messages").GetArrayLength() > 0,
                _ => data.TryGetProperty("req-head", out _),
            };
            if (isNews)
            {
                seen.Add(name);
            }

            last = id ?? last;
        }

        // A browser that comes back is told what it has not seen.
        await path.Client.GetStringAsync("/hello?again");
        using StreamReader again = await OpenAsync(path, last);
        (string Name, string? Id, JsonElement Data) messages;
        do
        {
            messages = await ReadAsync(again, timeout.Token);
        }
        while (messages.Name != "messages");

        Assert.DoesNotContain("GET /hello HTTP", messages.Data.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("GET /hello?again", messages.Data.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_browser_that_does_not_read_is_dropped()
    {
        var feed = new LiveFeed(Options.Create(new AdminPageOptions()), new MiddleboxState());
        var events = new AdminEvents(feed, TimeSpan.FromMilliseconds(50), CancellationToken.None);
        var context = new DefaultHttpContext();
        var lifetime = new Lifetime();
        context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(new StuckStream()));

        await events.SendAsync(context, 0).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.True(lifetime.IsAborted);
    }

    [Fact]
    public async Task A_browser_that_does_not_read_does_not_hold_messages_back()
    {
        await using AdminPath path = await AdminPath.StartAsync("req-head=r,resp-head=r,req-body=r,resp-body=r");
        using StreamReader unread = await OpenAsync(path, null);

        for (int i = 0; i < 300; i++)
        {
            Assert.Equal("hello", await path.Client.GetStringAsync($"/hello?{new string('x', 4000)}"));
        }

        JsonElement totals = (await path.GetAsync("/api/paths")).GetProperty("totals");
        Assert.Equal(600, totals.GetProperty("messages").GetInt32());
    }

    [Fact]
    public async Task There_are_at_most_16_browsers_and_the_host_stops_with_them()
    {
        await using AdminPath path = await AdminPath.StartAsync("none");
        var open = new List<StreamReader>();
        for (int i = 0; i < AdminEvents.MaxBrowsers; i++)
        {
            open.Add(await OpenAsync(path, null));
        }

        using HttpResponseMessage refused = await path.Page.GetAsync("/api/events");
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        await path.Middlebox.StopAsync().WaitAsync(TimeSpan.FromSeconds(20));
        foreach (StreamReader each in open)
        {
            await each.ReadToEndAsync();        // it ends
            each.Dispose();
        }
    }

    [Theory]
    [InlineData(0, 0, 119)]
    [InlineData(0, 119, 0)]
    [InlineData(0, 120, -1)]
    [InlineData(1000, 1001, 118)]
    [InlineData(1000, 5000, -1)]
    public void Throughput_looks_back_two_minutes(long counted, long now, int expected)
    {
        var meter = new ThroughputMeter();
        meter.Add("req-head", 7, counted);
        meter.Add("req-head", 5, counted);

        Dictionary<string, long[]> read = meter.Read(now);

        Assert.Equal(expected, read.TryGetValue("req-head", out long[]? counts) ? Array.IndexOf(counts, 12) : -1);
        Assert.Equal(expected < 0 ? 0 : 12, counts?.Sum() ?? 0);
    }

    [Fact]
    public void Throughput_counts_no_more_names_than_a_page_can_show()
    {
        var meter = new ThroughputMeter();
        for (int i = 0; i < 1000; i++)
        {
            meter.Add($"context {i}", 1, 0);
        }

        Assert.Equal(64, meter.Read(0).Count);
    }

    private static async Task<StreamReader> OpenAsync(AdminPath path, string? last)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/events");
        if (last is not null)
        {
            request.Headers.Add("Last-Event-ID", last);
        }

        HttpResponseMessage response = await path.Page.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.EnsureSuccessStatusCode().Content.Headers.ContentType?.MediaType);
        return new StreamReader(await response.Content.ReadAsStreamAsync());
    }

    private static async Task<(string Name, string? Id, JsonElement Data)> ReadAsync(
        StreamReader events, CancellationToken cancellationToken)
    {
        var fields = new Dictionary<string, string>();
        while (await events.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0)
            {
                return (fields["event"], fields.GetValueOrDefault("id"), JsonSerializer.Deserialize<JsonElement>(fields["data"]));
            }

            int colon = line.IndexOf(": ", StringComparison.Ordinal);
            fields[line[..colon]] = line[(colon + 2)..];
        }

        throw new EndOfStreamException();
    }

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        public bool IsAborted { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;
    }

    /// <summary>What is written to it is never taken.</summary>
    private sealed class StuckStream : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            await Task.Delay(Timeout.Infinite, cancellationToken);
    }
}
