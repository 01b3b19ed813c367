using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>Certificates in files that are replaced while the server runs.</summary>
public class CertificateReloadTests
{
    [Theory]
    [InlineData("server.pem", "server.key", null)]
    [InlineData("server.pfx", null, CertificateFiles.Password)]
    public async Task New_connections_get_the_new_certificate_and_old_ones_go_on(string file, string? key, string? password)
    {
        using var files = new CertificateFiles();
        await using TestServer server = await StartAsync(files, file, key, password);
        int connections = 0;
        using HttpClient old = server.Client(tlmsp => tlmsp.SessionEstablished = _ => Interlocked.Increment(ref connections));
        await old.GetStringAsync("/hello");
        string before = await CertificateOfAsync(server);
        using X509Certificate2 made = TestCertificates.Leaf("localhost", TestKey.Rsa2048);

        files.Replace(made);

        Assert.Equal(made.Thumbprint, await CertificateOfAsync(server));
        Assert.NotEqual(made.Thumbprint, before);
        Assert.Equal("hello", await old.GetStringAsync("/hello"));
        Assert.Equal(1, connections);
        string line = Assert.Single(server.Logs.Lines, line => line.Contains("uses the new certificate", StringComparison.Ordinal));
        Assert.StartsWith("Information:", line, StringComparison.Ordinal);
        Assert.Contains(file, line, StringComparison.Ordinal);
        server.Logs.AssertQuiet();
    }

    [Theory]
    [InlineData("half a file")]
    [InlineData("no file")]
    [InlineData("the key of another")]
    public async Task What_cannot_be_used_is_said_once_and_the_certificate_stays(string state)
    {
        using var files = new CertificateFiles();
        await using TestServer server = await StartAsync(files);
        string before = await CertificateOfAsync(server);
        using X509Certificate2 made = TestCertificates.Leaf("localhost", TestKey.Rsa2048);
        switch (state)
        {
            case "half a file":
                File.WriteAllText(files.At("server.pem"), made.ExportCertificatePem()[..300]);
                break;
            case "no file":
                File.Delete(files.At("server.pem"));
                break;
            default:
                files.ReplaceCertificate(made);
                break;
        }

        Assert.Equal([before, before], [await CertificateOfAsync(server), await CertificateOfAsync(server)]);
        string warning = Assert.Single(server.Logs.Lines, line => line.StartsWith("Warning:", StringComparison.Ordinal));
        Assert.Contains("keeps its certificate: what is in", warning, StringComparison.Ordinal);
        Assert.Contains("server.pem", warning, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE KEY", warning, StringComparison.Ordinal);

        files.Replace(made);
        Assert.Equal(made.Thumbprint, await CertificateOfAsync(server));
    }

    [Fact]
    public async Task A_client_that_was_asked_to_come_back_is_still_expected_after_the_certificate_has_changed()
    {
        using var files = new CertificateFiles();
        await using DiscoveryPath path = await DiscoveryPath.StartAsync(tlmsp => UseFiles(tlmsp, files));
        path.List.Insert(path['a'].Address, DiscoveryPath.Grant);
        using X509Certificate2 made = TestCertificates.Leaf("localhost", TestKey.Rsa2048);
        X509Certificate2? used = null;
        using HttpClient client = path.Server.Client(tlmsp =>
        {
            tlmsp.SessionEstablished = session => used = session.ServerCertificate;
            tlmsp.Middleboxes.Policy = _ =>
            {
                files.Replace(made);    // between the client's two connections
                return null;
            };
        });

        Assert.Equal("hello", await client.GetStringAsync("/hello"));

        Assert.Equal(made.Thumbprint, used!.Thumbprint);
        Assert.Equal(2, path.Connections);
    }

    [Fact]
    public async Task Plain_TLS_clients_get_the_new_certificate_too()
    {
        using var files = new CertificateFiles();
        await using TestServer server = await StartAsync(files, configure: tlmsp => tlmsp.PlainTls = TlmspPlainTls.Allow);
        string before = (await PlainTlsTests.CertificateOfAsync(server)).Thumbprint;
        using X509Certificate2 made = TestCertificates.Leaf("localhost");

        files.Replace(made);

        Assert.Equal(made.Thumbprint, (await PlainTlsTests.CertificateOfAsync(server)).Thumbprint);
        Assert.NotEqual(made.Thumbprint, before);
    }

    [Fact]
    public async Task Kestrel_rebuilds_an_endpoint_whose_section_names_another_file_and_keeps_it_when_that_cannot_be_used()
    {
        using var files = new CertificateFiles();
        using var other = new CertificateFiles();
        using X509Certificate2 made = TestCertificates.Leaf("localhost");
        other.Replace(made);
        var logs = new CollectingLogger();
        string port = TestMiddlebox.FreePort().ToString(System.Globalization.CultureInfo.InvariantCulture);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(logs);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Kestrel:Endpoints:Orders:Url"] = $"http://127.0.0.1:{port}",
            ["Kestrel:Endpoints:Orders:Tlmsp:Certificate:Path"] = files.At("server.pfx"),
            ["Kestrel:Endpoints:Orders:Tlmsp:Certificate:Password"] = CertificateFiles.Password,
        });
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel((context, kestrel) => kestrel.Configure(
            context.Configuration.GetSection("Kestrel"), reloadOnChange: true)
            .Endpoint("Orders", endpoint => endpoint.ListenOptions.UseTlmsp(endpoint.ConfigSection.GetSection("Tlmsp"))));
        await using WebApplication app = builder.Build();
        app.MapGet("/hello", () => "hello");
        await app.StartAsync();
        var address = new Uri($"https://localhost:{port}");
        string before = await CertificateOfAsync(address);

