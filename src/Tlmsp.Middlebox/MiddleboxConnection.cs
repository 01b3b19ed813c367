using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>One path through the middlebox: a client's connection, the one to the next hop, and what goes between.</summary>
internal sealed partial class MiddleboxConnection(
    TlmspMiddleboxHostOptions options, TlmspMiddleboxOptions engine, NextHopDialer dialer, ConnectionContext client, ITlmspInspector[] inspectors, ILogger logger)
{
    private const int BatchBytes = 64 * 1024;
    private static readonly TimeSpan AlertTimeout = TimeSpan.FromSeconds(1);
    private Task<ReadResult>? _clientRead;
    private Task<ReadResult>? _serverRead;

    /// <summary>Runs until either connection ends. Peers' faults are logged, never thrown.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        ConnectionContext? server = null;
        TlmspMiddleboxSession? session = null;
        using var handshake = new TlmspMiddleboxHandshake(engine);
        try
        {
            using (var timeout = CancellationTokenSource.CreateLinkedTokenSource(stopping))
            {
                timeout.CancelAfter(options.HandshakeTimeout);
                server = await RouteAsync(handshake, timeout.Token).ConfigureAwait(false);
                if (server is null)
                {
                    return;
                }

                session = await HandshakeAsync(handshake, server, timeout.Token).ConfigureAwait(false);
            }

            LogEstablished(logger, client.ConnectionId, handshake.NextHop!.Value.Text, session.Grant.ToString());
            await RelayAsync(session, server, stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            LogTimeout(logger, client.ConnectionId);
        }
        catch (TlmspException e)
        {
            LogFault(logger, client.ConnectionId, e.Message, e);
        }
        catch (Exception e) when (e is IOException or SocketException or ConnectionAbortedException or ConnectionResetException or InvalidOperationException)
        {
            LogFault(logger, client.ConnectionId, e.Message, e);
        }
        finally
        {
            session?.Dispose();
            await CloseAsync(server).ConfigureAwait(false);
            await CloseAsync(client).ConfigureAwait(false);
        }
    }

    /// <summary>Reads the hello, and connects to where it says, if that is allowed.</summary>
    private async Task<ConnectionContext?> RouteAsync(TlmspMiddleboxHandshake handshake, CancellationToken cancellationToken)
    {
        PipeReader input = client.Transport.Input;
        var toServer = new ArrayBufferWriter<byte>();
        while (handshake.NextHop is null)
        {
            ReadResult result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = result.Buffer;
            try
            {
                handshake.ProcessClient(ref buffer, client.Transport.Output, toServer);
            }
            catch
            {
                await FlushQuietlyAsync(client).ConfigureAwait(false);
                throw;
            }
            finally
            {
                input.AdvanceTo(buffer.Start, handshake.NextHop is null ? buffer.End : buffer.Start);
            }

            if (handshake.NextHop is null && result.IsCompleted)
            {
                throw new TlmspException(Misbehaviour.ClosedWithoutNotify, "the client's connection ended inside the hello");
            }
        }

        if (!options.NextHops.TryGet(handshake.NextHop.Value, out string? host, out int port))
        {
            LogNextHopRefused(logger, client.ConnectionId, handshake.NextHop.Value.Text);
            handshake.RefuseNextHop(client.Transport.Output);
            await FlushQuietlyAsync(client).ConfigureAwait(false);
            return null;
        }

        ConnectionContext server;
        try
        {
            server = await dialer.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            LogNextHopUnreachable(logger, client.ConnectionId, handshake.NextHop.Value.Text, e.Message);
            handshake.RefuseNextHop(client.Transport.Output);
            await FlushQuietlyAsync(client).ConfigureAwait(false);
            return null;
        }

        server.Transport.Output.Write(toServer.WrittenSpan);
        await server.Transport.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
        return server;
    }

    /// <summary>Feeds the handshake from both sides, one at a time.</summary>
    private async Task<TlmspMiddleboxSession> HandshakeAsync(TlmspMiddleboxHandshake handshake, ConnectionContext server, CancellationToken cancellationToken)
    {
        PipeWriter toClient = client.Transport.Output;
        PipeWriter toServer = server.Transport.Output;
        while (true)
        {
            _clientRead ??= client.Transport.Input.ReadAsync(CancellationToken.None).AsTask();
            _serverRead ??= server.Transport.Input.ReadAsync(CancellationToken.None).AsTask();
            Task<ReadResult> done = await Task.WhenAny(_clientRead, _serverRead).WaitAsync(cancellationToken).ConfigureAwait(false);
            bool fromClient = done == _clientRead;
            PipeReader input = fromClient ? client.Transport.Input : server.Transport.Input;
            ReadResult result = await done.ConfigureAwait(false);
            if (fromClient)
            {
                _clientRead = null;
            }
            else
            {
                _serverRead = null;
            }

            ReadOnlySequence<byte> buffer = result.Buffer;
            HandshakeStatus status = HandshakeStatus.NeedMoreData;
            try
            {
                status = fromClient ? handshake.ProcessClient(ref buffer, toClient, toServer) : handshake.ProcessServer(ref buffer, toClient, toServer);
            }
            catch
            {
                input.AdvanceTo(buffer.Start, buffer.End);
                await FlushQuietlyAsync(client).ConfigureAwait(false);
                await FlushQuietlyAsync(server).ConfigureAwait(false);
                throw;
            }

            // What came after the last handshake record is for the relay, and must wake it.
            input.AdvanceTo(buffer.Start, status == HandshakeStatus.Complete ? buffer.Start : buffer.End);
            await FlushAsync(toClient, cancellationToken).ConfigureAwait(false);
            await FlushAsync(toServer, cancellationToken).ConfigureAwait(false);
            if (status == HandshakeStatus.Complete)
            {
                return handshake.Complete();
            }

            if (result.IsCompleted)
            {
                throw new TlmspException(Misbehaviour.ClosedWithoutNotify, $"the {(fromClient ? "client's" : "server's")} connection ended inside the handshake");
            }
        }
    }

    private async Task RelayAsync(TlmspMiddleboxSession session, ConnectionContext server, CancellationToken stopping)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var context = new InspectionContext(client.ConnectionId, session.Info, session.Grant);
        foreach (ITlmspInspector inspector in inspectors)
        {
            await inspector.OnConnectedAsync(context, stop.Token).AsTask().WaitAsync(options.InspectorTimeout, stop.Token).ConfigureAwait(false);
        }

        var exchanges = new HttpExchangeQueue();
        using InspectionQueue? requests = Queue(HttpDirection.Request, session.Grant, exchanges);
        using InspectionQueue? responses = Queue(HttpDirection.Response, session.Grant, exchanges);
        Task<Exception?> up = PumpAsync(session.ClientToServer, _clientRead, client.Transport.Input, server.Transport.Output, requests, stop);
        Task<Exception?> down = PumpAsync(session.ServerToClient, _serverRead, server.Transport.Input, client.Transport.Output, responses, stop);
        Exception? fault = await up.ConfigureAwait(false);
        fault = await down.ConfigureAwait(false) ?? fault;
        if (fault is null)
        {
            return;
        }

        // Fail closed: nothing more passes, and both sides are told.
        TlmspAlert alert = fault is TlmspException { FromPeer: false } e ? e.Alert : TlmspAlert.InternalError;
        LogRelayFault(logger, client.ConnectionId, fault.Message, fault);
        await AlertAsync(session.ClientToServer, server, alert).ConfigureAwait(false);
        await AlertAsync(session.ServerToClient, client, alert).ConfigureAwait(false);
    }

    private InspectionQueue? Queue(HttpDirection direction, Grant grant, HttpExchangeQueue exchanges) => inspectors.Length == 0
        ? null
        : new InspectionQueue(direction, grant, exchanges, inspectors, options);

    /// <summary>Relays one direction until its connection ends. A full output holds the input back.</summary>
    /// <returns>What went wrong; null for an ordinary end, or when the other direction stopped this one.</returns>
    private static async Task<Exception?> PumpAsync(
        ContainerRelay relay, Task<ReadResult>? pending, PipeReader input, PipeWriter output, InspectionQueue? queue, CancellationTokenSource stop)
    {
        // Nothing may reach the output that could not be taken back until the inspectors have seen it.
        using var staged = new PooledBuffer();
        try
        {
            while (true)
            {
                relay.Mark();
                ReadResult result = pending is null
                    ? await input.ReadAsync(stop.Token).ConfigureAwait(false)
                    : await pending.WaitAsync(stop.Token).ConfigureAwait(false);
                pending = null;
                ReadOnlySequence<byte> buffer = result.Buffer;
                bool more = true;
                try
                {
                    while (staged.Length < BatchBytes && (more = relay.TryRelay(ref buffer, queue, staged)))
                    {
                    }
                }
                finally
                {
                    input.AdvanceTo(buffer.Start, more ? buffer.Start : buffer.End);
                }

                if (queue is not null)
                {
                    await queue.InspectAsync(stop.Token).ConfigureAwait(false);
                }

                output.Write(staged.Memory.Span);
                staged.Consume(staged.Length);
                relay.Mark();
                FlushResult flushed = await output.FlushAsync(stop.Token).ConfigureAwait(false);
                if (flushed.IsCompleted || relay.FatalAlert is not null || (!more && result.IsCompleted))
                {
                    return null;
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception e) when (e is ConnectionResetException or ConnectionAbortedException)
        {
            return null;    // the other side shows in what it has not received
        }
        catch (Exception e)
        {
            relay.Rewind();
            return e;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
        }
    }

    private static async Task AlertAsync(ContainerRelay relay, ConnectionContext connection, TlmspAlert alert)
    {
        try
        {
            if (!relay.IsEnded)
            {
                relay.WriteAlert(TlmspAlertLevel.Fatal, alert, contextId: 0, connection.Transport.Output);
                await FlushQuietlyAsync(connection).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is InvalidOperationException or TlmspException)
        {
            // The output was completed by the transport: nobody is left to be told.
        }
    }

    private static async ValueTask FlushAsync(PipeWriter output, CancellationToken cancellationToken)
    {
        if (!output.CanGetUnflushedBytes || output.UnflushedBytes > 0)
        {
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static async ValueTask FlushQuietlyAsync(ConnectionContext connection)
    {
        try
        {
            using var timeout = new CancellationTokenSource(AlertTimeout);
            await connection.Transport.Output.FlushAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The alert could not be delivered.
        }
    }

    private static async ValueTask CloseAsync(ConnectionContext? connection)
    {
        if (connection is null)
        {
            return;
        }

        try
        {
            await connection.Transport.Output.CompleteAsync().ConfigureAwait(false);
            await connection.Transport.Input.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // A read may still be under way; disposing of the connection ends it.
        }

        await connection.DisposeAsync().ConfigureAwait(false);
    }

    [LoggerMessage(1, LogLevel.Debug, "Connection {ConnectionId}: relaying to {NextHop} with the grant {Grant}.")]
    private static partial void LogEstablished(ILogger logger, string connectionId, string nextHop, string grant);

    [LoggerMessage(2, LogLevel.Debug, "Connection {ConnectionId}: no handshake within the time allowed.")]
    private static partial void LogTimeout(ILogger logger, string connectionId);

    [LoggerMessage(3, LogLevel.Debug, "Connection {ConnectionId}: {Reason}")]
    private static partial void LogFault(ILogger logger, string connectionId, string reason, Exception exception);

    [LoggerMessage(4, LogLevel.Warning, "Connection {ConnectionId}: the client asks for the next hop {NextHop}, which is not allowed. To allow it: NextHops.Allow(\"{NextHop}\")")]
    private static partial void LogNextHopRefused(ILogger logger, string connectionId, string nextHop);

    [LoggerMessage(5, LogLevel.Warning, "Connection {ConnectionId}: the next hop {NextHop} cannot be reached. {Reason}")]
    private static partial void LogNextHopUnreachable(ILogger logger, string connectionId, string nextHop, string reason);

    [LoggerMessage(6, LogLevel.Warning, "Connection {ConnectionId} was closed on both sides: {Reason}")]
    private static partial void LogRelayFault(ILogger logger, string connectionId, string reason, Exception exception);
}
