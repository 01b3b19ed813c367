using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>A middlebox between bare endpoints, one pair at a time: it accepts no connection before it has let the last one go.</summary>
internal sealed class PeerPath : IAsyncDisposable
{
    public const string Request = "POST / HTTP/1.1\r\nHost: server.example\r\nContent-Length: 1\r\n\r\n";
    public const string Response = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly TcpListener _listener;

    private PeerPath(TcpListener listener, TestMiddlebox middlebox, Grant grant)
    {
        _listener = listener;
        Middlebox = middlebox;
        Grant = grant;
    }

    public TestMiddlebox Middlebox { get; }

    public Grant Grant { get; }

    public Uri ServerAddress => Address(_listener);

    public static async Task<PeerPath> StartAsync(
        Action<TlmspMiddleboxHostOptions>? configure = null, bool inspect = false, ITlmspInspector? inspector = null, Grant? grant = null,
        Action<IServiceCollection>? services = null)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
            Address(listener),
            options =>
            {
                options.MaxConnections = 1;
                options.SweepInterval = TimeSpan.FromMilliseconds(20);
                configure?.Invoke(options);
            },
            inspect || inspector is not null,
            inspector,
            services);
        return new PeerPath(listener, middlebox, grant ?? Grant.Read(HttpContexts.Headers, HttpContexts.Body));
    }

    /// <summary>Connects a client and a server through the middlebox.</summary>
    public async Task<(TlmspPeer Client, TlmspPeer Server)> ConnectAsync(params TlmspContext[] moreContexts)
    {
        Task<TlmspPeer> accepting = TlmspPeer.AcceptAsync(_listener);
        TlmspClientOptions options = TlmspPeer.ClientOptions(ServerAddress, [Middlebox.With(Grant)]);
        options.Contexts = [.. options.Contexts, .. moreContexts];
        TlmspPeer client = await TlmspPeer.ConnectAsync(options).WaitAsync(s_patience);
        return (client, await accepting.WaitAsync(s_patience));
    }

    /// <summary>A TCP connection to the middlebox that has sent a genuine hello.</summary>
    public async Task<Socket> SendHelloAsync()
    {
        Socket client = await TlmspPeer.DialAsync(new Uri(Middlebox.Address));
        await client.SendAsync(Hello());
        return client;
    }

    public byte[] Hello()
    {
        using var handshake = new TlmspClientHandshake(TlmspPeer.ClientOptions(ServerAddress, [Middlebox.With(Grant)]));
        var hello = new System.Buffers.ArrayBufferWriter<byte>();
        handshake.Start(hello);
        return hello.WrittenSpan.ToArray();
    }

    /// <summary>The TCP connection that the middlebox makes.</summary>
    public Task<Socket> AcceptAsync() => _listener.AcceptSocketAsync().WaitAsync(s_patience);

    /// <summary>Connects anew, which shows that the middlebox has let the last connection go, and exchanges something.</summary>
    public async Task AssertWorksAsync()
    {
        (TlmspPeer client, TlmspPeer server) = await ConnectAsync();
        await using TlmspPeer ownedClient = client;
        await using TlmspPeer ownedServer = server;
        await client.SendMessageAsync(Request, "x");
        Assert.Equal($"1: {Request}", await server.ReceiveTextAsync());
        Assert.Equal("2: x", await server.ReceiveTextAsync());
        await server.SendMessageAsync(Response, "y");
        Assert.Equal($"1: {Response}", await client.ReceiveTextAsync());
        Assert.Equal("2: y", await client.ReceiveTextAsync());
    }

    /// <summary>Reads until the other side closes or resets.</summary>
    public static async Task<int> ReadToEndAsync(Socket socket)
    {
        byte[] buffer = new byte[4096];
        int total = 0;
        using var timeout = new CancellationTokenSource(s_patience);
        try
        {
            while (await socket.ReceiveAsync(buffer, timeout.Token) is > 0 and int count)
            {
                total += count;
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // As good as a close.
        }

        return total;
    }

    public async ValueTask DisposeAsync()
    {
        await Middlebox.DisposeAsync();
        _listener.Stop();
    }

    private static Uri Address(TcpListener listener) => new($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}");
}
