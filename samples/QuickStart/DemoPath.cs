using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Tlmsp;
using Tlmsp.AspNetCore;
using Tlmsp.Client;
using Tlmsp.Http;

namespace QuickStart;

/// <summary>The parties: the API on TLMSP and on plain HTTPS, a header-only and a body-only middlebox, and clients for both ways.</summary>
/// <param name="fixedPorts">True for the ports that the README names, false for free ones.</param>
internal sealed class DemoPath(bool fixedPorts) : IAsyncDisposable
{
    private readonly TlmspDevelopmentCertificates _certificates = TlmspDevelopmentCertificates.Create(TimeSpan.FromDays(1));
    private readonly List<IHost> _hosts = [];
    private readonly int _tlmspPort = fixedPorts ? 5001 : FreePort();
    private readonly int _httpsPort = FreePort();
    private readonly int _headPort = fixedPorts ? 7001 : FreePort();
    private readonly int _bodyPort = fixedPorts ? 7002 : FreePort();
    private readonly int _scannerPort = fixedPorts ? 7003 : FreePort();

    public static Grant HeaderOnly => Grant.Read(HttpContexts.Headers);

    public static Grant BodyOnly => Grant.Read(HttpContexts.Body);

    public static Grant ResponseBodyOnly => Grant.Read(HttpContexts.ResponseBody);

    public Testimony HeaderBox { get; } = new();

    public Testimony BodyBox { get; } = new();

    public Testimony Scanner { get; } = new();

    public string HeaderBoxAddress => $"tlmsp://localhost:{_headPort}";

    public string BodyBoxAddress => $"tlmsp://localhost:{_bodyPort}";

    public string ScannerAddress => $"tlmsp://localhost:{_scannerPort}";

    public Uri ServerAddress => new($"https://localhost:{_tlmspPort}");

    public Uri HttpsAddress => new($"https://localhost:{_httpsPort}");

    /// <summary>The throw-away CA, for other programs to trust.</summary>
    public string AuthorityPem => _certificates.Root.ExportCertificatePem();

    /// <summary>What the server knows of the connection of the last request.</summary>
    public TlmspSessionInfo? SeenByServer { get; private set; }

    public async Task StartAsync()
    {
        await StartServerAsync();
        await StartMiddleboxAsync(BodyBoxAddress, _bodyPort, BodyBox, $"localhost:{_tlmspPort}");
        await StartMiddleboxAsync(ScannerAddress, _scannerPort, Scanner, $"localhost:{_tlmspPort}");
        await StartMiddleboxAsync(HeaderBoxAddress, _headPort, HeaderBox, BodyBoxAddress, $"localhost:{_tlmspPort}");
    }

    /// <summary>A client whose requests pass both middleboxes.</summary>
    public HttpClient CreateClient() => new(new TlmspHandler(
        tlmsp =>
        {
            tlmsp.Trust.CustomRootTrust.Add(_certificates.Root);
            tlmsp.Middleboxes.Add(HeaderBoxAddress, HeaderOnly).Add(BodyBoxAddress, BodyOnly);
        },
        handler => handler.MaxConnectionsPerServer = 8))
    {
        BaseAddress = ServerAddress,
    };

    /// <summary>A client with contexts per direction, whose responses a scanner may read the bodies of.</summary>
    public HttpClient CreateScannedClient() => new(new TlmspHandler(tlmsp =>
    {
        tlmsp.Profile = HttpProfile.Four;
        tlmsp.Trust.CustomRootTrust.Add(_certificates.Root);
        tlmsp.Middleboxes.Add(ScannerAddress, ResponseBodyOnly);
    }))
    {
        BaseAddress = ServerAddress,
    };

    /// <summary>A client for the same API over TLS, as it always was.</summary>
    public HttpClient CreateHttpsClient()
    {
        var handler = new SocketsHttpHandler { MaxConnectionsPerServer = 8, UseProxy = false };
        handler.SslOptions.EnabledSslProtocols = SslProtocols.Tls12;
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.Add(_certificates.Root);
        return new HttpClient(handler) { BaseAddress = HttpsAddress };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IHost host in Enumerable.Reverse(_hosts))
        {
            await host.StopAsync();
            host.Dispose();
        }
    }

    private async Task StartServerAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Logging.ClearProviders().AddSimpleConsole().SetMinimumLevel(LogLevel.Warning);
        X509Certificate2 certificate = _certificates.Issue("orders API", "localhost");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = 100_000_000;
            kestrel.Listen(IPAddress.Loopback, _tlmspPort, listen => listen.UseTlmsp(tlmsp =>
            {
                tlmsp.ServerCertificate = certificate;
                tlmsp.Trust.CustomRootTrust.Add(_certificates.Root);
                tlmsp.Middleboxes.Allow(HeaderBoxAddress, HeaderOnly).Allow(BodyBoxAddress, BodyOnly)
                    .Allow(ScannerAddress, ResponseBodyOnly);
            }));
            kestrel.Listen(IPAddress.Loopback, _httpsPort, listen => listen.UseHttps(certificate));
        });
        WebApplication app = builder.Build();
        app.Use((context, next) =>
        {
            SeenByServer = context.Features.Get<ITlmspConnectionFeature>()?.Session ?? SeenByServer;
            return next(context);
        });
        app.MapOrders();
        await app.StartAsync();
        _hosts.Add(app);
    }

    private async Task StartMiddleboxAsync(string address, int port, Testimony testimony, params string[] nextHops)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddTlmspMiddlebox(middlebox =>
        {
            middlebox.Address = address;
            middlebox.ListenEndPoint = new IPEndPoint(IPAddress.Loopback, port);
            middlebox.Certificate = _certificates.Issue("middlebox", "localhost");
            middlebox.Trust.CustomRootTrust.Add(_certificates.Root);
            Array.ForEach(nextHops, nextHop => middlebox.NextHops.Allow(nextHop));
        }).AddInspector(_ => new Witness(testimony));
        IHost host = builder.Build();
        await host.StartAsync();
        _hosts.Add(host);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
