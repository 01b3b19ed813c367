using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Tlmsp.Client;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Raw;

/// <summary>One path through the middlebox: shows every container, and changes what the rules say.</summary>
/// <param name="options">For the handshakes.</param>
/// <param name="console">Where it shows what passes.</param>
/// <param name="limit">Time for a handshake, and for the rest of a path that is ending.</param>
/// <param name="rules">What to change.</param>
/// <param name="isAllowed">Whether a next hop may be dialled.</param>
internal sealed class RawMiddlebox(
    TlmspMiddleboxOptions options, ToolConsole console, TimeSpan limit, RelayRules rules, Func<TlmspAddress, bool> isAllowed)
{
    public async Task RunAsync(Socket socket, CancellationToken cancellationToken)
    {
        await using var client = new SocketTransport(socket);
        using var handshake = new TlmspMiddleboxHandshake(options);
        SocketTransport? server = null;
        try
        {
            TlmspMiddleboxSession session;
            using (var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
            {
                timeout.CancelAfter(limit);
                try
                {
                    server = await RouteAsync(handshake, client, timeout.Token).ConfigureAwait(false);
                    session = await HandshakeAsync(handshake, client, server, timeout.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
                {
                    throw new TimeoutException($"no handshake within {limit.TotalSeconds} s", e);
                }
            }

            using (session)
            {
                Describe(session);
                await RelayAsync(session, client, server, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            if (server is not null)
            {
                await server.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Reads the hello and connects to where it says, if that is allowed.</summary>
    private async Task<SocketTransport> RouteAsync(
        TlmspMiddleboxHandshake handshake, SocketTransport client, CancellationToken cancellationToken)
    {
        var toServer = new ArrayBufferWriter<byte>();
        HandshakeStatus status;
        do
        {
            ReadResult result = await client.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            status = await ProcessAsync(handshake, result, fromClient: true, client, null, toServer).ConfigureAwait(false);
        }
        while (status != HandshakeStatus.NeedNextHop);

        TlmspAddress next = handshake.NextHop!.Value;
        try
        {
            if (!isAllowed(next) || !next.TryGetEndPoint(out string? host, out int port))
            {
                throw new FailedException($"The client asks for the next hop {next}, which is not allowed; to allow it: --next {next}");
            }

            var server = new SocketTransport(await ClientCommand.DialAsync(host, port, limit, cancellationToken).ConfigureAwait(false));
            server.Output.Write(toServer.WrittenSpan);
            await server.FlushAsync(cancellationToken).ConfigureAwait(false);
            return server;
        }
        catch
        {
            handshake.RefuseNextHop(client.Output);
            await client.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            await RawSession.DrainAsync(client).ConfigureAwait(false);
            throw;
        }
    }

    private static async Task<TlmspMiddleboxSession> HandshakeAsync(
        TlmspMiddleboxHandshake handshake, SocketTransport client, SocketTransport server, CancellationToken cancellationToken)
    {
        Task<ReadResult>? clientRead = null;
        Task<ReadResult>? serverRead = null;
        HandshakeStatus status = HandshakeStatus.NeedMoreData;
        while (status != HandshakeStatus.Complete)
        {
            clientRead ??= client.Input.ReadAsync(cancellationToken).AsTask();
            serverRead ??= server.Input.ReadAsync(cancellationToken).AsTask();
            Task<ReadResult> done = await Task.WhenAny(clientRead, serverRead).ConfigureAwait(false);
            bool fromClient = done == clientRead;
            ReadResult result = await done.ConfigureAwait(false);
            status = await ProcessAsync(handshake, result, fromClient, client, server, server.Output).ConfigureAwait(false);
            (fromClient ? ref clientRead : ref serverRead) = null;
        }

        // A read that is still under way would take the first data; what it has got by then stays in the pipe.
        await TakeBackAsync(clientRead, client.Input).ConfigureAwait(false);
        await TakeBackAsync(serverRead, server.Input).ConfigureAwait(false);
        return handshake.Complete();
    }

    private static async Task TakeBackAsync(Task<ReadResult>? pending, PipeReader input)
    {
        if (pending is not null)
        {
            input.CancelPendingRead();
            input.AdvanceTo((await pending.ConfigureAwait(false)).Buffer.Start);
        }
    }

    private static async ValueTask<HandshakeStatus> ProcessAsync(
        TlmspMiddleboxHandshake handshake, ReadResult result, bool fromClient, SocketTransport client, SocketTransport? server,
        IBufferWriter<byte> toServer)
    {
        ReadOnlySequence<byte> input = result.Buffer;
        HandshakeStatus status = HandshakeStatus.NeedMoreData;
        TlmspException? fault = null;
        try
        {
            status = fromClient
                ? handshake.ProcessClient(ref input, client.Output, toServer)
                : handshake.ProcessServer(ref input, client.Output, toServer);
        }
        catch (TlmspException e)
        {
            fault = e;
        }

        // What comes after the last handshake record must wake the relay's first read.
        bool isLast = status is HandshakeStatus.Complete or HandshakeStatus.NeedNextHop;
        (fromClient ? client : server!).Input.AdvanceTo(input.Start, isLast ? input.Start : input.End);
        await client.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        if (server is not null)
        {
            await server.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }

        if (fault is not null)
        {
            throw fault;
        }

        string side = fromClient ? "client's" : "server's";
        return result.IsCompleted && !isLast
            ? throw new TlmspException(Misbehaviour.ClosedWithoutNotify, $"the {side} connection ended inside the handshake")
            : status;
    }

    private void Describe(TlmspMiddleboxSession session)
    {
        Ink ink = console.ErrorInk;
        foreach (string line in PathText.Describe(session.Info, ink))
        {
            console.Note(line);
        }

        console.Note($"{ink.Dim("granted ")}  {ink.Yellow(session.Grant.ToString())} to this middlebox ({PathText.Entity(session.Self)})");
        foreach (byte context in rules.Contexts.Where(context => session.Grant[context] != TlmspAccess.Write))
        {
            console.Warn($"there is a rule for context {context}, and no right to write there: it passes unchanged.");
        }
    }

    private async Task RelayAsync(
        TlmspMiddleboxSession session, SocketTransport client, SocketTransport server, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task up = PumpAsync(session.ClientToServer, client, server, new Handler(console, rules, toServer: true), stop.Token);
        Task down = PumpAsync(session.ServerToClient, server, client, new Handler(console, rules, toServer: false), stop.Token);
        Task first = await Task.WhenAny(up, down).ConfigureAwait(false);
        Task second = first == up ? down : up;

        // After a fault nothing more passes; after an ordinary end the other direction gets its time for what is left.
        stop.CancelAfter(first.IsFaulted ? TimeSpan.Zero : limit);
        await second.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first.ConfigureAwait(false);
        if (second.IsFaulted)
        {
            await second.ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Relays one direction until it ends.</summary>
    private static async Task PumpAsync(
        ContainerRelay relay, SocketTransport from, SocketTransport to, Handler handler, CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await from.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            ReadOnlySequence<byte> input = result.Buffer;
            try
            {
                while (relay.TryRelay(ref input, handler, to.Output))
                {
                }
            }
            catch (Exception e) when (e is TlmspException or FailedException)
            {
                TlmspAlert alert = e is TlmspException fault ? fault.Alert : TlmspAlert.InternalError;
                relay.WriteAlert(TlmspAlertLevel.Fatal, alert, contextId: 0, to.Output);
                await to.FlushAsync(cancellationToken).ConfigureAwait(false);
                throw;
            }
            finally
            {
                from.Input.AdvanceTo(input.Start, input.End);
            }

            await to.FlushAsync(cancellationToken).ConfigureAwait(false);
            if (relay.IsEnded || result.IsCompleted)
            {
                return;
            }
        }
    }

    private sealed class Handler(ToolConsole console, RelayRules rules, bool toServer) : IContainerRelayHandler
    {
        public RelayAction OnContainer(in RelayedContainer container, IBufferWriter<byte> replacement)
        {
            RelayAction action = rules.Apply(container, replacement);
            console.Line(ContainerLine.Relayed(container, toServer, action, console.OutInk));
            return action;
        }
    }
}
