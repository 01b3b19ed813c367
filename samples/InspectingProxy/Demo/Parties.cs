using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using InspectingProxy.Boxes;
using Tlmsp;
using Tlmsp.Client;
using Tlmsp.Http;

namespace InspectingProxy.Demo;

/// <summary>
/// Everybody: a client, the three boxes and the API, with throw-away certificates. The boxes read theirs from files, as they would where they
/// are deployed.
/// </summary>
internal sealed class Parties : IAsyncDisposable
{
    public const string Audience = "customers-api";
    private readonly TlmspDevelopmentCertificates _certificates = TlmspDevelopmentCertificates.Create(TimeSpan.FromDays(1));
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("inspecting-proxy-");
    private readonly List<IHost> _hosts = [];
    private readonly ECDsa _tokenKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly List<BoxProcess> _processes = [];
    private readonly bool _deployed;
    private readonly int _apiPort = FreePort();

    /// <param name="deployed">True for boxes in processes of their own, which leave audits; else they are in this one, with a witness each.</param>
    public Parties(bool deployed)
    {
        _deployed = deployed;

        // On the way of a request: the gateway first, the scanner last.
        BoxSettings dlp = Settings(BoxKind.Dlp, $"localhost:{_apiPort}");
        BoxSettings waf = Settings(BoxKind.Waf, dlp.Address);
        BoxSettings gateway = Settings(BoxKind.Gateway, waf.Address);
        Boxes =
        [
            (gateway, HttpContexts.ParseGrant("secret=r"), Gateway),
            (waf, HttpContexts.ParseGrant("req-head=r,resp-head=r"), Waf),
            (dlp, HttpContexts.ParseGrant("resp-body=r"), Dlp),
        ];
        Tokens = new Tokens(_tokenKey, Audience);
    }

    public Testimony Gateway { get; } = new("auth gateway", "secret=r");

    public Testimony Waf { get; } = new("WAF", "req-head=r,resp-head=r");

    public Testimony Dlp { get; } = new("DLP scanner", "resp-body=r");

    public IReadOnlyList<(BoxSettings Settings, Grant Grant, Testimony Testimony)> Boxes { get; }

    /// <summary>Issues tokens.</summary>
    public Tokens Tokens { get; }

    /// <summary>What reached the API.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>What boxes in processes of their own ended with.</summary>
    public List<int> ExitCodes { get; } = [];

    private static HttpProfile Profile => HttpProfile.Four.WithSecrets();

    public async Task StartAsync()
    {
        await File.WriteAllTextAsync(PathOf("ca.pem"), _certificates.Root.ExportCertificatePem());
        await File.WriteAllTextAsync(PathOf("tokens.pem"), _tokenKey.ExportSubjectPublicKeyInfoPem());
        await StartApiAsync();
        foreach ((BoxSettings settings, _, Testimony testimony) in Boxes)
        {
            using X509Certificate2 certificate = _certificates.Issue($"{settings.Kind}", "localhost");
            await File.WriteAllTextAsync(settings.Certificate, certificate.ExportCertificatePem());
            using ECDsa key = certificate.GetECDsaPrivateKey()!;
            await File.WriteAllTextAsync(settings.Key, key.ExportPkcs8PrivateKeyPem());
            if (_deployed)
            {
                _processes.Add(await BoxProcess.StartAsync(settings, PathOf($"{settings.Kind}.json")));
                continue;
            }

            WebApplication box = Box.Build(settings, middlebox =>
            {
                middlebox.Services.AddLogging(logging => logging.AddFilter("Tlmsp", LogLevel.Error));
                middlebox.AddInspector(_ => new Witness(testimony));
                middlebox.Services.AddSingleton(testimony);
                middlebox.AddSink<Decisions>();
            });
            await box.StartAsync();
            _hosts.Add(box);
        }
    }

    public HttpClient CreateClient() => new(new TlmspHandler(tlmsp =>
    {
        tlmsp.Profile = Profile;
        tlmsp.Trust.CustomRootTrust.Add(_certificates.Root);
        foreach ((BoxSettings settings, Grant grant, _) in Boxes)
        {
            tlmsp.Middleboxes.Add(settings.Address, grant);
        }
    }))
    {
        BaseAddress = new Uri($"https://localhost:{_apiPort}"),
        Timeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>Ends all connections; what the boxes know is complete then.</summary>
    public async Task StopAsync()
    {
        foreach (IHost host in Enumerable.Reverse(_hosts))
        {
            await host.StopAsync();
            host.Dispose();
        }

        _hosts.Clear();
        foreach (BoxProcess process in _processes)
        {
            ExitCodes.Add(await process.StopAsync());
            process.Dispose();
        }

        _processes.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _certificates.Dispose();
        _tokenKey.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task StartApiAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        // Connections that boxes close are what is shown here, not worth a warning each.
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _apiPort, listen => listen.UseTlmsp(tlmsp =>
        {
            tlmsp.ServerCertificate = _certificates.Issue("customers API", "localhost");
            tlmsp.Trust.CustomRootTrust.Add(_certificates.Root);
            tlmsp.Profiles.Clear();
            tlmsp.Profiles.Add(Profile);
            foreach ((BoxSettings settings, Grant grant, _) in Boxes)
            {
                tlmsp.Middleboxes.Allow(settings.Address, grant);
            }
        })));
        WebApplication app = builder.Build();
        app.MapApi(Requests);
        await app.StartAsync();
        _hosts.Add(app);
    }

    private BoxSettings Settings(BoxKind kind, string nextHop)
    {
        int port = FreePort();
        return new BoxSettings
        {
            Kind = kind,
            Address = $"localhost:{port}",
            Listen = $"127.0.0.1:{port}",
            Certificate = PathOf($"{kind}.pem"),
            Key = PathOf($"{kind}.key"),
            TrustedRoots = PathOf("ca.pem"),
            NextHops = [nextHop],
            Health = $"http://127.0.0.1:{FreePort()}",
            AuditFile = PathOf($"{kind}.jsonl"),
            AllowedTargets = ["/customers(/[a-z0-9]+)?"],
            Words = [Api.Leak],
            TokenKey = PathOf("tokens.pem"),
            Audience = Audience,
        };
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
