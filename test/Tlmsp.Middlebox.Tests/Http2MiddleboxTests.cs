using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>Middleboxes on paths that carry HTTP/2: the same inspectors, message by message although streams take turns.</summary>
public class Http2MiddleboxTests
{
    [Theory]
    [InlineData("two", "1=r", "2=r")]
    [InlineData("four", "3=r,5=r", "4=r,6=r")]
    [InlineData("five", "3=r,5=r,7=r", "4=r,6=r")]
    public async Task A_box_for_heads_and_one_for_content_see_just_their_part_of_every_stream(string profile, string heads, string content)
    {
        var head = new StreamInspector();
        var body = new StreamInspector();
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox bodyBox = await TestMiddlebox.StartAsync(server.Address, inspector: body);
        await using TestMiddlebox headBox = await TestMiddlebox.StartAsync(new Uri(bodyBox.Address), inspector: head);
        using HttpClient client = Client(server, tlmsp =>
        {
            tlmsp.Profile = Profile(profile);
            tlmsp.Middleboxes.Add(headBox.Address, Grant.Parse(heads)).Add(bodyBox.Address, Grant.Parse(content));
        });
        byte[][] sent = [.. Enumerable.Range(0, 20).Select(i => RandomNumberGenerator.GetBytes(40_000 + i))];

        byte[][] received = await Task.WhenAll(sent.Select(async (bytes, i) =>
        {
            using HttpResponseMessage response = await client.PostAsync($"/echo?{i}", new ByteArrayContent(bytes));
            return await response.Content.ReadAsByteArrayAsync();
        }));

        Assert.Equal(sent, received);
        Assert.Equal(
            Enumerable.Range(0, 20).Select(i => $"POST /echo?{i} HTTP/2").Order(),
            head.Heads.Where(each => each.Direction == HttpDirection.Request).Select(each => each.StartLine).Order());
        Assert.All(head.Heads.Where(each => each.Direction == HttpDirection.Response), each => Assert.Equal(200, each.StatusCode));
        Assert.Empty(head.Contents);
        Assert.Empty(body.Heads);
        Assert.Equal(Hashes([.. sent, .. sent]), Hashes([.. body.Contents.Values.Select(each => each.ToArray())]));
        Assert.Equal(40, body.Ended.Count);
    }

    [Fact]
    public async Task Heads_that_refer_to_earlier_ones_are_read_right()
    {
        var inspector = new StreamInspector();
        await using TestServer server = await TestServer.StartAsync(
            tlmsp => tlmsp.Middleboxes.Policy = _ => null,
            app => app.MapGet("/fields", (HttpContext context, int i) =>
            {
                context.Response.Headers["x-always"] = "the same";
                context.Response.Headers["x-some"] = $"value {i % 3}";
                context.Response.Headers["x-each"] = new string('x', 300 + i);
            }));
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, inspector: inspector);
        using HttpClient client = Client(server, tlmsp => tlmsp.Middleboxes.Add(middlebox.Address, Grant.Read(HttpContexts.Headers)));

        for (int i = 0; i < 40; i++)
        {
            using HttpResponseMessage response = await client.GetAsync($"/fields?i={i}");
            HttpHead seen = inspector.Heads.Last(head => head.Direction == HttpDirection.Response);
            Assert.Equal(
                (response.Headers.GetValues("x-always").Single(), response.Headers.GetValues("x-some").Single(), response.Headers.GetValues("x-each").Single()),
                (seen["x-always"], seen["x-some"], seen["x-each"]));
            Assert.Equal(server.Address.Authority, inspector.Heads.Last(head => head.Direction == HttpDirection.Request)["host"]);
        }
    }

    [Fact]
    public async Task A_reset_is_seen_and_other_streams_go_on()
    {
        var inspector = new StreamInspector();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = await TestServer.StartAsync(
            tlmsp => tlmsp.Middleboxes.Policy = _ => null,
            app => app.MapGet("/wait", (HttpContext context) =>
            {
                reached.SetResult();
                return Task.Delay(Timeout.Infinite, context.RequestAborted);
            }));
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, inspector: inspector);
        int sessions = 0;
        using HttpClient client = Client(server, tlmsp =>
        {
            tlmsp.Middleboxes.Add(middlebox.Address, Grant.Parse("1=r,2=r"));
            tlmsp.SessionEstablished = _ => Interlocked.Increment(ref sessions);
        });
        using var cancelled = new CancellationTokenSource();
        Task<HttpResponseMessage> waiting = client.GetAsync("/wait", cancelled.Token);
        await reached.Task;
        Assert.Equal("hello", await client.GetStringAsync("/hello"));

        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal("hello", await client.GetStringAsync("/hello"));

        int reset = inspector.Heads.First(head => head.Target == "/wait").StreamId;
        Assert.Equal(reset, await inspector.Aborted.Task.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(1, sessions);
    }

    [Fact]
    public async Task An_inspector_that_objects_ends_the_connection_and_nothing_of_the_message_arrives()
    {
        bool reached = false;
        await using TestServer server = await TestServer.StartAsync(
            tlmsp => tlmsp.Middleboxes.Policy = _ => null, app => app.MapPost("/never", () => reached = true));
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, inspector: new Objecting());
        using HttpClient client = Client(server, tlmsp => tlmsp.Middleboxes.Add(middlebox.Address, Grant.Read(HttpContexts.Headers)));

        await Assert.ThrowsAsync<HttpRequestException>(() => client.PostAsync("/never", new StringContent("x")));

        Assert.False(reached);
        await middlebox.Logs.WaitForLineAsync("Objecting failed with InvalidOperationException");
    }

    private static HttpClient Client(TestServer server, Action<Client.TlmspHttpOptions> configure)
    {
        HttpClient client = server.Client(configure);
        client.DefaultRequestVersion = HttpVersion.Version20;
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return client;
    }

    private static HttpProfile Profile(string name) => name switch { "two" => HttpProfile.Two, "four" => HttpProfile.Four, _ => HttpProfile.Five };

    private static string[] Hashes(byte[][] contents) => [.. contents.Select(content => Convert.ToHexString(SHA256.HashData(content))).Order()];

    /// <summary>Keeps what it is shown of each stream apart.</summary>
    private sealed class StreamInspector : ITlmspInspector
    {
        public ConcurrentQueue<HttpHead> Heads { get; } = [];

        public ConcurrentDictionary<(HttpDirection, int), MemoryStream> Contents { get; } = [];

        public ConcurrentQueue<(HttpDirection, int)> Ended { get; } = [];

        public TaskCompletionSource<int> Aborted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken)
        {
            Heads.Enqueue(message.Head!);
            return default;
        }

        public ValueTask<InspectionVerdict> OnContentAsync(
            InspectedMessage message, InspectedContent content, CancellationToken cancellationToken)
        {
            Contents.GetOrAdd((message.Direction, message.StreamId), _ => new MemoryStream()).Write(content.Memory.Span);
            return default;
        }

        public ValueTask<InspectionVerdict> OnMessageEndAsync(
            InspectedMessage message, InspectedContent held, CancellationToken cancellationToken)
        {
            Ended.Enqueue((message.Direction, message.StreamId));
            return default;
        }

        public ValueTask OnMessageAbortedAsync(InspectedMessage message, CancellationToken cancellationToken)
        {
            Aborted.TrySetResult(message.StreamId);
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Objecting : ITlmspInspector
    {
        public ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("no");
    }
}
