using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Client.Tests;

/// <summary>Whoever bounds a request finds the bound kept, in the handshake and in the response, and sees whose bound it was.</summary>
public class TimeoutTests
{
    private static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task HandshakeTimeout_ends_a_handshake_that_the_server_does_not_answer()
    {
        using var silent = new SilentListener();
        using var client = new HttpClient(TestServer.Handler(tlmsp => tlmsp.HandshakeTimeout = s_short));

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(Uri(silent)));

        string expected = $"localhost:{silent.Port} took longer than 00:00:00.3000000 (HandshakeTimeout)";
        Assert.Contains(expected, e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectTimeout_of_the_handler_includes_the_handshake()
    {
        using var silent = new SilentListener();
        using var client = new HttpClient(new TlmspHandler(
            tlmsp => tlmsp.HandshakeTimeout = Timeout.InfiniteTimeSpan, handler => handler.ConnectTimeout = s_short));

        TaskCanceledException e = await Assert.ThrowsAsync<TaskCanceledException>(() => client.GetAsync(Uri(silent)));

        Assert.Contains("ConnectTimeout", Assert.IsType<TimeoutException>(e.InnerException).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Timeout_of_the_client_includes_the_handshake()
    {
        using var silent = new SilentListener();
        using var client = new HttpClient(TestServer.Handler(tlmsp => tlmsp.HandshakeTimeout = Timeout.InfiniteTimeSpan));
        client.Timeout = s_short;

        TaskCanceledException e = await Assert.ThrowsAsync<TaskCanceledException>(() => client.GetAsync(Uri(silent)));

        Assert.IsType<TimeoutException>(e.InnerException);
    }

    [Fact]
    public async Task A_request_that_is_cancelled_inside_the_handshake_ends_and_others_of_the_client_work()
    {
        await using TestServer server = await TestServer.StartAsync();
        using var silent = new SilentListener();
        using HttpClient client = server.Client(tlmsp => tlmsp.HandshakeTimeout = Timeout.InfiniteTimeSpan);
        client.Timeout = Timeout.InfiniteTimeSpan;
        using var cancel = new CancellationTokenSource();
        Task request = client.GetAsync(Uri(silent), cancel.Token);
        await silent.SpokenTo;
        Assert.False(request.IsCompleted);

        await cancel.CancelAsync();

        var e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request.WaitAsync(s_patience));
        Assert.Equal(cancel.Token, e.CancellationToken);
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    [Fact]
    public async Task A_response_that_is_given_up_inside_its_content_aborts_the_request_at_the_server()
    {
        var aborted = new TaskCompletionSource();
        await using TestServer server = await StallingServerAsync(aborted);
        using HttpClient client = server.Client();
        using var cancel = new CancellationTokenSource();
        using HttpResponseMessage response = await client.GetAsync("/stall", HttpCompletionOption.ResponseHeadersRead);
        Stream content = await response.Content.ReadAsStreamAsync();
        byte[] buffer = new byte[100];
        Assert.Equal(4, await content.ReadAtLeastAsync(buffer, 4));
        ValueTask<int> reading = content.ReadAsync(buffer, cancel.Token);
        Assert.False(reading.IsCompleted);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.AsTask().WaitAsync(s_patience));
        response.Dispose();
        await aborted.Task.WaitAsync(s_patience);
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    [Fact]
    public async Task Timeout_of_the_client_includes_the_content()
    {
        var aborted = new TaskCompletionSource();
        await using TestServer server = await StallingServerAsync(aborted);
        using HttpClient client = server.Client();
        client.Timeout = TimeSpan.FromSeconds(5);

        TaskCanceledException e = await Assert.ThrowsAsync<TaskCanceledException>(() => client.GetStringAsync("/stall"));

        Assert.IsType<TimeoutException>(e.InnerException);
        await aborted.Task.WaitAsync(s_patience);       // so the request had arrived
    }

    private static Uri Uri(SilentListener silent) => new($"https://localhost:{silent.Port}/");

    /// <summary>Answers /stall with a part of what it announces, and waits for the client to go.</summary>
    private static Task<TestServer> StallingServerAsync(TaskCompletionSource aborted) =>
        TestServer.StartAsync(map: app => app.MapGet("/stall", async (HttpContext context) =>
        {
            context.RequestAborted.Register(() => aborted.TrySetResult());
            context.Response.ContentLength = 1000;
            await context.Response.WriteAsync("part");
            await context.Response.Body.FlushAsync();
            await aborted.Task;
        }));
}
