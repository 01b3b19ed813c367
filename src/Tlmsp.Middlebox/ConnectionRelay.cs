using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>An established path through the middlebox: both directions, and how they end.</summary>
internal sealed partial class ConnectionRelay
{
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(200);
    private const int MaxHeldOverHttp2 = (64 * 1024 / 2) - 1;
    private readonly TlmspMiddleboxHostOptions _options;
    private readonly ConnectionContext _client;
    private readonly ConnectionContext _server;
    private readonly InspectorSet _inspectors;
    private readonly InspectedMessages _messages;
    private readonly InspectionContext _context;
    private readonly MiddleboxMetrics _metrics;
    private readonly ILogger _logger;
    private readonly RelayPump _toServer;
    private readonly RelayPump _toClient;
    private readonly string? _problem;
    private readonly string? _lack;
    private readonly PolicyException? _refusal;
    private readonly bool _showsBytes;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _inspectorStop = new();
    private readonly TaskCompletionSource<Exception?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _connected = Task.CompletedTask;
    private Task _pumpToServer = Task.CompletedTask;
    private Task _pumpToClient = Task.CompletedTask;
    private RelayPump? _unfinished;
    private int _finished;
    private volatile bool _isDrained;

    public ConnectionRelay(
        TlmspMiddleboxHostOptions options, EstablishedPath path, ConnectionContext client, ConnectionContext server,
        InspectorSet inspectors, MiddleboxMetrics metrics, ILogger logger)
    {
        _options = options;
        _client = client;
        _server = server;
        _inspectors = inspectors;
        _metrics = metrics;
        _logger = logger;
        TlmspMiddleboxSession session = path.Session;
        _context = new InspectionContext(client.ConnectionId, session.Info, session.Grant)
        {
            Address = session.Info.Middleboxes.First(box => box.Id == session.Self).Address,
        };
        HttpProfile profile = HttpProfile.Read(session.Info.Contexts, out _problem) ?? HttpProfile.Two;
        _showsBytes = _problem is not null && inspectors.OfBytes.Length > 0;
        _messages = new InspectedMessages(_context, profile, TimeProvider.System);
        var observers = new HttpObservers(profile, session.Grant, options.Mapping, options.HttpLimits);
        _refusal = path.Policy.FindProblem(session.Info.Contexts.Select(context => context.Id), session.Grant);
        _lack = inspectors.FindLack(direction => InspectionRights.Of(profile, session.Grant, direction));
        long mostWaiting = 8L * options.MaxHeldBytes;
        var answers = new BoxAnswers(mostWaiting);
        var http2 = profile.Version == HttpWireVersion.Http2 ? new Http2Interventions(profile, session.Grant, observers.Streams, mostWaiting) : null;
        _toServer = new RelayPump(
            session.ClientToServer, path.ClientRead, client.Transport.Input, server.Transport.Output, Queue(HttpDirection.Request));
        _toClient = new RelayPump(
            session.ServerToClient, path.ServerRead, server.Transport.Input, client.Transport.Output, Queue(HttpDirection.Response));
        answers.Added = _toClient.Wake;
        http2?.OnWork(HttpDirection.Request, _toServer.Wake);
        http2?.OnWork(HttpDirection.Response, _toClient.Wake);
        if (metrics.CountsTraffic)
        {
            byte[] contexts = [.. session.Info.Contexts.Select(context => context.Id)];
            _toServer.CountTo((id, containers, bytes) => metrics.Relayed(HttpDirection.Request, id, containers, bytes), contexts);
            _toClient.CountTo((id, containers, bytes) => metrics.Relayed(HttpDirection.Response, id, containers, bytes), contexts);
        }

        IRelayQueue? Queue(HttpDirection direction)
        {
            if (_showsBytes)
            {
                return new ByteQueue(direction, inspectors.OfBytes);
            }

            if (inspectors.IsEmpty)
            {
                return null;
            }

            // Over HTTP/2 what is held uses up windows: less than half of the smallest where they are not known (http-mapping §12).
            int most = http2 is { KnowsWindows: false } ? Math.Min(options.MaxHeldBytes, MaxHeldOverHttp2) : options.MaxHeldBytes;
            var writer = new VerdictWriter(
                direction, profile, _context, _messages, observers.Exchanges, answers,
                http2 is null ? null : new Http2VerdictWriter(direction, profile, session.Grant, _messages, http2));
            var stages = new InspectionStages(direction, inspectors, writer, _messages, new InspectorWatch(), metrics, most);
            IInsertionTurn? turn = http2 is not null ? new Http2Turn(direction, http2)
                : direction == HttpDirection.Response ? new ResponseTurn(answers, profile)
                : null;
            return new InspectionQueue(direction, profile, observers.For(direction), _messages, stages, turn, http2);
        }
    }

