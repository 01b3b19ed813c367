using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Tlmsp.Middlebox;

/// <summary>Listens as the settings say, on Kestrel's socket transport, and runs each connection.</summary>
internal sealed partial class TlmspMiddleboxService : IHostedService, IAsyncDisposable
{
    private readonly Reloaded<MiddleboxSettings> _settings;
    private readonly IServiceScopeFactory _scopes;
    private readonly ILogger _logger;
    private readonly ILogger _connectionLogger;
    private readonly NextHopDialer _dialer;
    private readonly RelaySweep _sweep;
    private readonly CancellationTokenSource _stopping = new();
    private readonly MiddleboxListeners _listeners;
    private readonly MiddleboxMetrics _metrics;
    private readonly MiddleboxState _state;
    private Task _sweeping = Task.CompletedTask;

    public TlmspMiddleboxService(
        Reloaded<MiddleboxSettings> settings, IMiddleboxTransport transport, IServiceScopeFactory scopes, ILoggerFactory loggers,
        MiddleboxMetrics metrics, MiddleboxState state)
    {
        _settings = settings;
        _scopes = scopes;
        _metrics = metrics;
        _state = state;
        _logger = loggers.CreateLogger<TlmspMiddleboxService>();
        _connectionLogger = loggers.CreateLogger<MiddleboxConnection>();
        _dialer = new NextHopDialer(transport);
        _sweep = new RelaySweep(settings.Current.Options.SweepInterval);
        _listeners = new MiddleboxListeners(transport, RunAsync, _logger, _stopping.Token);
    }

    private TimeSpan DrainTimeout => _settings.Current.Options.DrainTimeout;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _settings.Use(Use);
        _sweeping = _sweep.RunAsync(_stopping.Token);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Stops to accept, lets messages that are under way come to their end within the drain timeout, ends what is left, and waits until
    /// all of it is closed or the token is cancelled.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _listeners.UnbindAsync().ConfigureAwait(false);
        _state.IsDraining = true;
        await _sweep.DrainAsync(DrainTimeout, cancellationToken).ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _sweeping.ConfigureAwait(false);
        await _listeners.EndAsync().WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        // What is still under way after StopAsync was not to be waited for.
        using var limit = new CancellationTokenSource(DrainTimeout);
        await StopAsync(limit.Token).ConfigureAwait(false);
    }

    /// <summary>Uses settings at start-up, and whenever they have changed.</summary>
    /// <exception cref="IOException">A listener cannot be bound; nothing has changed then.</exception>
    private void Use(MiddleboxSettings settings)
    {
        _listeners.Change(settings.Listeners);
        _state.Listeners = _listeners.Current;
        Announce(settings);
    }

    private async Task<Task> RunAsync(ConnectionContext client, ListenerSettings settings)
    {
        AsyncServiceScope scope = _scopes.CreateAsyncScope();
        Task inspecting = Task.CompletedTask;
        try
        {
            settings.Engine.Certificate = settings.Certificate;
            var inspectors = new InspectorSet(
                [.. scope.ServiceProvider.GetServices<ITlmspInspector>()
                    .Select(each => Guarded(each, settings.Options, client.ConnectionId))],
                [.. scope.ServiceProvider.GetServices<IInspectionSink>()],
                [.. scope.ServiceProvider.GetServices<ITlmspByteInspector>()]);
            var connection = new MiddleboxConnection(settings, _dialer, _sweep, client, inspectors, _metrics, _connectionLogger);
            await connection.RunAsync(_stopping.Token).ConfigureAwait(false);
            inspecting = Task.WhenAll(
                [connection.Inspecting, .. inspectors.All.OfType<FailOpenInspector>().Select(inspector => inspector.Returned)]);
        }
        catch (Exception e)
        {
            // Whatever happens to one connection, the others and the listeners go on.
            LogUnexpected(_logger, client.ConnectionId, e);
            await ConnectionEnd.CloseAsync(client, settings.Options.DrainTimeout).ConfigureAwait(false);
        }

        Task disposing = DisposeAsync(scope, inspecting, client.ConnectionId);
        return inspecting.IsCompleted ? disposing : Task.CompletedTask;
    }

    private ITlmspInspector Guarded(ITlmspInspector inspector, TlmspMiddleboxHostOptions options, string connectionId) =>
        options.OnInspectorFailure == InspectorFailureAction.Forward
            ? new FailOpenInspector(inspector, options.InspectorTimeout, connectionId, _connectionLogger)
            : inspector;

    /// <summary>Says what is unusual about settings that come into use.</summary>
    private void Announce(MiddleboxSettings settings)
    {
        TlmspMiddleboxHostOptions options = settings.Options;
        if (options.AllowReferenceMiddleboxes)
        {
            LogReferenceMiddleboxes(_logger, settings.Addresses);
        }

        if (options.KeyLogFile is { } keyLog)
        {
            LogKeyLog(_logger, settings.Addresses, keyLog);
        }

        if (options.OnInspectorFailure == InspectorFailureAction.Forward)
        {
            LogFailsOpen(_logger, settings.Addresses);
        }
    }

    /// <summary>An inspector that was given up still uses what its scope holds until it returns.</summary>
    private async Task DisposeAsync(AsyncServiceScope scope, Task inspecting, string connectionId)
    {
        try
        {
            await inspecting.ConfigureAwait(false);
            await scope.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            LogUnexpected(_logger, connectionId, e);
        }
    }

    [LoggerMessage(21, LogLevel.Warning, "TLMSP middlebox {Address} accepts middleboxes of the ETSI reference stack: "
        + "SHA-1 signatures, and certificates that do not name the middlebox's address.")]
    private static partial void LogReferenceMiddleboxes(ILogger logger, string address);

    [LoggerMessage(28, LogLevel.Warning, "TLMSP middlebox {Address} fails open: where an inspector fails or is slow, its connection goes on "
        + "without it. Set OnInspectorFailure to Close if nothing may pass that was not inspected.")]
    private static partial void LogFailsOpen(ILogger logger, string address);

    [LoggerMessage(25, LogLevel.Warning, "TLMSP middlebox {Address} writes the keys it is given to {KeyLogFile}: "
        + "whoever reads that file can read the connections as far as this middlebox can. Remove KeyLogFile when done.")]
    private static partial void LogKeyLog(ILogger logger, string address, string keyLogFile);

    [LoggerMessage(22, LogLevel.Error, "Connection {ConnectionId} ended with an unexpected error.")]
    private static partial void LogUnexpected(ILogger logger, string connectionId, Exception exception);
}
