using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Tlmsp.Middlebox;

/// <summary>Runs a connection.</summary>
/// <param name="client">The connection.</param>
/// <param name="settings">Those of the listener when it was accepted.</param>
/// <returns>Completes when it is closed, with what is still to be waited for before the host has stopped. Does not throw.</returns>
internal delegate Task<Task> ConnectionRunner(ConnectionContext client, ListenerSettings settings);

/// <summary>An end point that is bound: accepts connections, and has each of them run.</summary>
internal sealed partial class MiddleboxListener : IAsyncDisposable
{
    private readonly IConnectionListener _listener;
    private readonly ConnectionRunner _run;
    private readonly ILogger _logger;
    private readonly CancellationToken _stopping;
    private readonly SemaphoreSlim _slots;
    private readonly ConcurrentDictionary<Task, byte> _running = [];
    private ListenerSettings _settings;
    private Task _accepting = Task.CompletedTask;
    private volatile bool _hasFailed;
    private bool _isUnbound;

    private MiddleboxListener(
        IConnectionListener listener, ListenerSettings settings, ConnectionRunner run, ILogger logger, CancellationToken stopping)
    {
        _listener = listener;
        _settings = settings;
        _run = run;
        _logger = logger;
        _stopping = stopping;
        _slots = new SemaphoreSlim(settings.MaxConnections);
    }

    /// <summary>For a connection that begins now.</summary>
    public ListenerSettings Settings => Volatile.Read(ref _settings);

    /// <summary>Whether it accepts connections, or at least means to.</summary>
    public bool IsAccepting => !_hasFailed;

    /// <summary>Binds an end point; connections wait until <see cref="Start"/>.</summary>
    /// <exception cref="IOException">It cannot be bound; the message names the listener.</exception>
    public static MiddleboxListener Bind(
        ListenerSettings settings, IMiddleboxTransport transport, ConnectionRunner run, ILogger logger, CancellationToken stopping)
    {
        try
        {
            // At start-up, or on the thread that tells of a change of the configuration: nobody else waits.
            IConnectionListener listener = BindAsync(settings, transport).GetAwaiter().GetResult();
            return new MiddleboxListener(listener, settings, run, logger, stopping);
        }
        catch (Exception e) when (e is SocketException or AddressInUseException)
        {
            throw new IOException(
                $"Listener {settings.Name} of TLMSP middlebox {settings.Address} cannot listen on {settings.EndPoint}: "
                + $"{e.Message.TrimEnd('.')}. Set its ListenEndPoint to an IP address of this machine and a port that is free.", e);
        }
    }

    /// <summary>Begins to accept.</summary>
    public void Start()
    {
        Announce(Settings);
        _accepting = Task.Run(AcceptAsync, CancellationToken.None);
    }

    /// <summary>Uses other settings for connections that begin from now on.</summary>
    public void Change(ListenerSettings settings)
    {
        ListenerSettings before = Settings;
        Unwatch(before);
        Volatile.Write(ref _settings, settings);
        Announce(settings, isNew: before.Address != settings.Address || before.Name != settings.Name);
        int more = settings.MaxConnections - before.MaxConnections;
        if (more > 0)
        {
            _slots.Release(more);
        }

        for (int i = more; i < 0; i++)
        {
            // Taken as connections end.
            _ = _slots.WaitAsync(_stopping);
        }
    }

    /// <summary>Says that it accepts no connections any more, though it should.</summary>
    public void Fail(Exception reason)
    {
        _hasFailed = true;
        LogAcceptFailed(_logger, Settings.Address, _listener.EndPoint.ToString() ?? "", Settings.Name, reason);
    }

    /// <summary>Accepts nothing any more; connections go on.</summary>
    public async Task UnbindAsync()
    {
        if (Interlocked.Exchange(ref _isUnbound, true))
        {
            return;
        }

        Unwatch(Settings);
        await _listener.UnbindAsync(CancellationToken.None).ConfigureAwait(false);
        LogUnbound(_logger, Settings.Address, _listener.EndPoint.ToString() ?? "", Settings.Name);
    }