    /// <summary>Completes when no inspector is at work any more, which may be long after a call was given up.</summary>
    public Task Inspecting => Task.WhenAll(_connected, _pumpToServer, _pumpToClient);

    /// <summary>Relays until the path ends. When it ends by a fault, that is logged, and both sides are sent an alert.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using CancellationTokenRegistration registration =
            stopping.UnsafeRegister(static relay => ((ConnectionRelay)relay!).End(null), this);
        await ConnectedAsync(stopping).ConfigureAwait(false);
        if (!_ended.Task.IsCompleted)
        {
            _pumpToServer = PumpAsync(_toServer, _toClient);
            _pumpToClient = PumpAsync(_toClient, _toServer);
        }

        Exception? fault = await _ended.Task.ConfigureAwait(false);
        _ = _inspectorStop.CancelAsync();   // not awaited: what inspectors registered there is their own affair
        await _stop.CancelAsync().ConfigureAwait(false);
        await StopAsync(_toServer, _pumpToServer).ConfigureAwait(false);
        await StopAsync(_toClient, _pumpToClient).ConfigureAwait(false);
        if (fault is TlmspException { Misbehaviour: Misbehaviour.ClosedWithoutNotify })
        {
            // Its alert is close_notify, which would tell the other side the opposite: an end without a word says it better.
            LogCutOff(_logger, _client.ConnectionId, fault.Message, fault);
        }
        else if (fault is not null)
        {
            // Fail closed: nothing more passes, and both sides are told.
            LogFault(_logger, _client.ConnectionId, fault.Message, fault);
            TlmspAlert alert = fault switch
            {
                TlmspException e => e.Alert,
                InspectorException e => e.Alert,
                PolicyException e => e.Alert,
                _ => TlmspAlert.InternalError,
            };
            await Task.WhenAll(
                TellAsync(_client, _toClient, _toServer, alert), TellAsync(_server, _toServer, _toClient, alert)).ConfigureAwait(false);
        }
        else if (_isDrained)
        {
            await Task.WhenAll(
                TellAsync(_client, _toClient, _toServer, TlmspAlert.CloseNotify, TlmspAlertLevel.Warning),
                TellAsync(_server, _toServer, _toClient, TlmspAlert.CloseNotify, TlmspAlertLevel.Warning)).ConfigureAwait(false);
        }
        else if ((_toServer.FatalAlert ?? _toClient.FatalAlert) is { } passed)
        {
            LogFatalAlert(_logger, _client.ConnectionId, passed, (byte)passed);
        }

        if (fault is not null)
        {
            _metrics.Failed(fault);
        }

