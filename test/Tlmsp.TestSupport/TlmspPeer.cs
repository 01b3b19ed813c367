using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Tlmsp.Client;
using Tlmsp.Http;

namespace Tlmsp.TestSupport;

/// <summary>A container as an endpoint received it; see <see cref="ReceivedContainer"/>.</summary>
public sealed record PeerContainer(byte Context, byte[] Data, byte Origin, byte Author, bool IsInserted, bool IsDeleted, bool IsAudited);

/// <summary>An endpoint of ours on a bare TCP connection, for tests that stall, half-close, reset or end one at a given moment.</summary>
public sealed class TlmspPeer : IContainerReceiver, IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly ITlmspTransport _transport;
    private readonly Queue<PeerContainer> _received = [];

    private TlmspPeer(Socket socket, ITlmspTransport transport, TlmspSession session)
    {
        Socket = socket;
        _transport = transport;
        Session = session;
    }

    public Socket Socket { get; }

    public TlmspSession Session { get; }

    /// <summary>Connects to a middlebox or server and completes the handshake.</summary>
    public static Task<TlmspPeer> ConnectAsync(Uri server, IEnumerable<TlmspMiddlebox> middleboxes, WriteLog? log = null) =>
        ConnectAsync(ClientOptions(server, middleboxes), log);

    /// <summary>Connects to the first hop and completes the handshake.</summary>
    public static async Task<TlmspPeer> ConnectAsync(TlmspClientOptions options, WriteLog? log = null)
    {
        TlmspAddress firstHop = options.Middleboxes.Count > 0 ? options.Middleboxes[0].Address : options.ServerAddress;
        Socket socket = await DialAsync(new Uri(firstHop.Text));
        return await HandshakeAsync(socket, new TlmspClientHandshake(options), log);
    }

    /// <summary>Connects to the first hop, and once more over the path that the server asks for instead.</summary>
    /// <param name="options">The engine's options.</param>
    /// <param name="tamper">Changes the hash of the first connection.</param>
    public static async Task<TlmspPeer> DiscoverAsync(TlmspClientOptions options, Action<byte[]>? tamper = null)
    {
        try
        {
            await using TlmspPeer peer = await ConnectAsync(options);
        }
        catch (TlmspReconnectException e)
        {
            tamper?.Invoke(e.Discovery!.Hash);
            Socket socket = await DialAsync(new Uri(e.Discovery!.FirstHop.Text));
            return await HandshakeAsync(socket, new TlmspClientHandshake(options, e.Discovery), log: null);
        }

        throw new InvalidOperationException("The server did not ask for another path.");
    }

    /// <summary>Takes a connection and completes the handshake as a server that allows every middlebox.</summary>
    public static Task<TlmspPeer> AcceptAsync(TcpListener listener, string name = "localhost", WriteLog? log = null) =>
        AcceptAsync(listener, ServerOptions(name), log);

    /// <summary>Takes a connection and completes the handshake.</summary>
    public static async Task<TlmspPeer> AcceptAsync(TcpListener listener, TlmspServerOptions options, WriteLog? log = null)
    {
        Socket socket = await listener.AcceptSocketAsync().WaitAsync(s_patience);
        socket.NoDelay = true;
        return await HandshakeAsync(socket, new TlmspServerHandshake(options), log);
    }

    public static TlmspServerOptions ServerOptions(string name = "localhost") => new()
    {
        Certificates = [TestCertificates.Get(name)],
        MiddleboxPolicy = _ => null,
        Trust = TestCertificates.Trust(),
    };

    public static TlmspClientOptions ClientOptions(Uri server, IEnumerable<TlmspMiddlebox> middleboxes) => new()
    {
        ServerAddress = TlmspAddress.Parse($"tlmsp://{server.Host}:{server.Port}"),
        Contexts = [.. HttpContexts.Create()],
        Middleboxes = [.. middleboxes],
        Trust = TestCertificates.Trust(),
    };

    /// <summary>A TCP connection, nothing more.</summary>
    public static async Task<Socket> DialAsync(Uri address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, address.Port);
        return socket;
    }

    /// <summary>An HttpClient whose connections are made as <see cref="TlmspHandler"/> makes them, with a log of their writes.</summary>
    public static HttpClient HttpClient(Uri server, IEnumerable<TlmspMiddlebox> middleboxes, WriteLog log) =>
        HttpClient(ClientOptions(server, middleboxes), server, log);

    /// <summary>As the other overload, with options of its own.</summary>
    public static HttpClient HttpClient(TlmspClientOptions options, Uri server, WriteLog log) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (_, cancellationToken) =>
        {
            TlmspPeer peer = await ConnectAsync(options, log).WaitAsync(cancellationToken);
            return new ClaimedStream(new TlmspHttpStream(
                peer.Session, peer._transport, HttpDirection.Response, HttpMappingMode.Strict, flushOnWrite: true));
        },
    }) { BaseAddress = server, Timeout = s_patience };

    /// <summary>Sends data in one context, in one write.</summary>
    public Task SendAsync(byte contextId, string text) => SendAsync(contextId, Encoding.ASCII.GetBytes(text));

    /// <summary>Sends data in one context, in one write.</summary>
    public async Task SendAsync(byte contextId, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        Session.Writer.Write(contextId, data.Span, _transport.Output);
        await _transport.FlushAsync(cancellationToken);
    }

    /// <summary>Sends a head and content in one write.</summary>
    public Task SendMessageAsync(string head, string content) => SendAsync((HttpContexts.Headers, head), (HttpContexts.Body, content));

    /// <summary>Sends data in several contexts, in one write.</summary>
    public Task SendAsync(params (byte ContextId, string Text)[] parts) =>
        SendAllAsync([.. parts.Select(part => (part.ContextId, Encoding.ASCII.GetBytes(part.Text)))]);

    /// <summary>Sends data in several contexts, in one write.</summary>
    public async Task SendAllAsync((byte ContextId, byte[] Data)[] parts)
    {
        foreach ((byte contextId, byte[] data) in parts)
        {
            Session.Writer.Write(contextId, data, _transport.Output);
        }

        await _transport.FlushAsync(CancellationToken.None);
    }

    public async Task SendCloseNotifyAsync()
    {
        Session.Writer.WriteCloseNotify(_transport.Output);
        await _transport.FlushAsync(CancellationToken.None);
    }

    public async Task SendAlertAsync(TlmspAlert alert, TlmspAlertLevel level = TlmspAlertLevel.Fatal, byte contextId = 0)
    {
        Session.Writer.WriteAlert(level, alert, contextId, _transport.Output);
        await _transport.FlushAsync(CancellationToken.None);
    }

    /// <summary>The next container, or null when the connection or the other side's data has ended.</summary>
    /// <exception cref="TlmspException">A fatal alert came, or the other side misbehaved.</exception>
    public async Task<(byte Context, byte[] Data)?> ReceiveAsync() =>
        await ReceiveContainerAsync() is { } next ? (next.Context, next.Data) : null;

    /// <summary>As <see cref="ReceiveAsync"/>, with what the record layer says of the container.</summary>
    public async Task<PeerContainer?> ReceiveContainerAsync()
    {
        using var timeout = new CancellationTokenSource(s_patience);
        while (true)
        {
            if (_received.TryDequeue(out PeerContainer? next))
            {
                return next;
            }

            if (Session.Reader.IsClosed)
            {
                return null;
            }

            ReadResult result = await _transport.Input.ReadAsync(timeout.Token);
            ReadOnlySequence<byte> input = result.Buffer;
            bool taken = false;
            try
            {
                taken = Session.Reader.TryRead(ref input, this);
            }
            finally
            {
                _transport.Input.AdvanceTo(input.Start, taken ? input.Start : input.End);
            }

            if (!taken && result.IsCompleted)
            {
                return null;
            }
        }
    }

    /// <summary>The next container as text, with its context; "end" when there is none.</summary>
    public async Task<string> ReceiveTextAsync() =>
        await ReceiveAsync() is { } next ? $"{next.Context}: {Encoding.ASCII.GetString(next.Data)}" : "end";

    /// <summary>Receives to the end: the fatal alert that came, or null when the connection just ended.</summary>
    /// <exception cref="IOException">The connection was reset.</exception>
    public async Task<TlmspException?> ReceiveEndAsync()
    {
        try
        {
            while (await ReceiveAsync() is not null)
            {
            }

            return null;
        }
        catch (TlmspException e)
        {
            return e;
        }
    }

    /// <summary>Ends the sending half of the TCP connection.</summary>
    public void HalfClose() => Socket.Shutdown(SocketShutdown.Send);

    /// <summary>Resets the TCP connection, as a machine that crashes and comes back does.</summary>
    public void Reset()
    {
        Socket.LingerState = new LingerOption(true, 0);
        Socket.Close();
    }

    public void OnContainer(in ReceivedContainer container) =>
        _received.Enqueue(new PeerContainer(
            container.ContextId, container.Plaintext.ToArray(), container.Origin, container.Author,
            container.IsInserted, container.IsDeleted, container.IsAudited));

    public async ValueTask DisposeAsync()
    {
        Session.Dispose();
        await _transport.DisposeAsync();
    }

    private static async Task<TlmspPeer> HandshakeAsync(Socket socket, TlmspHandshake handshake, WriteLog? log)
    {
        ITlmspTransport transport = new SocketTransport(socket);
        if (log is not null)
        {
            transport = new LoggingTransport(transport, log);
        }

        using var timeout = new CancellationTokenSource(s_patience);
        using (handshake)
        {
            try
            {
                return new TlmspPeer(socket, transport, await TlmspConnector.HandshakeAsync(handshake, transport, timeout.Token));
            }
            catch
            {
                await transport.DisposeAsync();
                throw;
            }
        }
    }
}
