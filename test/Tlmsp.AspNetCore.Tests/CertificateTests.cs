using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Tlmsp.Client;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>Where an endpoint's certificate comes from: the overload family of UseHttps.</summary>
public class CertificateTests
{
    [Theory]
    [InlineData("server.pfx", CertificateFiles.Password)]
    [InlineData("both.pem", null)]
    public async Task A_file_below_the_content_root(string file, string? password)
    {
        using var files = new CertificateFiles();

        Assert.Equal("hello", await RequestAsync(listen => listen.UseTlmsp(file, password), files.Folder));
    }

    [Theory]
    [InlineData("missing.pfx", null, "does not exist")]
    [InlineData("server.pfx", "wrong", "Check the password")]
    [InlineData("server.pem", null, "Check the key file and its password")]
    [InlineData("empty.pem", null, "Check the key file and its password")]
    public async Task A_file_that_cannot_be_used_is_named(string file, string? password, string message)
    {
        using var files = new CertificateFiles();

        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => RequestAsync(listen => listen.UseTlmsp(file, password), files.Folder));

        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Contains(file, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_made_elsewhere()
    {
        var options = new TlmspConnectionOptions { ServerCertificate = TestCertificates.Leaf() };

        Assert.Equal("hello", await RequestAsync(listen => listen.UseTlmsp(options)));
    }

    [Fact]
    public async Task An_intermediate_is_sent_along()
    {
        var options = new TlmspConnectionOptions
        {
            ServerCertificate = TestCertificates.Leaf(issuer: TestIssuer.Intermediate),
            ServerCertificateChain = [TestCertificates.Intermediate],
        };

        Assert.Equal("hello", await RequestAsync(listen => listen.UseTlmsp(options)));
        options.ServerCertificateChain = null;
        await Assert.ThrowsAsync<HttpRequestException>(() => RequestAsync(listen => listen.UseTlmsp(options)));
    }

    [Fact]
    public async Task A_certificate_from_a_store()
    {
        string subject = $"tlmsp-test-{Guid.NewGuid():N}";
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        var request = new CertificateRequest($"CN={subject}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using X509Certificate2 certificate = X509CertificateLoader.LoadPkcs12(
            made.Export(X509ContentType.Pfx), null, X509KeyStorageFlags.PersistKeySet);
        using var store = new X509Store(StoreName.My, StoreLocation.CurrentUser);
        store.Open(OpenFlags.ReadWrite);
        store.Add(certificate);
        try
        {
            string answer = await RequestAsync(
                listen => listen.UseTlmsp(StoreName.My, subject, allowInvalid: true), configureClient: tlmsp => tlmsp.Trust.CustomRootTrust.Add(made));

            Assert.Equal("hello", answer);
            InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(
                () => RequestAsync(listen => listen.UseTlmsp(StoreName.My, subject)));
            Assert.Contains($"no valid certificate with the subject '{subject}'", e.Message, StringComparison.Ordinal);
        }
        finally
        {
            store.Remove(certificate);
        }
    }

    [Fact]
    public async Task A_store_without_such_a_certificate()
    {
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => RequestAsync(listen => listen.UseTlmsp(StoreName.My, "no such subject", allowInvalid: true)));

        Assert.Equal("UseTlmsp: no certificate with the subject 'no such subject' and a private key is in CurrentUser/My.", e.Message);
    }

    [Theory]
    [InlineData("a.example", TestKey.EcdsaP256)]
    [InlineData("b.example", TestKey.Rsa2048)]
    [InlineData("c.example", TestKey.EcdsaP256)]
    public async Task Among_several_certificates_the_name_counts_more_than_the_order_of_suites(string name, TestKey kind)
    {
        X509Certificate2? used = null;

        await RequestAsync(
            listen => listen.UseTlmsp(tlmsp =>
            {
                tlmsp.Certificates.Add(TestCertificates.Get("a.example"));
                tlmsp.Certificates.Add(TestCertificates.Get("b.example", TestKey.Rsa2048));
                tlmsp.Certificates.Add(TestCertificates.Get("c.example"));
            }),
            configureClient: tlmsp =>
            {
                tlmsp.ServerName = name;
                tlmsp.SessionEstablished = session => used = session.ServerCertificate;
            });

        Assert.Equal(TestCertificates.Get(name, kind).Leaf.Thumbprint, used!.Thumbprint);
    }

    [Theory]
    [InlineData("a.wild.example", "*.wild.example", TestKey.Rsa2048)]
    [InlineData("A.Wild.Example", "*.wild.example", TestKey.Rsa2048)]
    [InlineData("wild.example", "first.example", TestKey.EcdsaP256)]         // a wildcard stands for one label
    [InlineData("a.b.wild.example", "first.example", TestKey.EcdsaP256)]
    [InlineData("127.0.0.1", "first.example", TestKey.EcdsaP256)]             // no SNI
    public async Task A_wildcard_certificate_is_for_one_label_and_the_first_for_everybody_else(string name, string certificate, TestKey key)
    {
        X509Certificate2? shown = null;

        await RequestAsync(
            listen => listen.UseTlmsp(tlmsp =>
            {
                tlmsp.Certificates.Add(TestCertificates.Get("first.example"));
                tlmsp.Certificates.Add(TestCertificates.Get("*.wild.example", TestKey.Rsa2048));
            }),
            configureClient: tlmsp =>
            {
                tlmsp.ServerName = name;
                tlmsp.Trust.ValidationCallback = context =>
                {
                    shown = X509CertificateLoader.LoadCertificate(context.Certificate.RawData);
                    return true;
                };
            });

        Assert.Equal(TestCertificates.Get(certificate, key).Leaf.Thumbprint, shown!.Thumbprint);
    }

    [Fact]
    public async Task A_name_that_no_certificate_has_gets_the_first_one()
    {
        CertificateValidationContext? seen = null;

        await RequestAsync(
            listen => listen.UseTlmsp(tlmsp =>
            {
                tlmsp.Certificates.Add(TestCertificates.Get("a.example"));
                tlmsp.Certificates.Add(TestCertificates.Get("c.example"));
            }),
            configureClient: tlmsp => tlmsp.Trust.ValidationCallback = context =>
            {
                seen = context;
                return true;
            });

        Assert.Equal("localhost", seen!.HostName);
        Assert.Equal(System.Net.Security.SslPolicyErrors.RemoteCertificateNameMismatch, seen.Errors);
    }

    private static async Task<string> RequestAsync(
        Action<ListenOptions> listening, string? contentRoot = null, Action<TlmspHttpOptions>? configureClient = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = contentRoot });
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listening));
        await using WebApplication app = builder.Build();
        app.MapGet("/hello", () => "hello");
        await app.StartAsync();
        using var client = new HttpClient(TestServer.Handler(configureClient));
        return await client.GetStringAsync(
            new Uri(new Uri(app.Urls.First().Replace("127.0.0.1", "localhost", StringComparison.Ordinal)), "/hello"));
    }
}
