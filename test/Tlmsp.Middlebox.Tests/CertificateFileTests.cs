using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>A middlebox whose certificate is in a file that is replaced while it runs.</summary>
public sealed class CertificateFileTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    [Fact]
    public async Task New_connections_get_the_new_certificate_and_old_ones_go_on()
    {
        using X509Certificate2 before = Write(TestCertificates.Leaf());
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox middlebox = await StartAsync(server);
        var shown = new List<string?>();
        using HttpClient old = Client(server, middlebox, shown);
        await old.GetStringAsync("/hello");

        using X509Certificate2 made = Write(TestCertificates.Leaf());

        using HttpClient later = Client(server, middlebox, shown);
        Assert.Equal("hello", await later.GetStringAsync("/hello"));
        Assert.Equal("hello", await old.GetStringAsync("/hello"));
        Assert.Equal([before.Thumbprint, made.Thumbprint], shown);
        Assert.StartsWith("Information:", await middlebox.Logs.WaitForLineAsync("uses the new certificate"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_used_is_said_once_and_the_certificate_stays()
    {
        using X509Certificate2 before = Write(TestCertificates.Leaf());
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox middlebox = await StartAsync(server);
        var shown = new List<string?>();

        File.WriteAllText(_file, before.ExportCertificatePem());      // the key is still to come
        for (int i = 0; i < 2; i++)
        {
            using HttpClient client = Client(server, middlebox, shown);
            Assert.Equal("hello", await client.GetStringAsync("/hello"));
        }

        Assert.Equal([before.Thumbprint, before.Thumbprint], shown);
        string warning = Assert.Single(middlebox.Logs.Lines, line => line.Contains("keeps its certificate", StringComparison.Ordinal));
        Assert.StartsWith("Warning:", warning, StringComparison.Ordinal);
        Assert.Contains(_file, warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_certificate_that_does_not_name_the_address_is_warned_about_and_refused_by_the_endpoints()
    {
        using X509Certificate2 before = Write(TestCertificates.Leaf());
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox middlebox = await StartAsync(server);
        using X509Certificate2 made = Write(TestCertificates.Leaf("other.example"));
        using HttpClient client = Client(server, middlebox, []);

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/hello"));

        Assert.StartsWith("Warning:", await middlebox.Logs.WaitForLineAsync("does not name localhost"), StringComparison.Ordinal);
    }

    public void Dispose() => File.Delete(_file);

    private Task<TestMiddlebox> StartAsync(TestServer server) => TestMiddlebox.StartAsync(server.Address, options =>
    {
        options.Certificate = null;
        options.CertificateFile = new TlmspCertificateFile(_file) { CheckInterval = TimeSpan.Zero };
    });

    private static HttpClient Client(TestServer server, TestMiddlebox middlebox, List<string?> shown) => server.Client(tlmsp =>
    {
        tlmsp.Middleboxes.Add(middlebox.Address, Grant.None);
        tlmsp.SessionEstablished = session => shown.Add(Assert.Single(session.Middleboxes).Certificate?.Thumbprint);
    });

    private X509Certificate2 Write(X509Certificate2 leaf)
    {
        using ECDsa key = leaf.GetECDsaPrivateKey()!;
        File.WriteAllText(_file, leaf.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
        return leaf;
    }
}