        await CloseSinksAsync(fault).ConfigureAwait(false);
    }

    /// <summary>Looks after the time: called once in a while, on no thread of this connection.</summary>
    /// <param name="now">As <see cref="Environment.TickCount64"/>.</param>
    public void Sweep(long now)
    {
        if (IsOverdue(_toServer) || IsOverdue(_toClient))
        {
            End(InspectorException.Overdue(_options.InspectorTimeout));
        }
        else if (_toServer.IsStuck(now, _options.InspectorTimeout) || _toClient.IsStuck(now, _options.InspectorTimeout))
        {
            End(InspectorException.Stuck(_options.InspectorTimeout));
        }
        else if (Volatile.Read(ref _unfinished) is { } unfinished && unfinished.IsIdle(now, _options.DrainTimeout))
        {
            End(null);
        }
        else
        {
            _toServer.ReleaseIfIdle(now, _options.ReleaseAfter);
            _toClient.ReleaseIfIdle(now, _options.ReleaseAfter);
        }

        bool IsOverdue(RelayPump pump) => pump.Queue is { } queue && queue.Watch.IsOverdue(now, MiddleboxSettings.InspectorLimit(_options));
    }

    /// <summary>Ends the path in order if nothing is under way on it.</summary>
    /// <param name="now">As <see cref="Environment.TickCount64"/>.</param>
    public void EndIfIdle(long now)
    {
        if (!_messages.IsBusy && _toServer.IsIdle(now, s_quiet) && _toClient.IsIdle(now, s_quiet))
        {
            _isDrained = true;
            End(null);
        }
    }

    private void End(Exception? fault) => _ended.TrySetResult(fault);

    private async Task ConnectedAsync(CancellationToken stopping)
    {
        if (_refusal is not null)
        {
            End(_refusal);
            return;
        }

        if (_inspectors.IsEmpty && !_showsBytes)
        {
            return;
        }

        if (_problem is not null && !_showsBytes)
        {
            // What inspectors cannot be shown must not pass them.
            End(new HttpMappingException(_problem));
            return;
        }

        if (_lack is not null && !_showsBytes)
        {
            End(new InspectorException(_lack, TlmspAlert.AccessDenied));
            return;
        }

        // On another thread, because a call that blocks must not block what watches it.
        _connected = Task.Run(CallAllAsync, CancellationToken.None);
        try
        {
            // As many calls as may each be given up and leave time for the next.
            TimeSpan limit = _options.OnInspectorFailure == InspectorFailureAction.Forward
                ? _options.InspectorTimeout * (_inspectors.All.Length + 1)
                : _options.InspectorTimeout;
            await _connected.WaitAsync(limit, stopping).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            End(InspectorException.Overdue(_options.InspectorTimeout));
        }
        catch (OperationCanceledException)
        {
            End(null);
        }

        async Task CallAllAsync()
        {
            foreach (object inspector in _showsBytes ? (object[])_inspectors.OfBytes : _inspectors.All)
            {
                try
                {
                    await (inspector is ITlmspByteInspector ofBytes
                        ? ofBytes.OnConnectedAsync(_context, _inspectorStop.Token)
                        : ((ITlmspInspector)inspector).OnConnectedAsync(_context, _inspectorStop.Token)).ConfigureAwait(false);
                }
                catch (Exception e)
                {
                    End(new InspectorException(inspector, e));
                }
            }

            foreach (IInspectionSink sink in _inspectors.Sinks)
            {
                try
                {
                    await sink.OnPathOpenedAsync(_context, _inspectorStop.Token).ConfigureAwait(false);
                }
                catch (Exception e)
                {
                    End(InspectorException.NotRecorded(sink, e));
                }
            }
        }
    }

    /// <summary>Messages that end with their path are recorded as well.</summary>
    private async Task CloseSinksAsync(Exception? fault)
    {
        InspectionRecord[] unfinished = _inspectors.IsEmpty
            ? []
            : [.. _messages.Unrecorded().Select(message => message.ToRecord() with { IsComplete = false })];
        foreach (InspectionRecord record in unfinished)
        {
            _metrics.Message(record);
            MiddleboxTracing.Record(record);
        }

        foreach (IInspectionSink sink in _inspectors.Sinks)
        {
            try
            {
                foreach (InspectionRecord record in unfinished)
                {
                    await sink.OnMessageAsync(record, CancellationToken.None).ConfigureAwait(false);
                }

                await sink.OnPathClosedAsync(_context, fault).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                LogNotRecorded(_logger, _client.ConnectionId, sink.GetType().Name, e);
            }
        }
    }

    private async Task PumpAsync(RelayPump pump, RelayPump other)
    {
        // An inspector that blocks its thread must not keep the other direction from starting.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            bool inOrder = await pump.RunAsync(_stop.Token, _inspectorStop.Token).ConfigureAwait(false);
            if (!inOrder || Interlocked.Increment(ref _finished) == 2)
            {
                End(null);
                return;
            }

            // The transport cannot pass half a close on, so what the other direction still brings gets a limited time.
            other.Touch();
            Volatile.Write(ref _unfinished, other);
        }
        catch (OperationCanceledException) when (_ended.Task.IsCompleted)
        {
            // Ended from outside.
        }
        catch (Exception e)
        {
            End(e);
        }
    }

    /// <summary>Returns when the direction touches neither its relay nor its pipes any more.</summary>
    private static async Task StopAsync(RelayPump pump, Task running)
    {
        bool isInspecting = pump.Queue is { } queue && queue.Watch.End();
        if (!isInspecting)
        {
            await running.ConfigureAwait(false);
        }
    }

    private static async Task TellAsync(
        ConnectionContext connection, RelayPump leadsThere, RelayPump comesFromThere, TlmspAlert alert,
        TlmspAlertLevel level = TlmspAlertLevel.Fatal)
    {
        try
        {
            leadsThere.WriteAlert(alert, level);
        }
        catch (Exception e) when (e is InvalidOperationException or TlmspException)
        {
            return;     // its end of the pipe is closed, or the counter is at its end
        }

        await ConnectionEnd.TellAsync(connection, comesFromThere.Pending).ConfigureAwait(false);
    }

    [LoggerMessage(10, LogLevel.Debug, "Connection {ConnectionId} was cut off. {Reason}")]
    private static partial void LogCutOff(ILogger logger, string connectionId, string reason, Exception exception);

    [LoggerMessage(7, LogLevel.Debug, "Connection {ConnectionId}: ended by the fatal alert {Alert} ({Number}).")]
    private static partial void LogFatalAlert(ILogger logger, string connectionId, TlmspAlert alert, byte number);

    [LoggerMessage(11, LogLevel.Error, "Connection {ConnectionId}: {Sink} could not record how it ended.")]
    private static partial void LogNotRecorded(ILogger logger, string connectionId, string sink, Exception exception);

    [LoggerMessage(6, LogLevel.Warning, "Connection {ConnectionId} is closed on both sides: {Reason}")]
    private static partial void LogFault(ILogger logger, string connectionId, string reason, Exception exception);
}
