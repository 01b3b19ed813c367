using System.Diagnostics;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Tlmsp.Middlebox;

/// <summary>One path through the middlebox: a client's connection, the one to the next hop, and what goes between.</summary>
internal sealed partial class MiddleboxConnection(
    ListenerSettings listener, NextHopDialer dialer, RelaySweep sweep,
    ConnectionContext client, InspectorSet inspectors, MiddleboxMetrics metrics, ILogger logger)
{
    private readonly TlmspMiddleboxHostOptions _options = listener.Options;
    private ConnectionContext? _server;

    /// <summary>Completes when no inspector is at work any more, which may be long after a call was given up.</summary>
    public Task Inspecting { get; private set; } = Task.CompletedTask;

    /// <summary>Runs until either side ends the path, and closes both connections. Peers' faults are logged, never thrown.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        LogStarted(logger, client.ConnectionId, listener.Name);
        try
        {
            // The handshake's own state must not outlive it, as the path may for days.
            if (await EstablishAsync(stopping).ConfigureAwait(false) is { } path)
            {
                using TlmspMiddleboxSession session = path.Session;
                var relay = new ConnectionRelay(_options, path, client, _server!, inspectors, metrics, logger);
                await RelayAsync(relay, stopping).ConfigureAwait(false);
            }
        }
        finally
        {
            await Task.WhenAll(
                ConnectionEnd.CloseAsync(client, _options.DrainTimeout),
                _server is null ? Task.CompletedTask : ConnectionEnd.CloseAsync(_server, _options.DrainTimeout)).ConfigureAwait(false);
            LogStopped(logger, client.ConnectionId);
        }
    }

    private async Task<EstablishedPath?> EstablishAsync(CancellationToken stopping)
    {
        using var handshake = new HandshakeRelay(_options, listener.Engine, dialer, client, logger);
        long start = Stopwatch.GetTimestamp();
        try
        {
            return await handshake.RunAsync(stopping).ConfigureAwait(false);
        }
        finally
        {
            metrics.HandshakeEnded(listener.Name, Stopwatch.GetElapsedTime(start), handshake.Fault);
            _server = handshake.Server;
        }
    }

    private async Task RelayAsync(ConnectionRelay relay, CancellationToken stopping)
    {
        sweep.Add(relay);
        metrics.Opened(listener.Name);
        try
        {
            await relay.RunAsync(stopping).ConfigureAwait(false);
        }
        finally
        {
            metrics.Closed(listener.Name);
            sweep.Remove(relay);
            Inspecting = relay.Inspecting;
        }
    }

    [LoggerMessage(8, LogLevel.Debug, "Connection {ConnectionId} started on listener {Listener}.")]
    private static partial void LogStarted(ILogger logger, string connectionId, string listener);

    [LoggerMessage(9, LogLevel.Debug, "Connection {ConnectionId} stopped.")]
    private static partial void LogStopped(ILogger logger, string connectionId);
}
