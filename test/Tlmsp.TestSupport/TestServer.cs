using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Tlmsp.Client;
using Tlmsp.AspNetCore;

namespace Tlmsp.TestSupport;

/// <summary>A small API on Kestrel with UseTlmsp(), on a port of its own, and clients for it.</summary>
public sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private bool _disposed;

    private TestServer(WebApplication app, CollectingLogger logs)
    {
        _app = app;
        Logs = logs;
    }

    public CollectingLogger Logs { get; }

    public IServiceProvider Services => _app.Services;

    public Uri Address => Urls.First(url => url.Scheme == Uri.UriSchemeHttps);

    /// <summary>Every address that the server announces.</summary>
    public IEnumerable<Uri> Urls => _app.Urls.Select(url => new Uri(url.Replace("127.0.0.1", "localhost")));

    /// <summary>Starts a server.</summary>
    /// <param name="configure">The options of UseTlmsp().</param>
    /// <param name="map">More middleware and endpoints.</param>
    /// <param name="listening">Connection middleware before UseTlmsp().</param>
    /// <param name="building">The host.</param>
    /// <param name="listened">Connection middleware after UseTlmsp().</param>
    /// <param name="level">What is kept of the logs.</param>
    public static async Task<TestServer> StartAsync(
        Action<TlmspConnectionOptions>? configure = null, Action<WebApplication>? map = null, Action<ListenOptions>? listening = null,
        Action<WebApplicationBuilder>? building = null, Action<ListenOptions>? listened = null, LogLevel level = LogLevel.Debug)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        var logs = new CollectingLogger();
        builder.Logging.ClearProviders().AddProvider(logs).SetMinimumLevel(level);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;    // a test may hold content back for as long as it takes
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listening?.Invoke(listen);
                listen.UseTlmsp(TestCertificates.Leaf("localhost"), tlmsp =>
                {
                    tlmsp.Trust.CustomRootTrust.Add(TestCertificates.Root);
                    configure?.Invoke(tlmsp);
                });
                listened?.Invoke(listen);
            });
        });
        building?.Invoke(builder);
        WebApplication app = builder.Build();
        app.MapGet("/hello", () => "hello");
        app.MapGet("/info", (HttpContext context) => $"{context.Request.Scheme} {context.Request.Protocol} {context.Features.Get<ITlmspConnectionFeature>()!.Session.CipherSuite}");
        app.MapPost("/echo", async (HttpContext context) =>
        {
            context.Response.ContentLength = context.Request.ContentLength;
            await context.Request.Body.CopyToAsync(context.Response.Body);
        });
        map?.Invoke(app);
        await app.StartAsync();
        return new TestServer(app, logs);
    }

    public static TlmspHandler Handler(Action<TlmspHttpOptions>? configure = null) => new(tlmsp =>
    {
        tlmsp.Trust.CustomRootTrust.Add(TestCertificates.Root);
        configure?.Invoke(tlmsp);
    });

    public HttpClient Client(Action<TlmspHttpOptions>? configure = null) =>
        new(Handler(configure)) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(20) };

    /// <summary>Stops the server as its process would when it is told to end.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            await _app.StopAsync();
            await _app.DisposeAsync();
        }
    }
}

/// <summary>Keeps log lines and the exceptions that came with them.</summary>
public sealed class CollectingLogger : ILoggerProvider, ILogger
{
    private readonly List<(string Line, Exception? Exception)> _entries = [];
    private TaskCompletionSource _added = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string[] Lines => [.. Entries.Select(entry => entry.Line)];

    public (string Line, Exception? Exception)[] Entries
    {
        get
        {
            lock (_entries)
            {
                return [.. _entries];
            }
        }
    }

    /// <summary>Waits until what was logged meets a condition, or the time is over.</summary>
    public async Task WaitForAsync(Func<(string Line, Exception? Exception)[], bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task added;
            lock (_entries)
            {
                added = _added.Task;
            }

            if (condition(Entries))
            {
                return;
            }

            await added.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Waits for a line: a party's own end of a connection comes in its own time.</summary>
    public async Task<string> WaitForLineAsync(string part)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await WaitForAsync(entries => entries.Any(entry => entry.Line.Contains(part, StringComparison.Ordinal)), timeout.Token);
        return Lines.First(line => line.Contains(part, StringComparison.Ordinal));
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        TaskCompletionSource added;
        lock (_entries)
        {
            _entries.Add(($"{logLevel}: {formatter(state, exception)} {exception?.Message}", exception));
            (added, _added) = (_added, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        added.SetResult();
    }

    public void Dispose()
    {
    }
}
