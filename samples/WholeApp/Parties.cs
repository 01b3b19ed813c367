using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Tlmsp;
using Tlmsp.AspNetCore;
using Tlmsp.Client;
using Tlmsp.Http;
using Tlmsp.Middlebox;

namespace WholeApp;

/// <summary>What a deployment has anyway: certificates, ports, what may be on the path, and one middlebox that reads heads and counts them.</summary>
internal sealed class Parties : IAsyncDisposable
{
    private readonly TlmspDevelopmentCertificates _certificates = TlmspDevelopmentCertificates.Create(TimeSpan.FromDays(1));
    private readonly int _boxPort = FreePort();
    private IHost? _box;
    private long _heads;

    public int HttpsPort { get; } = FreePort();

    public int TlmspPort { get; } = FreePort();

    public long HeadsSeen => Interlocked.Read(ref _heads);

    private string BoxAddress => $"tlmsp://localhost:{_boxPort}";

    public X509Certificate2 Certificate => field ??= _certificates.Issue("whole app", "localhost");

    public void Server(TlmspConnectionOptions tlmsp)
    {
        tlmsp.Profiles.Add(HttpProfile.Two.WithTunnel());
        tlmsp.Trust.CustomRootTrust.Add(_certificates.Root);
        tlmsp.Middleboxes.Allow(BoxAddress, Grant.Read(HttpContexts.Headers));
    }

    /// <summary>For clients of WebSockets too: tunnels exist over HTTP/1.1 alone.</summary>
    public void ClientWithTunnels(TlmspHttpOptions tlmsp)
    {
        Client(tlmsp);
        tlmsp.Profile = HttpProfile.Two.WithTunnel();
    }

    public void Client(TlmspHttpOptions tlmsp)
    {
        tlmsp.Trust.CustomRootTrust.Add(_certificates.Root);
        tlmsp.Middleboxes.Add(BoxAddress, Grant.Read(HttpContexts.Headers));
    }

    public SocketsHttpHandler HttpsHandler()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(_certificates.Root);
        return new SocketsHttpHandler { UseProxy = false, SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy } };
    }

    public async Task StartMiddleboxAsync()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddTlmspMiddlebox(middlebox =>
        {
            middlebox.Address = BoxAddress;
            middlebox.ListenEndPoint = new IPEndPoint(IPAddress.Loopback, _boxPort);
            middlebox.Certificate = _certificates.Issue("middlebox", "localhost");
            middlebox.Trust.CustomRootTrust.Add(_certificates.Root);
            middlebox.NextHops.Allow($"localhost:{TlmspPort}");
        }).AddInspector(_ => new HeadCounter(this));
        _box = builder.Build();
        await _box.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_box is not null)
        {
            await _box.StopAsync();
            _box.Dispose();
        }

        _certificates.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed class HeadCounter(Parties parties) : ITlmspInspector
    {
        public ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref parties._heads);
            return default;
        }
    }
}
