using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.AspNetCore;
using Tlmsp.TestSupport;

namespace Tlmsp.Attacks.Tests;

/// <summary>
/// A server on Kestrel whose application keeps the requests that it has read to their end, and a client whose one connection must not
/// notice what others do.
/// </summary>
internal sealed class AttackedServer : IAsyncDisposable
{
    private static readonly string[] s_loud = ["Warning:", "Error:", "Critical:"];
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly Channel<string> _whole = Channel.CreateUnbounded<string>();
    private readonly ConcurrentQueue<string> _all = [];
    private HttpClient _bystander = null!;
    private int _sessions;

    private AttackedServer(TestServer server) => Server = server;

    public TestServer Server { get; }

    public Uri Address => Server.Address;

    /// <summary>Every request that was read to its end, such as <c>POST /upload hello</c>.</summary>
    public string[] Whole => [.. _all];

    public static async Task<AttackedServer> StartAsync(
        Action<TlmspConnectionOptions>? configure = null, Action<WebApplication>? map = null)
    {
        AttackedServer? self = null;
        TestServer server = await TestServer.StartAsync(
            tlmsp =>
            {
                tlmsp.Middleboxes.Policy = _ => null;
                configure?.Invoke(tlmsp);
            },
            app =>
            {
                app.Use(next => context => self!.ReadAsync(context, next));
                map?.Invoke(app);
                Map(app);
            });
        self = new AttackedServer(server);
        self._bystander = server.Client(tlmsp => tlmsp.SessionEstablished = _ => Interlocked.Increment(ref self._sessions));
        Assert.Equal("hello", await self._bystander.GetStringAsync("/hello"));
        return self;
    }

    /// <summary>The next request that is read to its end.</summary>
    public async Task<string> NextWholeAsync()
    {
        using var timeout = new CancellationTokenSource(s_patience);
        return await _whole.Reader.ReadAsync(timeout.Token);
    }

    /// <summary>One connection has ended with a fault: it is in one line, which has a text in it, and nobody else is concerned.</summary>
    public async Task AssertLoggedOnceAsync(string text)
    {
        string line = await Server.Logs.WaitForLineAsync(" ended: ");
        Assert.StartsWith("Debug:", line, StringComparison.Ordinal);
        Assert.Contains(text, line, StringComparison.Ordinal);
        string connection = line.Split(' ')[2];
        await Server.Logs.WaitForLineAsync($"Connection id \"{connection}\" stopped.");
        Assert.Single(Server.Logs.Lines, logged => logged.Contains(" ended: ", StringComparison.Ordinal));
        Assert.DoesNotContain(Server.Logs.Lines, logged => s_loud.Any(level => logged.StartsWith(level, StringComparison.Ordinal)));
    }

    /// <summary>Nothing was logged of any connection's fault.</summary>
    public void AssertNothingLogged() =>
        Assert.DoesNotContain(Server.Logs.Lines, line => line.Contains(" ended: ", StringComparison.Ordinal));

    /// <summary>The connection next to the attacked one is still the same.</summary>
    public async Task AssertBystanderAsync()
    {
        Assert.Equal("hello", await _bystander.GetStringAsync("/hello"));
        Assert.Equal(1, _sessions);
    }

    public async ValueTask DisposeAsync()
    {
        _bystander.Dispose();
        await Server.DisposeAsync();
    }

    private async Task ReadAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Path != "/hello")
        {
            using var reader = new StreamReader(context.Request.Body);
            string body = await reader.ReadToEndAsync();
            string shown = body.Length > 1000 ? $"{body.Length} characters" : body;
            string whole = $"{context.Request.Method} {context.Request.Path} {shown}".TrimEnd();
            _all.Enqueue(whole);
            _whole.Writer.TryWrite(whole);
        }

        await next(context);
    }

    private static void Map(WebApplication app)
    {
        app.MapPost("/upload", () => "stored");
        app.MapGet("/evil", () => "done");
        app.MapMethods("/ten", ["GET", "HEAD"], (HttpContext context) => SendAsync(context, "helloworld"));
        app.MapGet("/large", (HttpContext context) => SendAsync(context, new string('x', Payload.Large)));
        app.MapGet("/chunks", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("hello");
            await context.Response.Body.FlushAsync();
            await context.Response.WriteAsync("world");
        });
    }

    private static async Task SendAsync(HttpContext context, string content)
    {
        context.Response.ContentLength = content.Length;
        await context.Response.WriteAsync(content);
    }
}
