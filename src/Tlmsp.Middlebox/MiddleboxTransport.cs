using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Tlmsp.Middlebox;

/// <summary>Where connections come from and how next hops are reached: one flush of a connection's output is one send.</summary>
internal interface IMiddleboxTransport
{
    /// <summary>Starts to listen.</summary>
    ValueTask<IConnectionListener> BindAsync(IPEndPoint endPoint, CancellationToken cancellationToken);

    /// <exception cref="SocketException">The name is not known.</exception>
    Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken);

    /// <exception cref="SocketException">Nobody answers there.</exception>
    Task<ConnectionContext> ConnectAsync(IPEndPoint endPoint, CancellationToken cancellationToken);
}

/// <summary>Kestrel's socket transport, in both directions.</summary>
internal sealed class SocketMiddleboxTransport(ILoggerFactory loggers) : IMiddleboxTransport, IDisposable
{
    // Room for one batch of the relay under way and one to follow. Kestrel's 1 MiB for input would let a receiver that does not read
    // hold up megabytes per connection here; its 64 KiB for output would make relaying and sending take turns.
    private const long BufferSize = 2 * RelayPump.BatchBytes;

    private readonly SocketTransportFactory _listeners = new(
        Options.Create(new SocketTransportOptions
        {
            MaxReadBufferSize = BufferSize,
            MaxWriteBufferSize = BufferSize,
            // Accepted sockets inherit it.
            CreateBoundListenSocket = endPoint => KeepAlive(SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint)),
        }),
        loggers);

    private readonly SocketConnectionContextFactory _connections = new(
        new SocketConnectionFactoryOptions { MaxReadBufferSize = BufferSize, MaxWriteBufferSize = BufferSize },
        loggers.CreateLogger<SocketConnectionContextFactory>());

    public ValueTask<IConnectionListener> BindAsync(IPEndPoint endPoint, CancellationToken cancellationToken) =>
        _listeners.BindAsync(endPoint, cancellationToken);

    public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
        Dns.GetHostAddressesAsync(host, cancellationToken);

    public async Task<ConnectionContext> ConnectAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        Socket socket = KeepAlive(new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            return _connections.Create(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose() => _connections.Dispose();

    /// <summary>A relay writes nothing of its own: only the system can find out that both sides have vanished.</summary>
    private static Socket KeepAlive(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 60);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
        return socket;
    }
}
