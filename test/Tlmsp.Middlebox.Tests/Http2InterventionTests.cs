using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>What a middlebox does of its own on an HTTP/2 connection leaves streams, windows and the peers' state as they should be.</summary>
public class Http2InterventionTests
{
    private static readonly byte[] s_long = new byte[200_000];

    [Fact]
    public async Task Answers_of_any_length_keep_to_the_windows_of_a_client_beside_what_the_server_sends()
    {
        await using Path path = await Path.StartAsync(Blocking(30_000));
        await using CountingHttp2Client client = await path.CountAsync();

        for (int round = 0; round < 5; round++)
        {
            int[] streams =
            [
                await client.OpenAsync("GET", "/long"), await client.OpenAsync("GET", "/blocked"), await client.OpenAsync("GET", "/blocked"),
                await client.OpenAsync("GET", "/long"), await client.OpenAsync("GET", "/blocked"), await client.OpenAsync("HEAD", "/blocked"),
            ];
            var answers = new List<(int, int, bool)>();
            foreach (int stream in streams)
            {
                answers.Add(await client.CompleteAsync(stream));
            }

            Assert.Equal(
                [(200, 200_000, false), (403, 30_000, false), (403, 30_000, false), (200, 200_000, false), (403, 30_000, false), (403, 0, false)],
                answers);
        }

        Assert.True(client.LeastWindow < 20_000, "the windows were never put to the test");
        Assert.DoesNotContain("/blocked", path.Reached);
    }

    [Fact]
    public async Task An_upload_that_is_answered_early_stops_and_leaves_the_window_of_the_connection_as_it_was()
    {
        await using Path path = await Path.StartAsync(Blocking(100));
        await using CountingHttp2Client client = await path.CountAsync();

        // Kestrel's window for a connection is 1 MiB: what is not given back is missed soon.
        for (int i = 0; i < 40; i++)
        {
            int stream = await client.OpenAsync("POST", "/blocked", endsStream: false);
            int sent = await client.UploadAsync(stream, 10_000_000);
            Assert.Equal((403, 100, true), await client.CompleteAsync(stream));
            Assert.True(sent < 10_000_000);
        }

        int last = await client.OpenAsync("POST", "/count", endsStream: false);
        Assert.Equal(3_000_000, await client.UploadAsync(last, 3_000_000));
        Assert.Equal((200, 7, false), await client.CompleteAsync(last));
        Assert.Equal(["/count"], path.Reached);
    }

    [Fact]
    public async Task A_response_that_is_replaced_ends_for_the_server_as_well()
    {
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Path path = await Path.StartAsync(
            new DelegateInspector
            {
                Head = message => message.Direction == HttpDirection.Response && message.Request!.Head!.Target.StartsWith("/endless", StringComparison.Ordinal)
                    ? InspectionVerdict.Respond(new InspectionResponse(502) { Content = new byte[40_000] }, "leak")
                    : default,
            },
            app => app.Map("/endless", async context =>
            {
                context.RequestAborted.Register(() => aborted.TrySetResult());
                while (true)
                {
                    await context.Response.Body.WriteAsync(new byte[10_000], context.RequestAborted);
                }
            }));
        await using CountingHttp2Client client = await path.CountAsync();

        int stream = await client.OpenAsync("GET", "/endless");
        Assert.Equal((502, 40_000, false), await client.CompleteAsync(stream));
        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(20));
        int upload = await client.OpenAsync("POST", "/endless", endsStream: false);
        await client.UploadAsync(upload, 10_000_000);
        Assert.Equal((502, 40_000, true), await client.CompleteAsync(upload));