        app.Configuration["Kestrel:Endpoints:Orders:Tlmsp:Certificate:Path"] = files.At("empty.pem");
        ((IConfigurationRoot)app.Configuration).Reload();
        await logs.WaitForLineAsync("empty.pem' cannot be used");
        Assert.Equal(before, await CertificateOfAsync(address));

        app.Configuration["Kestrel:Endpoints:Orders:Tlmsp:Certificate:Path"] = other.At("server.pfx");
        ((IConfigurationRoot)app.Configuration).Reload();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        string now = before;
        while (now == before)
        {
            try
            {
                now = await CertificateOfAsync(address);
            }
            catch (HttpRequestException) when (!patience.IsCancellationRequested)
            {
                // The endpoint is being bound again.
            }

            patience.Token.ThrowIfCancellationRequested();
        }

        Assert.Equal(made.Thumbprint, now);
    }

    private static Task<TestServer> StartAsync(
        CertificateFiles files, string file = "server.pem", string? key = "server.key", string? password = null,
        Action<TlmspConnectionOptions>? configure = null) => TestServer.StartAsync(tlmsp =>
        {
            UseFiles(tlmsp, files, file, key, password);
            configure?.Invoke(tlmsp);
        });

    private static void UseFiles(
        TlmspConnectionOptions tlmsp, CertificateFiles files, string file = "server.pem", string? key = "server.key", string? password = null)
    {
        tlmsp.ServerCertificate = null;
        tlmsp.CertificateFiles.Add(new TlmspCertificateFile(files.At(file), key is null ? null : files.At(key), password)
        {
            CheckInterval = TimeSpan.Zero,
        });
    }

    private static Task<string> CertificateOfAsync(TestServer server) => CertificateOfAsync(server.Address);

    /// <summary>The thumbprint of what a new connection is shown.</summary>
    private static async Task<string> CertificateOfAsync(Uri address)
    {
        X509Certificate2? used = null;
        using var client = new HttpClient(
            TestServer.Handler(tlmsp => tlmsp.SessionEstablished = session => used = session.ServerCertificate));
        Assert.Equal("hello", await client.GetStringAsync(new Uri(address, "/hello")));
        return used!.Thumbprint;
    }
}
