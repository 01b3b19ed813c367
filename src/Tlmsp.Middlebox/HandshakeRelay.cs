using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Tlmsp.Middlebox;

/// <summary>What a handshake leaves.</summary>
/// <param name="Session">The session.</param>
/// <param name="ClientRead">A read that is under way on the client's half, if any.</param>
/// <param name="ServerRead">A read that is under way on the server's half, if any.</param>
/// <param name="Policy">What is demanded and refused on the way to the next hop.</param>
internal sealed record EstablishedPath(
    TlmspMiddleboxSession Session, Task<ReadResult>? ClientRead, Task<ReadResult>? ServerRead, GrantPolicy Policy);

/// <summary>Takes a client's hello, connects to the next hop, and runs the handshake between the two, one write per flight.</summary>
internal sealed partial class HandshakeRelay : IDisposable
{
    private readonly TlmspMiddleboxHostOptions _options;
    private readonly NextHopDialer _dialer;
    private readonly ConnectionContext _client;
    private readonly ILogger _logger;
    private readonly TlmspMiddleboxHandshake _handshake;
    private readonly ArrayBufferWriter<byte> _hello = new();
    private Task<ReadResult>? _clientRead;
    private Task<ReadResult>? _serverRead;
    private GrantPolicy? _policy;
    private bool _serverAnswered;

    public HandshakeRelay(
        TlmspMiddleboxHostOptions options, TlmspMiddleboxOptions engine, NextHopDialer dialer, ConnectionContext client, ILogger logger)
    {
        _options = options;
        _dialer = dialer;
        _client = client;
        _logger = logger;
        _handshake = new TlmspMiddleboxHandshake(engine);
    }

    /// <summary>The connection to the next hop, once there is one; for the caller to close.</summary>
    public ConnectionContext? Server { get; private set; }

    /// <summary>What kept it from succeeding, for metrics; null on success.</summary>
    public string? Fault { get; private set; }