        for (int i = 0; i < 3; i++)
        {
            Assert.Equal((200, 200_000, false), await client.CompleteAsync(await client.OpenAsync("GET", "/long")));
        }
    }

    [Fact]
    public async Task A_message_that_is_dropped_resets_its_stream_and_no_other()
    {
        await using Path path = await Path.StartAsync(new DelegateInspector
        {
            Head = message => message.Head!.Target == "/drop" || message.Request?.Head?.Target == "/drop-answer"
                ? InspectionVerdict.Drop("unwanted")
                : default,
        });
        await using CountingHttp2Client client = await path.CountAsync();

        int download = await client.OpenAsync("GET", "/long");
        int request = await client.OpenAsync("GET", "/drop");
        int response = await client.OpenAsync("GET", "/drop-answer");

        Assert.Equal((0, 0, true), await client.CompleteAsync(request));
        Assert.Equal((0, 0, true), await client.CompleteAsync(response));
        Assert.Equal((200, 200_000, false), await client.CompleteAsync(download));
        Assert.Equal((200, 200_000, false), await client.CompleteAsync(await client.OpenAsync("GET", "/long")));
        Assert.DoesNotContain("/drop", path.Reached);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_that_is_reset_while_it_is_held_goes_nowhere(bool holdsHead)
    {
        await using Path path = await Path.StartAsync(Holding(HttpDirection.Request, holdsHead));
        await using CountingHttp2Client client = await path.CountAsync();

        int held = await client.OpenAsync("POST", "/count", endsStream: false);
        await client.UploadAsync(held, 1000, endsStream: false);
        await client.ResetAsync(held);

        Assert.Equal((200, 200_000, false), await client.CompleteAsync(await client.OpenAsync("GET", "/long")));
        Assert.Equal(holdsHead ? ["/long"] : ["/count", "/long"], path.Reached.Order());
    }

    [Fact]
    public async Task A_response_whose_request_is_reset_while_it_is_held_goes_nowhere()
    {
        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Path path = await Path.StartAsync(
            Holding(HttpDirection.Response, holdsHead: false, () => held.TrySetResult()),
            app => app.MapGet("/half", async context =>
            {
                context.RequestAborted.Register(() => aborted.TrySetResult());
                await context.Response.Body.WriteAsync(new byte[100]);
                await context.Response.Body.FlushAsync();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }));
        await using CountingHttp2Client client = await path.CountAsync();

        int half = await client.OpenAsync("GET", "/half");
        await held.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await client.ResetAsync(half);
        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal((200, 5, false), await client.CompleteAsync(await client.OpenAsync("GET", "/hello")));
        Assert.Equal((200, 5, false), await client.CompleteAsync(await client.OpenAsync("GET", "/hello")));
    }

    [Fact]
    public async Task Who_may_only_read_cannot_take_out_what_it_holds_of_a_reset_stream()
    {
        await using ChangePath path = await ChangePath.StartAsync(
            "two", "2.0", Holding(HttpDirection.Request, holdsHead: true), Grant.Parse("1=r,2=r"));
        using var cancelled = new CancellationTokenSource();
        var content = new PushContent();

        Task<HttpResponseMessage> held = path.Client.PostAsync("/whole", content, cancelled.Token);
        await content.Started;
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => held);

        await path.Middlebox.Logs.WaitForLineAsync("a stream was reset of which an inspector holds something back");
        Assert.Empty(path.Reached);
    }

    [Fact]
    public async Task Messages_are_held_on_a_busy_connection_as_long_as_the_windows_last()
    {
        await using ChangePath path = await ChangePath.StartAsync("two", "2.0", new Whole());

        Task<string>[] small = [.. Enumerable.Range(0, 60).Select(async i =>
        {
            using HttpResponseMessage response = await path.Client.PostAsync("/whole", new StringContent(new string((char)('a' + (i % 26)), 500 + i)));
            return await response.Content.ReadAsStringAsync();
        })];
        Task<HttpResponseMessage>[] large = [.. Enumerable.Range(0, 4).Select(_ => path.Client.PostAsync("/large", new ByteArrayContent(new byte[40_000])))];

        string[] answers = await Task.WhenAll(small);
        Assert.All(await Task.WhenAll(large), response => Assert.Equal(HttpStatusCode.NotFound, response.StatusCode));
        Assert.Equal(Enumerable.Range(0, 60).Select(i => new string((char)('a' + (i % 26)), 500 + i)), answers);
        Assert.Equal(1, path.Sessions);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public async Task What_is_held_until_no_more_can_come_ends_the_connection(int streams)
    {
        await using Path path = await Path.StartAsync(
            Holding(HttpDirection.Response, holdsHead: true), configure: options => options.InspectorTimeout = TimeSpan.FromSeconds(1));
        await using CountingHttp2Client client = await path.CountAsync();

        int stream = 0;
        for (int i = 0; i < streams; i++)
        {
            stream = await client.OpenAsync("GET", "/long");
        }

        TlmspException end = await Assert.ThrowsAsync<TlmspException>(() => client.CompleteAsync(stream));

        Assert.Equal((true, TlmspAlert.InternalError), (end.FromPeer, end.Alert));
        await path.Box.Logs.WaitForLineAsync("what inspectors hold back uses up the window of HTTP/2");
    }

    [Theory]
    [InlineData(200_000)]
    [InlineData(10)]
    [InlineData(0)]
    public async Task Responses_that_change_their_length_keep_to_the_windows_of_a_client(int length)
    {
        await using Path path = await Path.StartAsync(
            Resizing(HttpDirection.Response, length), app => app.MapGet("/change", context => context.Response.Body.WriteAsync(new byte[15_000]).AsTask()));
        await using CountingHttp2Client client = await path.CountAsync();

        for (int round = 0; round < 8; round++)
        {
            // What is held while others send would use up a window as small as this client's.
            int changed = await client.OpenAsync("GET", "/change");
            await client.BeginAsync(changed);
            int beside = await client.OpenAsync("GET", "/long");
            Assert.Equal((200, length, false), await client.CompleteAsync(changed));
            Assert.Equal((200, 200_000, false), await client.CompleteAsync(beside));
        }
    }

    [Theory]
    [InlineData(250_000)]
    [InlineData(10)]
    [InlineData(0)]
    public async Task Requests_that_change_their_length_leave_the_windows_of_the_server_as_they_were(int length)
    {
        await using Path path = await Path.StartAsync(Resizing(HttpDirection.Request, length));
        await using CountingHttp2Client client = await path.CountAsync();

        // Kestrel's window for a connection is 1 MiB.
        for (int round = 0; round < 25; round++)
        {
            int changed = await client.OpenAsync("POST", "/count?change", endsStream: false);
            await client.UploadAsync(changed, 60_000);
            Assert.Equal((200, $"{length}".Length, false), await client.CompleteAsync(changed));
        }

        int last = await client.OpenAsync("POST", "/count", endsStream: false);
        Assert.Equal(3_000_000, await client.UploadAsync(last, 3_000_000));
        Assert.Equal((200, 7, false), await client.CompleteAsync(last));
    }

    [Fact]
    public async Task Trailers_stay_behind_content_that_changes_its_length()
    {
        await using ChangePath path = await ChangePath.StartAsync("four", "2.0", new DelegateInspector
        {
            Needs = [DelegateInspector.Writes(HttpDirection.Response, HttpRole.Content)],
            Content = (message, _) => message.Direction == HttpDirection.Response ? InspectionVerdict.Hold : default,
            End = (message, held) =>
            {
                if (message.Direction == HttpDirection.Response)
                {
                    held.Replace("changed, and longer"u8.ToArray());
                }

                return default;
            },
        });

        for (int i = 0; i < 3; i++)
        {
            using HttpResponseMessage response = await path.Client.GetAsync("/trailers");
            Assert.Equal("changed, and longer", await response.Content.ReadAsStringAsync());
            Assert.Equal("last", response.TrailingHeaders.GetValues("x-trailer").Single());
        }
    }

    [Fact]
    public async Task Content_of_which_a_part_has_gone_on_changes_what_is_left()
    {
        int calls = 0;
        await using Path path = await Path.StartAsync(
            new DelegateInspector
            {
                Needs = [DelegateInspector.Writes(HttpDirection.Response, HttpRole.Content)],
                Content = (message, _) => message.Direction == HttpDirection.Response && Interlocked.Increment(ref calls) > 1
                    ? InspectionVerdict.Hold
                    : default,
                End = (message, held) =>
                {
                    if (message.Direction == HttpDirection.Response)
                    {
                        held.Replace(new byte[100_000]);
                    }

                    return default;
                },
            },
            app => app.MapGet("/parts", async (HttpContext context) =>
            {
                await context.Response.Body.WriteAsync(new byte[1000]);
                await context.Response.Body.FlushAsync();
                while (Volatile.Read(ref calls) == 0)
                {
                    await Task.Delay(10);
                }

                await context.Response.Body.WriteAsync(new byte[1000]);
            }));
        await using CountingHttp2Client client = await path.CountAsync();

        Assert.Equal((200, 101_000, false), await client.CompleteAsync(await client.OpenAsync("GET", "/parts")));
    }

    private static DelegateInspector Resizing(HttpDirection direction, int length) => new()
    {
        Needs = [DelegateInspector.Writes(direction, HttpRole.Content)],
        Content = (message, _) => Changes(message) ? InspectionVerdict.Hold : default,
        End = (message, held) =>
        {
            if (Changes(message) && message.Direction == direction)
            {
                held.Replace(new byte[length]);
            }

            return default;
        },
    };

    private static bool Changes(InspectedMessage message) =>
        (message.Request ?? message).Head!.Target.EndsWith("change", StringComparison.Ordinal) && message.ContentPart.Bytes > 1000;

    private static DelegateInspector Blocking(int length) => new()
    {
        Head = message => message.Head!.Target == "/blocked"
            ? InspectionVerdict.Respond(new InspectionResponse(403) { Content = new byte[length] }, "rule 7")
            : default,
    };

    private static DelegateInspector Holding(HttpDirection direction, bool holdsHead, Action? onHold = null) => new()
    {
        Head = message => holdsHead && message.Direction == direction && message.Head!.Method == "POST" ? InspectionVerdict.Hold : default,
        Content = (message, _) =>
        {
            if (message.Direction != direction)
            {
                return default;
            }

            onHold?.Invoke();
            return InspectionVerdict.Hold;
        },
    };

    /// <summary>Holds every message to its end, but for large ones.</summary>
    private sealed class Whole : BufferedInspector
    {
        protected override bool Wants(InspectedMessage message) => (message.Request ?? message).Head!.Target != "/large";

        protected override ValueTask<InspectionVerdict> OnMessageAsync(WholeMessage message, CancellationToken cancellationToken) => default;
    }

    /// <summary>Content that begins and does not end.</summary>
    private sealed class PushContent : HttpContent
    {
        private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Started => _started.Task;

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(new byte[100], cancellationToken);
            await stream.FlushAsync(cancellationToken);
            _started.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    /// <summary>A middlebox that may write everything, before Kestrel.</summary>
    private sealed class Path(TestServer server, TestMiddlebox box, System.Collections.Concurrent.ConcurrentQueue<string> reached) : IAsyncDisposable
    {
        public string[] Reached => [.. reached];

        public TestMiddlebox Box => box;

        public static async Task<Path> StartAsync(
            ITlmspInspector inspector, Action<WebApplication>? map = null, Action<TlmspMiddleboxHostOptions>? configure = null)
        {
            var reached = new System.Collections.Concurrent.ConcurrentQueue<string>();
            TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null, app =>
            {
                app.Use((context, next) =>
                {
                    reached.Enqueue(context.Request.Path);
                    return next(context);
                });
                app.MapGet("/long", context => context.Response.Body.WriteAsync(s_long).AsTask());
                app.MapPost("/count", async (HttpContext context) =>
                {
                    long count = 0;
                    byte[] buffer = new byte[32_768];
                    for (int read; (read = await context.Request.Body.ReadAsync(buffer)) > 0;)
                    {
                        count += read;
                    }

                    return $"{count}";
                });
                map?.Invoke(app);
            });
            return new Path(server, await TestMiddlebox.StartAsync(server.Address, configure, inspector: inspector), reached);
        }

        public Task<CountingHttp2Client> CountAsync() => CountingHttp2Client.ConnectAsync(server.Address, box);

        public async ValueTask DisposeAsync()
        {
            await box.DisposeAsync();
            await server.DisposeAsync();
        }
    }
}
