using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Tlmsp.Client;
using Tlmsp.Http;

namespace Tlmsp.TestSupport;

/// <summary>One direction through a <see cref="TlmspRelay"/>.</summary>
/// <param name="ToServer">The direction.</param>
/// <param name="Relay">The engine's relay.</param>
/// <param name="Output">What goes on, for containers that a handler inserts.</param>
/// <param name="Flow">Makes containers that the relay would refuse to make.</param>
public sealed record RelayDirection(bool ToServer, ContainerRelay Relay, IBufferWriter<byte> Output, HostileFlow Flow)
{
    /// <summary>
    /// Given what the relay has made of a record, says what is sent in its place; <see cref="HostileFlow.Rewind"/> takes the record back.
    /// </summary>
    public Func<byte[], byte[]>? OnWire { get; set; }
}

/// <summary>A middlebox of the engine on bare TCP connections, for tests that read, change, insert and delete in any context.</summary>
public sealed class TlmspRelay : IAsyncDisposable
{
    private readonly TaskCompletionSource<Exception> _firstFault = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TlmspMiddleboxOptions _options;
    private readonly Func<RelayDirection, IContainerRelayHandler?> _handlers;
    private readonly int? _nextPort;
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    private TlmspRelay(TlmspMiddleboxOptions options, Func<RelayDirection, IContainerRelayHandler?> handlers, int? nextPort)
    {
        _options = options;
        _handlers = handlers;
        _nextPort = nextPort;
        options.Addresses[0].TryGetEndPoint(out _, out int port);
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>What ended connections, other than their ends and fatal alerts of others.</summary>
    public ConcurrentQueue<Exception> Faults { get; } = [];

    /// <summary>The first of <see cref="Faults"/>, which may come a little after what the endpoints see of it.</summary>
    public Task<Exception> FirstFault => _firstFault.Task;

    /// <summary>Listens on the port of the first address.</summary>
    /// <param name="options">The engine's options.</param>
    /// <param name="handlers">Makes the handler of each direction of each connection.</param>
    /// <param name="nextPort">
    /// Where connections go on to, when they pass here on their way to somebody else; else where the list says.
    /// </param>
    public static TlmspRelay Start(
        TlmspMiddleboxOptions options, Func<RelayDirection, IContainerRelayHandler?> handlers, int? nextPort = null) =>
        new(options, handlers, nextPort);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var running = new List<Task>();
        try
        {
            while (true)
            {
                running.Add(RunAsync(await _listener.AcceptSocketAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(running);
        }
    }

    private async Task RunAsync(Socket socket)
    {
        socket.NoDelay = true;
        await using var client = new SocketTransport(socket);
        using var path = new Path(_options, _handlers, _nextPort, client);
        try
        {
            await path.RunAsync(_stop.Token);
        }
        catch (TlmspException e) when (e.FromPeer)
        {
            // Relayed already.
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            // Stopped, or a connection broke: what that means shows at the endpoints.
        }
        catch (Exception e)
        {
            Faults.Enqueue(e);
            _firstFault.TrySetResult(e);
        }
    }

    private sealed class Path(
        TlmspMiddleboxOptions options, Func<RelayDirection, IContainerRelayHandler?> handlers, int? nextPort, SocketTransport client)
        : IDisposable
    {
        private readonly TlmspMiddleboxHandshake _handshake = new(options);
        private readonly SemaphoreSlim _turn = new(1, 1);
        private readonly ArrayBufferWriter<byte> _hello = new();
        private SocketTransport? _server;
        private TlmspMiddleboxSession? _session;
        private RelayDirection? _toServer;
        private RelayDirection? _toClient;
        private IContainerRelayHandler? _serverHandler;
        private IContainerRelayHandler? _clientHandler;

        public async Task RunAsync(CancellationToken stopping)
        {
            while (_handshake.NextHop is null)
            {
                if (!await TurnAsync(client.Input, fromClient: true, stopping))
                {
                    return;
                }
            }

            _handshake.NextHop.Value.TryGetEndPoint(out _, out int port);
            Socket socket = await TlmspPeer.DialAsync(new Uri($"tlmsp://localhost:{nextPort ?? port}"));
            await using var server = new SocketTransport(socket);
            _server = server;
            server.Output.Write(_hello.WrittenSpan);
            await server.FlushAsync(stopping);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            Task[] pumps = [PumpAsync(client.Input, fromClient: true, ended.Token), PumpAsync(server.Input, fromClient: false, ended.Token)];
            Task first = await Task.WhenAny(pumps);
            await ended.CancelAsync();
            await Task.WhenAll(pumps).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await first;
        }

        public void Dispose()
        {
            _session?.Dispose();
            _handshake.Dispose();
            _turn.Dispose();
        }

        private async Task PumpAsync(PipeReader input, bool fromClient, CancellationToken cancellationToken)
        {
            while (await TurnAsync(input, fromClient, cancellationToken))
            {
            }
        }

        /// <returns>False when the connection has ended.</returns>
        private async Task<bool> TurnAsync(PipeReader input, bool fromClient, CancellationToken cancellationToken)
        {
            ReadResult result = await input.ReadAsync(cancellationToken);
            await _turn.WaitAsync(cancellationToken);
            ReadOnlySequence<byte> buffer = result.Buffer;
            try
            {
                Process(ref buffer, fromClient);
            }
            finally
            {
                input.AdvanceTo(buffer.Start, buffer.End);
                if (_session is not null || !_handshake.IsInsideFlight)
                {
                    await client.FlushAsync(CancellationToken.None);
                    await (_server?.FlushAsync(CancellationToken.None) ?? ValueTask.CompletedTask);
                }

                _turn.Release();
            }

            return !result.IsCompleted && _session?.ClientToServer.FatalAlert is null && _session?.ServerToClient.FatalAlert is null;
        }

        private void Process(ref ReadOnlySequence<byte> input, bool fromClient)
        {
            IBufferWriter<byte> toServer = _server?.Output ?? _hello;
            if (_session is null)
            {
                HandshakeStatus status = fromClient
                    ? _handshake.ProcessClient(ref input, client.Output, toServer)
                    : _handshake.ProcessServer(ref input, client.Output, toServer);
                if (status != HandshakeStatus.Complete)
                {
                    return;
                }

                _session = _handshake.Complete();
                _toServer = new RelayDirection(true, _session.ClientToServer, toServer, new HostileFlow(_handshake, toServer: true));
                _toClient = new RelayDirection(false, _session.ServerToClient, client.Output, new HostileFlow(_handshake, toServer: false));
                _serverHandler = handlers(_toServer);
                _clientHandler = handlers(_toClient);
            }

            while (fromClient ? TryRelay(_toServer!, _serverHandler, ref input) : TryRelay(_toClient!, _clientHandler, ref input))
            {
            }
        }

        private static bool TryRelay(RelayDirection direction, IContainerRelayHandler? handler, ref ReadOnlySequence<byte> input)
        {
            var record = new ArrayBufferWriter<byte>();
            direction.Flow.Mark();
            bool relayed = direction.Relay.TryRelay(ref input, handler, record);
            byte[] sent = record.WrittenSpan.ToArray();
            direction.Output.Write(direction.OnWire is { } wire && relayed ? wire(sent) : sent);
            return relayed;
        }
    }
}
