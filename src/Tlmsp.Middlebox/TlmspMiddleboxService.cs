using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Tlmsp.Middlebox;

/// <summary>Accepts connections on Kestrel's socket transport and runs each of them.</summary>
internal sealed partial class TlmspMiddleboxService : IHostedService, IAsyncDisposable
{
    private readonly TlmspMiddleboxHostOptions _options;        // at start-up
    private readonly Reloaded<MiddleboxSettings> _settings;
    private readonly IServiceScopeFactory _scopes;
    private readonly IMiddleboxTransport _transport;
    private readonly ILogger _logger;
    private readonly ILogger _connectionLogger;
    private readonly NextHopDialer _dialer;
    private readonly RelaySweep _sweep;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _slots;
    private readonly MiddleboxMetrics _metrics;
    private readonly MiddleboxState _state;
    private readonly ConcurrentDictionary<Task, byte> _running = [];
    private IConnectionListener? _listener;
    private Task _accepting = Task.CompletedTask;
    private Task _sweeping = Task.CompletedTask;

    public TlmspMiddleboxService(
        Reloaded<MiddleboxSettings> settings, IMiddleboxTransport transport, IServiceScopeFactory scopes, ILoggerFactory loggers,
        MiddleboxMetrics metrics, MiddleboxState state)
    {
        _settings = settings;
        _options = settings.Current.Options;
        _scopes = scopes;
        _metrics = metrics;
        _state = state;
        _state.Certificate = settings.Current.Engine.Certificate;
        _transport = transport;
        _logger = loggers.CreateLogger<TlmspMiddleboxService>();
        _connectionLogger = loggers.CreateLogger<MiddleboxConnection>();
        _dialer = new NextHopDialer(transport);
        _sweep = new RelaySweep(_options.SweepInterval);
        _slots = new SemaphoreSlim(_options.MaxConnections);
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Announce(_settings.Current);
        _settings.Changed = OnSettingsChanged;
        _listener = await BindAsync(cancellationToken).ConfigureAwait(false);
        LogListening(_logger, _options.Address!, _listener.EndPoint.ToString() ?? "");
        _sweeping = _sweep.RunAsync(_stopping.Token);
        _accepting = AcceptAsync(_listener);
        _state.IsListening = _state.IsAccepting = true;
    }

    /// <summary>
    /// Stops to accept, lets messages that are under way come to their end within the drain timeout, ends what is left, and waits until
    /// all of it is closed or the token is cancelled.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_listener is not null)
        {
            await _listener.UnbindAsync(cancellationToken).ConfigureAwait(false);
        }

