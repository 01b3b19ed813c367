using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests.Http2;

/// <summary>gRPC over TLMSP, directly and through a middlebox that reads everything.</summary>
public class GrpcTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_unary_call(bool inspected)
    {
        await using Path path = await Path.StartAsync(inspected, Grpc.Method(Upper));

        Assert.Equal(["HELLO", "status 0"], await Grpc.EndAsync(await Grpc.CallAsync(path.Client, "/test.Service/Method", "hello")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_status_other_than_OK_is_a_trailer(bool inspected)
    {
        await using Path path = await Path.StartAsync(inspected, Grpc.Method(Fail));

        Assert.Equal(
            ["first", "status 9 not today"], await Grpc.EndAsync(await Grpc.CallAsync(path.Client, "/test.Service/Method", "hello")));

        static async IAsyncEnumerable<string> Fail(IAsyncEnumerable<string> requests)
        {
            yield return "first";
            await Task.Yield();
            throw new InvalidOperationException("not today");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Server_streaming(bool inspected)
    {
        await using Path path = await Path.StartAsync(inspected, Grpc.Method(Count));

        string[] answers = await Grpc.EndAsync(await Grpc.CallAsync(path.Client, "/test.Service/Method", "500"));

        Assert.Equal([.. Enumerable.Range(0, 500).Select(i => $"{i}"), "status 0"], answers);

        static async IAsyncEnumerable<string> Count(IAsyncEnumerable<string> requests)
        {
            await foreach (string request in requests)
            {
                for (int i = 0; i < int.Parse(request, System.Globalization.CultureInfo.InvariantCulture); i++)
                {
                    yield return $"{i}";
                }
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Client_streaming(bool inspected)
    {
        await using Path path = await Path.StartAsync(inspected, Grpc.Method(Length));

        string[] messages = [.. Enumerable.Range(0, 500).Select(i => new string('x', i))];
        Assert.Equal(
            [$"{500 * 499 / 2}", "status 0"], await Grpc.EndAsync(await Grpc.CallAsync(path.Client, "/test.Service/Method", messages)));

        static async IAsyncEnumerable<string> Length(IAsyncEnumerable<string> requests)
        {
            int length = 0;
            await foreach (string request in requests)
            {
                length += request.Length;
            }

            yield return $"{length}";
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bidirectional_streaming_answers_each_message_before_the_next_is_sent(bool inspected)
    {
        await using Path path = await Path.StartAsync(inspected, Grpc.Method(Upper));
        var toSend = Channel.CreateUnbounded<string>();
        using HttpResponseMessage response = await Grpc.CallAsync(path.Client, "/test.Service/Method", async stream =>
        {
            await foreach (string message in toSend.Reader.ReadAllAsync())
            {
                await stream.WriteAsync(Grpc.Frame(message));
                await stream.FlushAsync();
            }
        });

        await using (IAsyncEnumerator<string> answers = Grpc.ReadAsync(await response.Content.ReadAsStreamAsync()).GetAsyncEnumerator())
        {
            for (int i = 0; i < 50; i++)
            {
                await toSend.Writer.WriteAsync($"message {i}");
                Assert.True(await answers.MoveNextAsync());
                Assert.Equal($"MESSAGE {i}", answers.Current);
            }

            toSend.Writer.Complete();
            Assert.False(await answers.MoveNextAsync());
        }

        Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
    }

    [Fact]
    public async Task Many_calls_at_once_share_one_connection()
    {
        await using Path path = await Path.StartAsync(inspected: true, Grpc.Method(Upper));

        string[][] answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
            await Grpc.EndAsync(await Grpc.CallAsync(path.Client, "/test.Service/Method", $"a{i}", $"b{i}"))));

        Assert.All(answers.Index(), each => Assert.Equal([$"A{each.Index}", $"B{each.Index}", "status 0"], each.Item));
        Assert.Equal(1, path.Sessions);
    }

    [Fact]
    public async Task A_call_that_is_abandoned_ends_at_the_server_too_and_others_go_on()
    {
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Path path = await Path.StartAsync(inspected: true, async context =>
        {
            context.RequestAborted.Register(aborted.SetResult);
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        HttpResponseMessage response = await Grpc.CallAsync(path.Client, "/test.Service/Method", "hello");
        Assert.Equal("hello", await path.Client.GetStringAsync("/hello"));

        response.Dispose();

        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("hello", await path.Client.GetStringAsync("/hello"));
        Assert.Equal(1, path.Sessions);
    }

    private static async IAsyncEnumerable<string> Upper(IAsyncEnumerable<string> requests)
    {
        await foreach (string request in requests)
        {
            yield return request.ToUpperInvariant();
        }
    }

    private sealed class Path(TestServer server, TestMiddlebox? middlebox) : IAsyncDisposable
    {
        private int _sessions;

        public HttpClient Client { get; private set; } = null!;

        public int Sessions => Volatile.Read(ref _sessions);

        public static async Task<Path> StartAsync(bool inspected, RequestDelegate method)
        {
            TestServer server = await TestServer.StartAsync(
                tlmsp => tlmsp.Middleboxes.Policy = _ => null, app => app.MapPost("/test.Service/Method", method));
            var path = new Path(server, inspected ? await TestMiddlebox.StartAsync(server.Address) : null);
            path.Client = server.Client(tlmsp =>
            {
                tlmsp.SessionEstablished = _ => Interlocked.Increment(ref path._sessions);
                if (path.Middlebox is { } middlebox)
                {
                    tlmsp.Middleboxes.Add(middlebox.Address, Grant.Read(HttpContexts.Headers, HttpContexts.Body));
                }
            });
            path.Client.DefaultRequestVersion = System.Net.HttpVersion.Version20;
            path.Client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
            return path;
        }

        private TestMiddlebox? Middlebox => middlebox;

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await (middlebox?.DisposeAsync() ?? ValueTask.CompletedTask);
            await server.DisposeAsync();
        }
    }
}
