using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace Tlmsp.Middlebox;

/// <summary>Connects to next hops, on the same transport that accepts connections.</summary>
internal sealed class NextHopDialer(ILoggerFactory loggers) : IDisposable
{
    private readonly SocketConnectionContextFactory _factory =
        new(new SocketConnectionFactoryOptions(), loggers.CreateLogger<NextHopDialer>());

    /// <exception cref="SocketException">The host cannot be reached.</exception>
    public async Task<ConnectionContext> ConnectAsync(string host, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new DnsEndPoint(host, port), cancellationToken).ConfigureAwait(false);
            return _factory.Create(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose() => _factory.Dispose();
}
