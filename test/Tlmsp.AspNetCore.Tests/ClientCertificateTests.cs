using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>Clients that prove who they are.</summary>
public class ClientCertificateTests
{
    [Theory]
    [InlineData(ClientCertificateMode.NoCertificate, true, null)]
    [InlineData(ClientCertificateMode.AllowCertificate, true, "CN=test alice.example")]
    [InlineData(ClientCertificateMode.AllowCertificate, false, null)]
    [InlineData(ClientCertificateMode.RequireCertificate, true, "CN=test alice.example")]
    public async Task The_certificate_is_where_applications_look_for_it(ClientCertificateMode mode, bool sent, string? subject)
    {
        string? found = "not called";
        await using TestServer server = await TestServer.StartAsync(
            tlmsp => tlmsp.ClientCertificateMode = mode,
            app => app.MapGet(
                "/who", async (HttpContext context) => found = (await context.Connection.GetClientCertificateAsync())?.Subject));
        using HttpClient client = server.Client(tlmsp => tlmsp.ClientCertificate = sent ? TestCertificates.Leaf("alice.example") : null);

        using HttpResponseMessage response = await client.GetAsync("/who");

        Assert.True(response.IsSuccessStatusCode);
        Assert.Equal(subject, found);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(TestIssuer.UntrustedRoot)]
    public async Task A_required_certificate_that_is_missing_or_not_trusted_ends_the_handshake(TestIssuer? issuer)
    {
        await using TestServer server = await TestServer.StartAsync(
            tlmsp => tlmsp.ClientCertificateMode = ClientCertificateMode.RequireCertificate);
        using HttpClient client = server.Client(
            tlmsp => tlmsp.ClientCertificate = issuer is { } from ? TestCertificates.Leaf("alice.example", issuer: from) : null);

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/hello"));

        Assert.Equal(HttpRequestError.SecureConnectionError, e.HttpRequestError);
        await server.Logs.WaitForLineAsync("the TLMSP handshake failed");
        server.Logs.AssertQuiet();
    }

    [Fact]
    public async Task A_certificate_cannot_be_asked_for_later()
    {
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => TestServer.StartAsync(tlmsp => tlmsp.ClientCertificateMode = ClientCertificateMode.DelayCertificate));

        Assert.Contains("Set AllowCertificate or RequireCertificate.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clients_may_be_trusted_by_other_roots_than_middleboxes()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp =>
        {
            tlmsp.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            tlmsp.ClientTrust = new CertificateTrust();
            tlmsp.ClientTrust.CustomRootTrust.Add(TestCertificates.UntrustedRoot);
        });
        using HttpClient trusted = server.Client(
            tlmsp => tlmsp.ClientCertificate = TestCertificates.Leaf("alice.example", issuer: TestIssuer.UntrustedRoot));
        using HttpClient other = server.Client(tlmsp => tlmsp.ClientCertificate = TestCertificates.Leaf("alice.example"));

        Assert.Equal("hello", await trusted.GetStringAsync("/hello"));
        await Assert.ThrowsAsync<HttpRequestException>(() => other.GetStringAsync("/hello"));
    }

    [Fact]
    public void A_client_certificate_without_a_key_is_refused_when_it_is_configured()
    {
        using X509Certificate2 bare = X509CertificateLoader.LoadCertificate(TestCertificates.Leaf().RawData);

        ArgumentException e = Assert.Throws<ArgumentException>(() => TestServer.Handler(tlmsp => tlmsp.ClientCertificate = bare));

        Assert.Contains("has no private key", e.Message, StringComparison.Ordinal);
    }
}
