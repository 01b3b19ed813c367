using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;
using Tlmsp.Http;

namespace Tlmsp.AspNetCore;

/// <summary>Negotiates TLMSP on a raw connection and gives Kestrel the plaintext HTTP stream.</summary>
internal sealed partial class TlmspConnectionMiddleware
{
    private readonly ConnectionDelegate _next;
    private readonly TlmspConnectionOptions _options;
    private readonly ServerHandshakes _handshakes;
    private readonly TlmspMetrics _metrics;
    private readonly ApplicationFailures? _failures;
    private readonly ILogger _logger;

    public TlmspConnectionMiddleware(
        ConnectionDelegate next, TlmspConnectionOptions options, ServerHandshakes handshakes, TlmspMetrics metrics,
        ApplicationFailures? failures, ILogger logger)
    {
        _failures = failures;
        _next = next;
        _options = options;
        _handshakes = handshakes;
        _metrics = metrics;
        _logger = logger;
    }

    public async Task OnConnectionAsync(ConnectionContext context)
    {
        if (context.Features.Get<ITlsConnectionFeature>() is not null)
        {
            LogUseHttpsFirst(_logger, context.ConnectionId);
            context.Abort(new ConnectionAbortedException("UseHttps() comes before UseTlmsp() on this endpoint."));
            return;
        }

        long start = Stopwatch.GetTimestamp();
        if (_options.PlainTls == TlmspPlainTls.Allow && await PlainTlsDetector.IsPlainTlsAsync(context, _options.HandshakeTimeout).ConfigureAwait(false))
        {
            LogPlainTls(_logger, context.ConnectionId);
            _metrics.PlainTls();
            await _next(context).ConfigureAwait(false);
            return;
        }

        IDuplexPipe original = context.Transport;
        var transport = new KestrelTransport(original);
        TlmspSession? session = await HandshakeAsync(context, transport, start).ConfigureAwait(false);
        if (session is null)
        {
            return;
        }

        var stream = new TlmspHttpStream(
            session, transport, HttpDirection.Request, _options.Mapping, flushOnWrite: false, _options.HttpLimits,
            allowResizing: _options.AllowResizing)
        {
            Deletions = _options.Deletions,
            WatchApplication = _failures is null ? null : failed => _failures.Watch(context.ConnectionId, failed),
        };
        var feature = new TlmspConnectionFeature(session.Info, stream.Profile);
        context.Features.Set<ITlmspConnectionFeature>(feature);
        context.Features.Set<ITlsConnectionFeature>(feature);
        context.Features.Set<ITlsHandshakeFeature>(feature);
        context.Features.Set<ITlsApplicationProtocolFeature>(feature);
        _metrics.Started();
        try
        {
            await using (stream.ConfigureAwait(false))
            {
                var pipe = new StreamDuplexPipe(stream, context.Features.Get<IMemoryPoolFeature>()?.MemoryPool ?? System.Buffers.MemoryPool<byte>.Shared);
                await using (pipe.ConfigureAwait(false))
                {
                    context.Transport = pipe;
                    context.Features.Set<ITlmspAuditFeature>(new TlmspAuditFeature(context, pipe, stream.Audit));
                    await _next(context).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            if (stream.OutputFault is { } refused)
            {
                LogOutputRefused(_logger, context.ConnectionId, refused.Message, refused);
            }

            if (stream.Fault is { } fault)
            {
                LogConnectionFault(_logger, context.ConnectionId, fault.Message, fault);
            }

            // Kestrel closes what it opened.
            context.Transport = original;
            _metrics.Stopped();
        }
    }

    /// <returns>Null when there is no session; the reason was logged, and nobody else is to notice.</returns>
    private async Task<TlmspSession?> HandshakeAsync(ConnectionContext context, KestrelTransport transport, long start)
    {
        string? fault = null;
        int middleboxes = 0;
        bool reconnects = false;
        using TlmspServerHandshake handshake = _handshakes.Create(context);
        CancellationToken stopping = context.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;

        // Not linked to ConnectionClosed: what the client sent before it closed says more than that it did.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(Remaining(start));
        try
        {
            TlmspSession session = await TlmspConnector.HandshakeAsync(handshake, transport, limit.Token).ConfigureAwait(false);
            middleboxes = session.Info.Middleboxes.Count;
            LogEstablished(_logger, context.ConnectionId, session.Info.CipherSuite.Name, session.Info.Group.Name, middleboxes);
            return session;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            fault = "server_stopping";
            LogStopping(_logger, context.ConnectionId);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            fault = "timeout";
            LogTimeout(_logger, context.ConnectionId, _options.HandshakeTimeout);
        }
        catch (TlmspReconnectException)
        {
            reconnects = true;
            LogReconnect(_logger, context.ConnectionId);
        }
        catch (TlmspException e) when (e is { FromPeer: true, Alert: TlmspAlert.MiddleboxAuthorizationFailure })
        {
            fault = e.Misbehaviour.ToString();
            LogPathRefused(_logger, context.ConnectionId);
        }
        catch (TlmspException e) when (e.Misbehaviour == Misbehaviour.MiddleboxListRefused)
        {
            fault = e.Misbehaviour.ToString();
            LogMiddleboxesRefused(_logger, context.ConnectionId, e.Message);
        }
        catch (TlmspException e) when (e.Misbehaviour == Misbehaviour.PlainTls)
        {
            fault = e.Misbehaviour.ToString();
            LogPlainTlsRefused(_logger, context.ConnectionId, e.Message);
        }
        catch (TlmspException e) when (e.Misbehaviour == Misbehaviour.FallbackRefused)
        {
            fault = e.Misbehaviour.ToString();
            LogFallbackRefused(_logger, context.ConnectionId, e.Message);
        }
        catch (TlmspException e)
        {
            fault = e.Misbehaviour.ToString();
            LogHandshakeFailed(_logger, context.ConnectionId, e.Message, e);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            fault = "connection_lost";
            LogHandshakeFailed(_logger, context.ConnectionId, e.Message, e);
        }
        catch (Exception e)
        {
            // Not the peer's doing: a certificate without a usable key, or a policy of the application that throws.
            fault = e.GetType().Name;
            LogHandshakeError(_logger, context.ConnectionId, e);
        }
        finally
        {
            _metrics.HandshakeEnded(Stopwatch.GetElapsedTime(start), middleboxes, fault, reconnects);
            TlmspMetrics.Tag(context, middleboxes, fault, reconnects);
        }

        return null;
    }

    /// <summary>Looking for plain TLS and the handshake share one time limit.</summary>
    private TimeSpan Remaining(long start)
    {
        TimeSpan rest = _options.HandshakeTimeout - Stopwatch.GetElapsedTime(start);
        return _options.HandshakeTimeout == Timeout.InfiniteTimeSpan ? Timeout.InfiniteTimeSpan : rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
    }

    [LoggerMessage(1, LogLevel.Error, "Connection {ConnectionId} aborted: UseHttps() (or another UseTlmsp()) was called before UseTlmsp() on this endpoint. Remove it, or call it after UseTlmsp().")]
    private static partial void LogUseHttpsFirst(ILogger logger, string connectionId);

    [LoggerMessage(2, LogLevel.Debug, "Connection {ConnectionId}: TLMSP established, {CipherSuite}, {Group}, {Middleboxes} middleboxes.")]
    private static partial void LogEstablished(ILogger logger, string connectionId, string cipherSuite, string group, int middleboxes);

    [LoggerMessage(3, LogLevel.Debug, "Connection {ConnectionId}: no TLMSP handshake within {Timeout}.")]
    private static partial void LogTimeout(ILogger logger, string connectionId, TimeSpan timeout);

    [LoggerMessage(4, LogLevel.Warning, "Connection {ConnectionId}: {Reason}")]
    private static partial void LogMiddleboxesRefused(ILogger logger, string connectionId, string reason);

    [LoggerMessage(5, LogLevel.Debug, "Connection {ConnectionId}: the TLMSP handshake failed. {Reason}")]
    private static partial void LogHandshakeFailed(ILogger logger, string connectionId, string reason, Exception exception);

    [LoggerMessage(6, LogLevel.Debug, "Connection {ConnectionId} ended: {Reason}")]
    private static partial void LogConnectionFault(ILogger logger, string connectionId, string reason, Exception exception);

    [LoggerMessage(23, LogLevel.Error, "Connection {ConnectionId}: what the application wrote cannot be sent whole. {Reason}")]
    private static partial void LogOutputRefused(ILogger logger, string connectionId, string reason, Exception exception);

    [LoggerMessage(7, LogLevel.Debug, "Connection {ConnectionId}: the server stops, and the TLMSP handshake was not complete.")]
    private static partial void LogStopping(ILogger logger, string connectionId);

    [LoggerMessage(8, LogLevel.Error, "Connection {ConnectionId}: the TLMSP handshake failed because of an error of this application.")]
    private static partial void LogHandshakeError(ILogger logger, string connectionId, Exception exception);

    [LoggerMessage(14, LogLevel.Debug, "Connection {ConnectionId}: the client accepts the path that it is to take, "
        + "and connects again over it.")]
    private static partial void LogReconnect(ILogger logger, string connectionId);

    [LoggerMessage(15, LogLevel.Warning, "Connection {ConnectionId}: the client refuses the path (alert 171): "
        + "it does not accept a middlebox that this server inserts.")]
    private static partial void LogPathRefused(ILogger logger, string connectionId);

    [LoggerMessage(20, LogLevel.Debug, "Connection {ConnectionId}: a client of ordinary TLS goes on to HTTPS.")]
    private static partial void LogPlainTls(ILogger logger, string connectionId);

    [LoggerMessage(21, LogLevel.Information, "Connection {ConnectionId}: the TLMSP handshake failed. {Reason} "
        + "To serve such clients over HTTPS, set tlmsp.PlainTls = TlmspPlainTls.Allow.")]
    private static partial void LogPlainTlsRefused(ILogger logger, string connectionId, string reason);

    [LoggerMessage(22, LogLevel.Warning, "Connection {ConnectionId}: a client that speaks TLMSP fell back to TLS. {Reason}")]
    private static partial void LogFallbackRefused(ILogger logger, string connectionId, string reason);
}