    /// <summary>Waits for its connections to end, as they may use what the transport's listener has, and releases that.</summary>
    public async ValueTask DisposeAsync()
    {
        await _accepting.ConfigureAwait(false);
        await Task.WhenAll(_running.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _listener.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<IConnectionListener> BindAsync(ListenerSettings settings, IMiddleboxTransport transport)
    {
        try
        {
            return await transport.BindAsync(settings.EndPoint, CancellationToken.None).ConfigureAwait(false);
        }
        catch (SocketException) when (settings.IsEveryInterface)
        {
            // As Kestrel's ListenAnyIP does on machines without IPv6.
            var any = new IPEndPoint(IPAddress.Any, settings.EndPoint.Port);
            return await transport.BindAsync(any, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                await _slots.WaitAsync(_stopping).ConfigureAwait(false);
                ConnectionContext? connection = await _listener.AcceptAsync(_stopping).ConfigureAwait(false);
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
            Fail(e);

            // Who connects is to be told so, rather than to wait for nobody.
            await _listener.UnbindAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task RunAsync(ConnectionContext connection)
    {
        Task rest;
        try
        {
            rest = await _run(connection, Settings).ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }

        await rest.ConfigureAwait(false);
    }

    private void Announce(ListenerSettings settings, bool isNew = true)
    {
        if (isNew)
        {
            LogListening(_logger, settings.Address, _listener.EndPoint.ToString() ?? "", settings.Name);
        }

        CheckCertificateName(settings.Certificate);
        if (settings.CertificateFile is { } file)
        {
            file.Changed += OnCertificateChanged;
        }
    }

    /// <summary>Files that come from code may outlive the settings that they are in.</summary>
    private void Unwatch(ListenerSettings settings)
    {
        if (settings.CertificateFile is { } file)
        {
            file.Changed -= OnCertificateChanged;
        }
    }

    private void OnCertificateChanged(TlmspCertificateFile file, Exception? problem)
    {
        if (problem is not null)
        {
            LogCertificateKept(_logger, Settings.Address, file.CertificatePath, problem.Message);
            return;
        }

        LogCertificateReplaced(_logger, Settings.Address, file.CertificatePath, file.Current.Leaf.NotAfter);
        CheckCertificateName(file.Current);
    }

    private void CheckCertificateName(TlmspCertificate certificate)
    {
        ListenerSettings settings = Settings;
        settings.Engine.Addresses[0].TryGetEndPoint(out string? host, out _);
        if (!certificate.IsFor(host!))
        {
            LogCertificateName(_logger, settings.Name, settings.Address, host!);
        }
    }

    [LoggerMessage(20, LogLevel.Information, "TLMSP middlebox {Address} is listening on {EndPoint} (listener {Listener}).")]
    private static partial void LogListening(ILogger logger, string address, string endPoint, string listener);

    [LoggerMessage(23, LogLevel.Critical, "TLMSP middlebox {Address} accepts no connections any more on {EndPoint} (listener {Listener}).")]
    private static partial void LogAcceptFailed(ILogger logger, string address, string endPoint, string listener, Exception exception);

    [LoggerMessage(24, LogLevel.Warning, "The certificate of listener {Listener} of TLMSP middlebox {Address} does not name {Host}: "
        + "clients and servers refuse it with alert 42. Use one that does.")]
    private static partial void LogCertificateName(ILogger logger, string listener, string address, string host);

    [LoggerMessage(26, LogLevel.Information,
        "TLMSP middlebox {Address} uses the new certificate in {CertificatePath}, valid until {NotAfter}.")]
    private static partial void LogCertificateReplaced(ILogger logger, string address, string certificatePath, DateTime notAfter);

    [LoggerMessage(27, LogLevel.Warning,
        "TLMSP middlebox {Address} keeps its certificate: what is in {CertificatePath} now cannot be used. {Reason}")]
    private static partial void LogCertificateKept(ILogger logger, string address, string certificatePath, string reason);

    [LoggerMessage(29, LogLevel.Information, "TLMSP middlebox {Address} does not listen on {EndPoint} any more (listener {Listener}).")]
    private static partial void LogUnbound(ILogger logger, string address, string endPoint, string listener);
}