    /// <summary>Runs the handshake within <see cref="TlmspMiddleboxHostOptions.HandshakeTimeout"/>.</summary>
    /// <returns>Null when there is no session; the reason was logged, and those who can still be told were sent an alert.</returns>
    public async Task<EstablishedPath?> RunAsync(CancellationToken stopping)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        timeout.CancelAfter(_options.HandshakeTimeout);
        try
        {
            await ReadHelloAsync(timeout.Token).ConfigureAwait(false);
            if (!await ConnectAsync(timeout.Token).ConfigureAwait(false))
            {
                return null;
            }

            if (await RelayAsync(Server!, timeout.Token).ConfigureAwait(false) is { } session)
            {
                LogEstablished(_logger, _client.ConnectionId, _handshake.NextHop!.Value.Text, session.Grant.ToString());
                return new EstablishedPath(session, _clientRead, _serverRead, _policy!);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            Fault = "stopping";
            LogStopped(_logger, _client.ConnectionId);
        }
        catch (OperationCanceledException) when (_handshake.NextHop is not null && !_serverAnswered)
        {
            await RefuseAsync($"It has not answered within {_options.HandshakeTimeout}.").ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Fault = "timeout";
            LogTimeout(_logger, _client.ConnectionId, _options.HandshakeTimeout);
        }
        catch (Exception e) when (e is TlmspException or IOException)
        {
            Fault = MiddleboxMetrics.KindOf(e);
            LogFault(_logger, _client.ConnectionId, e.Message, e);
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => _handshake.Dispose();

    private async Task ReadHelloAsync(CancellationToken cancellationToken)
    {
        PipeReader input = _client.Transport.Input;
        while (_handshake.NextHop is null)
        {
            ReadResult result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            await ProcessAsync(result.Buffer, input, fromClient: true, _hello).ConfigureAwait(false);
            if (_handshake.NextHop is null && result.IsCompleted)
            {
                throw new TlmspException(Misbehaviour.ClosedWithoutNotify, "the client's connection ended inside the hello");
            }
        }
    }

    /// <returns>False when the next hop is not to be reached; the client was told.</returns>
    private async Task<bool> ConnectAsync(CancellationToken cancellationToken)
    {
        TlmspAddress address = _handshake.NextHop!.Value;
        if (!_options.NextHops.TryGet(address, out NextHop nextHop))
        {
            await RefuseAsync($"It is not allowed. To allow it: NextHops.Allow(\"{address.Text}\")").ConfigureAwait(false);
            return false;
        }

        _policy = nextHop.Policy;
        try
        {
            Server = await _dialer.ConnectAsync(nextHop, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or NextHopRefusedException)
        {
            await RefuseAsync(e.Message).ConfigureAwait(false);
            return false;
        }

        Server.Transport.Output.Write(_hello.WrittenSpan);
        await Server.Transport.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Feeds the handshake from both sides, one at a time.</summary>
    /// <returns>Null when the next hop closed its connection; the client was told.</returns>
    private async Task<TlmspMiddleboxSession?> RelayAsync(ConnectionContext server, CancellationToken cancellationToken)
    {
        while (true)
        {
            _clientRead ??= _client.Transport.Input.ReadAsync(CancellationToken.None).AsTask();
            _serverRead ??= server.Transport.Input.ReadAsync(CancellationToken.None).AsTask();
            Task<ReadResult> done = await Task.WhenAny(_clientRead, _serverRead).WaitAsync(cancellationToken).ConfigureAwait(false);
            bool fromClient = done == _clientRead;
            (fromClient ? ref _clientRead : ref _serverRead) = null;
            if (!fromClient && done.IsFaulted)
            {
                await RefuseAsync(done.Exception.InnerException!.Message).ConfigureAwait(false);
                return null;
            }

            ReadResult result = await done.ConfigureAwait(false);
            _serverAnswered |= !fromClient;
            PipeReader input = (fromClient ? _client : server).Transport.Input;
            HandshakeStatus status = await ProcessAsync(result.Buffer, input, fromClient, server.Transport.Output).ConfigureAwait(false);
            if (status == HandshakeStatus.Complete)
            {
                await FlushAsync(server, cancellationToken).ConfigureAwait(false);
                return _handshake.Complete();
            }

            if (result.IsCompleted && fromClient)
            {
                throw new TlmspException(Misbehaviour.ClosedWithoutNotify, "the client's connection ended inside the handshake");
            }

            if (result.IsCompleted)
            {
                await RefuseAsync("It closed the connection inside the handshake.").ConfigureAwait(false);
                return null;
            }

            if (!_handshake.IsInsideFlight)
            {
                await FlushAsync(server, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <exception cref="TlmspException">A party misbehaved; both sides were told.</exception>
    private async ValueTask<HandshakeStatus> ProcessAsync(
        ReadOnlySequence<byte> buffer, PipeReader input, bool fromClient, IBufferWriter<byte> toServer)
    {
        PipeWriter toClient = _client.Transport.Output;
        HandshakeStatus status = HandshakeStatus.NeedMoreData;
        try
        {
            status = fromClient
                ? _handshake.ProcessClient(ref buffer, toClient, toServer)
                : _handshake.ProcessServer(ref buffer, toClient, toServer);
        }
        catch (Exception e)
        {
            input.AdvanceTo(buffer.End);
            // Who sent the fatal alert waits for this end to close, not to be told.
            bool fromPeer = e is TlmspException { FromPeer: true };
            await Task.WhenAll(
                fromPeer && fromClient ? Task.CompletedTask : ConnectionEnd.TellAsync(_client, _clientRead),
                Server is null || (fromPeer && !fromClient) ? Task.CompletedTask : ConnectionEnd.TellAsync(Server, _serverRead)).ConfigureAwait(false);
            throw;
        }

        // What comes after the last handshake record, or after the hello, must wake the next read.
        bool isLast = status is HandshakeStatus.Complete or HandshakeStatus.NeedNextHop;
        input.AdvanceTo(buffer.Start, isLast ? buffer.Start : buffer.End);
        return status;
    }

    /// <summary>Says that the path does not go on from here.</summary>
    private async Task RefuseAsync(string reason)
    {
        Fault = "next_hop";
        LogNoNextHop(_logger, _client.ConnectionId, _handshake.NextHop!.Value.Text, reason);
        _handshake.RefuseNextHop(_client.Transport.Output);
        await ConnectionEnd.TellAsync(_client, _clientRead).ConfigureAwait(false);
    }

    private async ValueTask FlushAsync(ConnectionContext server, CancellationToken cancellationToken)
    {
        await FlushAsync(_client.Transport.Output, cancellationToken).ConfigureAwait(false);
        await FlushAsync(server.Transport.Output, cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask FlushAsync(PipeWriter output, CancellationToken cancellationToken)
    {
        if (output.UnflushedBytes > 0)
        {
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    [LoggerMessage(1, LogLevel.Debug, "Connection {ConnectionId}: relaying to {NextHop} with the grant {Grant}.")]
    private static partial void LogEstablished(ILogger logger, string connectionId, string nextHop, string grant);

    [LoggerMessage(2, LogLevel.Debug, "Connection {ConnectionId}: no handshake within {Timeout}.")]
    private static partial void LogTimeout(ILogger logger, string connectionId, TimeSpan timeout);

    [LoggerMessage(3, LogLevel.Debug, "Connection {ConnectionId}: the handshake failed. {Reason}")]
    private static partial void LogFault(ILogger logger, string connectionId, string reason, Exception exception);

    [LoggerMessage(4, LogLevel.Warning, "Connection {ConnectionId}: no way on to {NextHop}, the client gets alert 170. {Reason}")]
    private static partial void LogNoNextHop(ILogger logger, string connectionId, string nextHop, string reason);

    [LoggerMessage(5, LogLevel.Debug, "Connection {ConnectionId}: closed inside the handshake, because the host stops.")]
    private static partial void LogStopped(ILogger logger, string connectionId);
}
