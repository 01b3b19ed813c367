using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp.Benchmarks;

/// <summary>What TLMSP stands beside: a middlebox that ends TLS and starts it anew towards the server. It looks at nothing.</summary>
internal sealed class TerminatingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 _certificate;
    private readonly IPEndPoint _server;
    private readonly SslClientAuthenticationOptions _towardsServer;
    private readonly Task _accepting;

    public TerminatingProxy(X509Certificate2 certificate, IPEndPoint server, SslClientAuthenticationOptions towardsServer)
    {
        _certificate = certificate;
        _server = server;
        _towardsServer = towardsServer;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync();
                _ = ServeAsync(client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using TcpClient accepted = client;
        using var next = new TcpClient { NoDelay = true };
        accepted.NoDelay = true;
        try
        {
            await using var down = new SslStream(accepted.GetStream());
            await down.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificate = _certificate,
                EnabledSslProtocols = SslProtocols.Tls12,
            });
            await next.ConnectAsync(_server);
            await using var up = new SslStream(next.GetStream());
            await up.AuthenticateAsClientAsync(_towardsServer);
            await Task.WhenAny(down.CopyToAsync(up, 64 * 1024), up.CopyToAsync(down, 64 * 1024));
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException)
        {
            // The benchmark's own clients closed.
        }
    }
}
