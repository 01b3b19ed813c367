using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>A middlebox host with an appsettings.json of its own, that can be changed.</summary>
internal sealed class ConfiguredMiddlebox : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly IConfigurationRoot _configuration;
    private readonly JsonObject _json;
    private IHost? _host;

    private ConfiguredMiddlebox(Uri nextHop, string names)
    {
        _folder = Directory.CreateTempSubdirectory();
        Port = TestMiddlebox.FreePort();
        File.WriteAllText(PathOf("ca.pem"), TestCertificates.Root.ExportCertificatePem());
        _json = new JsonObject
        {
            ["Address"] = Address,
            ["ListenEndPoint"] = $"127.0.0.1:{Port}",
            ["Certificate"] = WriteCertificate(names),
            ["TrustedRoots"] = PathOf("ca.pem"),
            ["NextHops"] = new JsonArray(new JsonObject { ["Address"] = $"{nextHop.Host}:{nextHop.Port}" }),
        };
        Write();
        _configuration = new ConfigurationBuilder().AddJsonFile(PathOf("appsettings.json"), optional: false, reloadOnChange: false).Build();
    }

    public int Port { get; }

    public string Address => $"tlmsp://localhost:{Port}";

    public CollectingLogger Logs { get; } = new();

    /// <summary>Writes the configuration and starts the host.</summary>
    /// <param name="nextHop">The one next hop.</param>
    /// <param name="edit">Changes of a configuration that works.</param>
    /// <param name="building">Inspectors.</param>
    /// <param name="names">What its certificate is for.</param>
    public static async Task<ConfiguredMiddlebox> StartAsync(
        Uri nextHop, Action<JsonObject>? edit = null, Action<ITlmspMiddleboxBuilder>? building = null, string names = "localhost")
    {
        var middlebox = new ConfiguredMiddlebox(nextHop, names);
        try
        {
            middlebox.Change(edit ?? (_ => { }));
            HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
            builder.Logging.AddProvider(middlebox.Logs).SetMinimumLevel(LogLevel.Debug);
            ITlmspMiddleboxBuilder box = builder.Services.AddTlmspMiddlebox(middlebox._configuration.GetSection("Middlebox"));
            building?.Invoke(box);
            IHost host = builder.Build();
            try
            {
                await host.StartAsync();
            }
            catch
            {
                host.Dispose();
                throw;
            }

            middlebox._host = host;
            return middlebox;
        }
        catch
        {
            await middlebox.DisposeAsync();
            throw;
        }
    }

    public TlmspMiddlebox With(Grant grant) => new(TlmspAddress.Parse(Address), grant);

    public Task StopAsync() => _host!.StopAsync();

    /// <summary>Changes the file, and has it read again.</summary>
    public void Change(Action<JsonObject> edit)
    {
        edit(_json);
        Write();
        _configuration.Reload();
    }

    /// <summary>Writes a certificate and its key.</summary>
    /// <param name="names">What it is for.</param>
    /// <param name="file">The name of the files.</param>
    /// <returns>The section that names them.</returns>
    public JsonObject WriteCertificate(string names, string file = "box")
    {
        using X509Certificate2 certificate = TestCertificates.Leaf(names);
        File.WriteAllText(PathOf($"{file}.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(PathOf($"{file}.key"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        return new JsonObject { ["Path"] = PathOf($"{file}.pem"), ["KeyPath"] = PathOf($"{file}.key") };
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.StopAsync();
            _host.Dispose();
        }

        (_configuration as IDisposable)?.Dispose();
        _folder.Delete(recursive: true);
    }

    private string PathOf(string file) => Path.Combine(_folder.FullName, file);

    private void Write() =>
        File.WriteAllText(PathOf("appsettings.json"), new JsonObject { ["Middlebox"] = _json.DeepClone() }.ToJsonString());
}
