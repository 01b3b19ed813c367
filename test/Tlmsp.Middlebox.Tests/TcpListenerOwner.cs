using System.Net;
using System.Net.Sockets;

namespace Tlmsp.Middlebox.Tests;

/// <summary>A TCP listener on loopback, stopped at the end.</summary>
internal sealed class TcpListenerOwner : IDisposable
{
    public TcpListenerOwner()
    {
        Listener = new TcpListener(IPAddress.Loopback, 0);
        Listener.Start();
    }

    public TcpListener Listener { get; }

    public Uri Address => new($"https://localhost:{((IPEndPoint)Listener.LocalEndpoint).Port}");

    public void Dispose() => Listener.Dispose();
}
