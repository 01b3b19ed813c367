using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tlmsp;
using Tlmsp.AspNetCore;
using Tlmsp.Client;
using Tlmsp.Http;
using Tlmsp.Middlebox;
using Yarp.ReverseProxy.Configuration;

namespace YarpSample;

/// <summary>Certificates, hosts, and a middlebox that counts the heads it reads.</summary>
internal sealed class Parties : IAsyncDisposable
{
    private static readonly Grant s_heads = Grant.Read(HttpContexts.Headers);
    private readonly TlmspDevelopmentCertificates _certificates = TlmspDevelopmentCertificates.Create(TimeSpan.FromDays(1));
    private readonly List<IHost> _hosts = [];
    private X509Certificate2? _certificate;
    private long _heads;

    public long HeadsSeen => Interlocked.Read(ref _heads);

    private X509Certificate2 Certificate => _certificate ??= _certificates.Issue("yarp sample", "localhost");

    /// <summary>Starts a middlebox in front of a server.</summary>
    public async Task<string> StartMiddleboxAsync(int serverPort)
    {
        int port = FreePort();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddTlmspMiddlebox(middlebox =>
        {
            middlebox.Address = $"localhost:{port}";
            middlebox.ListenEndPoint = new IPEndPoint(IPAddress.Loopback, port);
            middlebox.Certificate = Certificate;
            middlebox.Trust.CustomRootTrust.Add(_certificates.Root);
            middlebox.NextHops.Allow($"localhost:{serverPort}");
        }).AddInspector((_, _) =>
        {
            Interlocked.Increment(ref _heads);
            return default;
        });
        IHost host = builder.Build();
        await host.StartAsync();
        _hosts.Add(host);
        return $"localhost:{port}";
    }

    /// <summary>Starts a web host.</summary>
    /// <param name="port">Where it listens.</param>
    /// <param name="listen">TLS or TLMSP.</param>
    /// <param name="map">The application.</param>
    /// <param name="services">Its services.</param>
    public async Task StartAsync(int port, Action<ListenOptions> listen, Action<WebApplication> map, Action<IServiceCollection>? services = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Logging.ClearProviders().AddSimpleConsole().SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen));
        services?.Invoke(builder.Services);
        WebApplication app = builder.Build();
        map(app);
        await app.StartAsync();
        _hosts.Add(app);
    }

    public void Https(ListenOptions listen) => listen.UseHttps(Certificate);

    /// <summary>TLMSP for everybody who lists middleboxes that may read heads.</summary>
    public void Tlmsp(ListenOptions listen) => listen.UseTlmsp(Certificate, tlmsp =>
    {
        tlmsp.Trust.CustomRootTrust.Add(_certificates.Root);
        tlmsp.Middleboxes.Policy = request => request.Middleboxes.All(middlebox => middlebox.Grant.Equals(s_heads)) ? null : "heads alone may be read";
    });

    public void TlmspThrough(string middlebox, TlmspHttpOptions tlmsp)
    {
        tlmsp.Trust.CustomRootTrust.Add(_certificates.Root);
        tlmsp.Middleboxes.Add(middlebox, s_heads);
    }

    public SocketsHttpHandler HttpsHandler() => new() { UseProxy = false, SslOptions = { CertificateChainPolicy = ChainPolicy() } };

    public X509ChainPolicy ChainPolicy()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(_certificates.Root);
        return policy;
    }

    /// <summary>A route to one destination.</summary>
    public static (RouteConfig[] Routes, ClusterConfig[] Clusters) To(int port) => (
        [new RouteConfig { RouteId = "all", ClusterId = "backend", Match = new RouteMatch { Path = "{**all}" } }],
        [
            new ClusterConfig
            {
                ClusterId = "backend",
                Destinations = new Dictionary<string, DestinationConfig> { ["one"] = new() { Address = $"https://localhost:{port}" } },
            },
        ]);

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IHost host in Enumerable.Reverse(_hosts))
        {
            await host.StopAsync();
            host.Dispose();
        }

        _certificates.Dispose();
    }
}