        _state.IsDraining = true;
        await _sweep.DrainAsync(_options.DrainTimeout, cancellationToken).ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        await _sweeping.ConfigureAwait(false);
        await Task.WhenAll(_running.Keys).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_listener is not null)
        {
            await _listener.DisposeAsync().ConfigureAwait(false);
            _listener = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // What is still under way after StopAsync was not to be waited for.
        using var limit = new CancellationTokenSource(_options.DrainTimeout);
        await StopAsync(limit.Token).ConfigureAwait(false);
    }

    private async ValueTask<IConnectionListener> BindAsync(CancellationToken cancellationToken)
    {
        int port = _options.GetEndPoint().Port;
        IPEndPoint endPoint = _options.ListenEndPoint ?? new IPEndPoint(IPAddress.IPv6Any, port);
        try
        {
            return await _transport.BindAsync(endPoint, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException) when (_options.ListenEndPoint is null)
        {
            // As Kestrel's ListenAnyIP does on machines without IPv6.
            return await _transport.BindAsync(new IPEndPoint(IPAddress.Any, port), cancellationToken).ConfigureAwait(false);
        }
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

                Task run = Task.Run(() => RunAsync(connection), CancellationToken.None);
                _running[run] = 0;
                _ = run.ContinueWith(done => _running.TryRemove(done, out _), TaskScheduler.Default);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
        catch (Exception e)
        {
            _state.IsAccepting = false;
            LogAcceptFailed(_logger, _options.Address!, e);
        }
    }

    private async Task RunAsync(ConnectionContext client)
    {
        AsyncServiceScope scope = _scopes.CreateAsyncScope();
        Task inspecting = Task.CompletedTask;
        try
        {
            (TlmspMiddleboxHostOptions options, TlmspMiddleboxOptions engine) = _settings.Current;
            if (options.CertificateFile is { } file)
            {
                engine.Certificate = file.Current;
            }

            var inspectors = new InspectorSet(
                [.. scope.ServiceProvider.GetServices<ITlmspInspector>().Select(each => Guarded(each, options, client.ConnectionId))],
                [.. scope.ServiceProvider.GetServices<IInspectionSink>()],
                [.. scope.ServiceProvider.GetServices<ITlmspByteInspector>()]);
            var connection = new MiddleboxConnection(options, engine, _dialer, _sweep, client, inspectors, _metrics, _connectionLogger);
            await connection.RunAsync(_stopping.Token).ConfigureAwait(false);
            inspecting = Task.WhenAll(
                [connection.Inspecting, .. inspectors.All.OfType<FailOpenInspector>().Select(inspector => inspector.Returned)]);
        }
        catch (Exception e)
        {
            // Whatever happens to one connection, the others and the accept loop go on.
            LogUnexpected(_logger, client.ConnectionId, e);
            await ConnectionEnd.CloseAsync(client, _options.DrainTimeout).ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }

        Task disposing = DisposeAsync(scope, inspecting, client.ConnectionId);
        if (inspecting.IsCompleted)
        {
            await disposing.ConfigureAwait(false);
        }
    }

    private ITlmspInspector Guarded(ITlmspInspector inspector, TlmspMiddleboxHostOptions options, string connectionId) =>
        options.OnInspectorFailure == InspectorFailureAction.Forward
            ? new FailOpenInspector(inspector, options.InspectorTimeout, connectionId, _connectionLogger)
            : inspector;

    /// <summary>Says what is unusual about settings that come into use, and listens to their certificate.</summary>
    private void Announce(MiddleboxSettings settings)
    {
        (TlmspMiddleboxHostOptions options, TlmspMiddleboxOptions engine) = settings;
        if (options.AllowReferenceMiddleboxes)
        {
            LogReferenceMiddleboxes(_logger, options.Address!);
        }

        if (options.KeyLogFile is { } keyLog)
        {
            LogKeyLog(_logger, options.Address!, keyLog);
        }

        if (options.OnInspectorFailure == InspectorFailureAction.Forward)
        {
            LogFailsOpen(_logger, options.Address!);
        }

        CheckCertificateName(engine.Certificate!);
        if (options.CertificateFile is { } file)
        {
            file.Changed += OnCertificateChanged;
        }
    }

    private void OnSettingsChanged(MiddleboxSettings before, MiddleboxSettings now)
    {
        Announce(now);
        _state.Certificate = now.Engine.Certificate;
        int more = now.Options.MaxConnections - before.Options.MaxConnections;
        if (more > 0)
        {
            _slots.Release(more);
        }

        for (int i = more; i < 0; i++)
        {
            // Taken as connections end.
            _ = _slots.WaitAsync(_stopping.Token);
        }
    }

    private void OnCertificateChanged(TlmspCertificateFile file, Exception? problem)
    {
        if (problem is not null)
        {
            LogCertificateKept(_logger, _options.Address!, file.CertificatePath, problem.Message);
            return;
        }

        _state.Certificate = file.Current;
        LogCertificateReplaced(_logger, _options.Address!, file.CertificatePath, file.Current.Leaf.NotAfter);
        CheckCertificateName(file.Current);
    }

    private void CheckCertificateName(TlmspCertificate certificate)
    {
        string host = _options.GetEndPoint().Host;
        if (!certificate.IsFor(host))
        {
            LogCertificateName(_logger, _options.Address!, host);
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

    [LoggerMessage(20, LogLevel.Information, "TLMSP middlebox {Address} is listening on {EndPoint}.")]
    private static partial void LogListening(ILogger logger, string address, string endPoint);

    [LoggerMessage(21, LogLevel.Warning, "TLMSP middlebox {Address} accepts middleboxes of the ETSI reference stack: "
        + "SHA-1 signatures, and certificates that do not name the middlebox's address.")]
    private static partial void LogReferenceMiddleboxes(ILogger logger, string address);

    [LoggerMessage(24, LogLevel.Warning, "The certificate of TLMSP middlebox {Address} does not name {Host}: "
        + "clients and servers refuse it with alert 42. Use one that does.")]
    private static partial void LogCertificateName(ILogger logger, string address, string host);

    [LoggerMessage(26, LogLevel.Information, "TLMSP middlebox {Address} uses the new certificate in {CertificatePath}, valid until {NotAfter}.")]
    private static partial void LogCertificateReplaced(ILogger logger, string address, string certificatePath, DateTime notAfter);

    [LoggerMessage(27, LogLevel.Warning, "TLMSP middlebox {Address} keeps its certificate: what is in {CertificatePath} now cannot be used. {Reason}")]
    private static partial void LogCertificateKept(ILogger logger, string address, string certificatePath, string reason);

    [LoggerMessage(28, LogLevel.Warning, "TLMSP middlebox {Address} fails open: where an inspector fails or is slow, its connection goes on "
        + "without it. Set OnInspectorFailure to Close if nothing may pass that was not inspected.")]
    private static partial void LogFailsOpen(ILogger logger, string address);

    [LoggerMessage(25, LogLevel.Warning, "TLMSP middlebox {Address} writes the keys it is given to {KeyLogFile}: "
        + "whoever reads that file can read the connections as far as this middlebox can. Remove KeyLogFile when done.")]
    private static partial void LogKeyLog(ILogger logger, string address, string keyLogFile);

    [LoggerMessage(22, LogLevel.Error, "Connection {ConnectionId} ended with an unexpected error.")]
    private static partial void LogUnexpected(ILogger logger, string connectionId, Exception exception);

    [LoggerMessage(23, LogLevel.Critical, "TLMSP middlebox {Address} accepts no connections any more.")]
    private static partial void LogAcceptFailed(ILogger logger, string address, Exception exception);
}
