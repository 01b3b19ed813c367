using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Tlmsp;
using Tlmsp.Client;
using Tlmsp.Http;

namespace InspectingProxy.Demo;

/// <summary>
/// Everybody: a client, the three boxes and the API, with throw-away certificates. The boxes read their settings from files, as they would
/// where they are deployed.
/// </summary>
internal sealed class Parties : IAsyncDisposable
{
    private const string GatewayRights = "secret=r";
    private const string WafRights = "req-head=r,resp-head=r";
    private const string DlpRights = "resp-body=r";
    private readonly TlmspDevelopmentCertificates _certificates = TlmspDevelopmentCertificates.Create(TimeSpan.FromDays(1));
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("inspecting-proxy-");
    private readonly List<IHost> _hosts = [];
    private readonly List<BoxProcess> _processes = [];
    private readonly bool _deployed;
    private readonly int _apiPort = FreePort();

    /// <param name="deployed">True for boxes in processes of their own, which leave audits; else each is here, with a witness.</param>
    public Parties(bool deployed)
    {
        _deployed = deployed;

        // On the way of a request: the gateway first, the scanner last.
        BoxFile dlp = BoxFile.Create(
            _folder.FullName, "dlp", (FreePort(), FreePort()), $"localhost:{_apiPort}", DlpRights,
            "req-head=r,req-body=r,resp-head=r,secret=r", "ContentScanner", new JsonObject
            {
                ["Scan"] = "Responses",
                ["Patterns"] = new JsonArray(new JsonObject { ["Name"] = "marking", ["Literal"] = Api.Leak }),
            });
        BoxFile waf = BoxFile.Create(
            _folder.FullName, "waf", (FreePort(), FreePort()), dlp.Address, WafRights, "req-body=r,resp-body=r,secret=r",
            "HeaderRules", new JsonObject
            {
                ["Rules"] = new JsonArray(
                    new JsonObject { ["Action"] = "Allow", ["Target"] = "^/customers(/[a-z0-9]+)?$" },
                    new JsonObject { ["Action"] = "Deny" }),
            });
        BoxFile gateway = BoxFile.Create(
            _folder.FullName, "gateway", (FreePort(), FreePort()), waf.Address, GatewayRights,
            "req-head=r,req-body=r,resp-head=r,resp-body=r", "BearerTokens", new JsonObject
            {
                ["KeysFile"] = PathOf("tokens.json"),
                ["Issuers"] = new JsonArray(TokenIssuer.Name),
                ["Audiences"] = new JsonArray(TokenIssuer.Audience),
            });
        Boxes =
        [
            (gateway, HttpContexts.ParseGrant(GatewayRights), Gateway),
            (waf, HttpContexts.ParseGrant(WafRights), Waf),
            (dlp, HttpContexts.ParseGrant(DlpRights), Dlp),
        ];
    }

    public Testimony Gateway { get; } = new("auth gateway", GatewayRights);

    public Testimony Waf { get; } = new("WAF", WafRights);

    public Testimony Dlp { get; } = new("DLP scanner", DlpRights);

    public IReadOnlyList<(BoxFile File, Grant Grant, Testimony Testimony)> Boxes { get; }

    public TokenIssuer Tokens { get; } = new();

    /// <summary>What reached the API.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>What boxes in processes of their own ended with.</summary>
    public List<int> ExitCodes { get; } = [];

    private static HttpProfile Profile => HttpProfile.Four.WithSecrets();

    public async Task StartAsync()
    {
        await File.WriteAllTextAsync(PathOf("ca.pem"), _certificates.Root.ExportCertificatePem());
        await File.WriteAllTextAsync(PathOf("tokens.json"), Tokens.KeySet);
        await StartApiAsync();
        foreach ((BoxFile file, _, Testimony testimony) in Boxes)
        {
            using X509Certificate2 certificate = _certificates.Issue(file.Name, "localhost");
            await File.WriteAllTextAsync(PathOf($"{file.Name}.pem"), certificate.ExportCertificatePem());
            using ECDsa key = certificate.GetECDsaPrivateKey()!;
            await File.WriteAllTextAsync(PathOf($"{file.Name}.key"), key.ExportPkcs8PrivateKeyPem());
            await File.WriteAllTextAsync(file.Path, file.Settings.ToJsonString());
            if (_deployed)
            {
                _processes.Add(await BoxProcess.StartAsync(file));
                continue;
            }

            WebApplication box = Box.Build(file.Path, middlebox =>
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
        foreach ((BoxFile file, Grant grant, _) in Boxes)
        {
            tlmsp.Middleboxes.Add(file.Address, grant);
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
        Tokens.Dispose();
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
            foreach ((BoxFile file, Grant grant, _) in Boxes)
            {
                tlmsp.Middleboxes.Allow(file.Address, grant);
            }
        })));
        WebApplication app = builder.Build();
        app.MapApi(Requests);
        await app.StartAsync();
        _hosts.Add(app);
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
