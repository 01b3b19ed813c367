using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Tlmsp.Middlebox;

/// <summary>Accepts connections on Kestrel's socket transport and runs each of them.</summary>
internal sealed partial class TlmspMiddleboxService : IHostedService, IAsyncDisposable
{
    private readonly TlmspMiddleboxHostOptions _options;
    private readonly TlmspMiddleboxOptions _engine;
    private readonly IServiceScopeFactory _scopes;
    private readonly ILogger _logger;
    private readonly ILogger _connectionLogger;
    private readonly NextHopDialer _dialer;
    private readonly SocketTransportFactory _transport;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _slots;
    private readonly ConcurrentDictionary<Task, byte> _running = [];
    private IConnectionListener? _listener;
    private Task _accepting = Task.CompletedTask;

    public TlmspMiddleboxService(IOptions<TlmspMiddleboxHostOptions> options, IServiceScopeFactory scopes, ILoggerFactory loggers)
    {
        _options = options.Value;
        _engine = _options.ToEngineOptions();
        _scopes = scopes;
        _logger = loggers.CreateLogger<TlmspMiddleboxService>();
        _connectionLogger = loggers.CreateLogger<MiddleboxConnection>();
        _dialer = new NextHopDialer(loggers);
        _transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers);
        _slots = new SemaphoreSlim(_options.MaxConnections);
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_options.AllowReferenceMiddleboxes)
        {
            LogReferenceMiddleboxes(_logger, _options.Address!);
        }

        if (_options.KeyLogFile is { } keyLog)
        {
            LogKeyLog(_logger, _options.Address!, keyLog);
        }

        _listener = await _transport.BindAsync(_options.GetListenEndPoint(), cancellationToken).ConfigureAwait(false);
        LogListening(_logger, _options.Address!, _listener.EndPoint.ToString() ?? "");
        _accepting = AcceptAsync(_listener);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_listener is not null)
        {
            await _listener.UnbindAsync(cancellationToken).ConfigureAwait(false);
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        await Task.WhenAll(_running.Keys).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_listener is not null)
        {
            await _listener.DisposeAsync().ConfigureAwait(false);
            _listener = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        _dialer.Dispose();
        _slots.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync(IConnectionListener listener)
    {
        try
        {
            while (true)
            {
                await _slots.WaitAsync(_stopping.Token).ConfigureAwait(false);
                ConnectionContext? connection = await listener.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                if (connection is null)
                {
                    return;
                }

                Task run = Task.Run(() => RunAsync(connection));
                _running[run] = 0;
                _ = run.ContinueWith(done => _running.TryRemove(done, out _), TaskScheduler.Default);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private async Task RunAsync(ConnectionContext connection)
    {
        try
        {
            await using AsyncServiceScope scope = _scopes.CreateAsyncScope();
            ITlmspInspector[] inspectors = [.. scope.ServiceProvider.GetServices<ITlmspInspector>()];
            await new MiddleboxConnection(_options, _engine, _dialer, connection, inspectors, _connectionLogger).RunAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Whatever happens to one connection, the others and the accept loop go on.
            LogUnexpected(_logger, connection.ConnectionId, e);
            connection.Abort();
        }
        finally
        {
            _slots.Release();
        }
    }

    [LoggerMessage(20, LogLevel.Information, "TLMSP middlebox {Address} is listening on {EndPoint}.")]
    private static partial void LogListening(ILogger logger, string address, string endPoint);

    [LoggerMessage(21, LogLevel.Warning, "TLMSP middlebox {Address} accepts middleboxes of the ETSI reference stack: SHA-1 signatures, and certificates that do not name the middlebox's address.")]
    private static partial void LogReferenceMiddleboxes(ILogger logger, string address);

    [LoggerMessage(24, LogLevel.Warning, "TLMSP middlebox {Address} writes the keys it is given to {KeyLogFile}: whoever reads that file can read the connections as far as this middlebox can. Remove KeyLogFile when done.")]
    private static partial void LogKeyLog(ILogger logger, string address, string keyLogFile);

    [LoggerMessage(22, LogLevel.Error, "Connection {ConnectionId} ended with an unexpected error.")]
    private static partial void LogUnexpected(ILogger logger, string connectionId, Exception exception);
}
