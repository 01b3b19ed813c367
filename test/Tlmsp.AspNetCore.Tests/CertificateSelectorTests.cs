using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>ServerCertificateSelector, as UseHttps has it.</summary>
public class CertificateSelectorTests
{
    [Theory]
    [InlineData("localhost", TestKey.EcdsaP256)]
    [InlineData("other.example", TestKey.Rsa2048)]
    public async Task Chooses_by_the_name_that_the_client_asks_for(string name, TestKey key)
    {
        X509Certificate2? used = null;
        ConnectionContext? connection = null;
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.ServerCertificateSelector = (context, asked) =>
        {
            connection = context;
            return asked == "other.example" ? TestCertificates.Get("other.example", TestKey.Rsa2048).Leaf : TestCertificates.Get().Leaf;
        });
        using HttpClient client = server.Client(tlmsp =>
        {
            tlmsp.ServerName = name;
            tlmsp.SessionEstablished = session => used = session.ServerCertificate;
        });

        Assert.Equal("hello", await client.GetStringAsync("/hello"));

        Assert.Equal(TestCertificates.Get(name, key).Leaf.Thumbprint, used!.Thumbprint);
        Assert.Equal(server.Address.Port, ((IPEndPoint)connection!.LocalEndPoint!).Port);
    }

    [Fact]
    public async Task Is_asked_with_null_when_the_client_names_nobody()
    {
        string? asked = "not asked";
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.ServerCertificateSelector = (_, name) =>
        {
            asked = name;
            return TestCertificates.Get("127.0.0.1").Leaf;
        });
        using var client = new HttpClient(TestServer.Handler());

        Assert.Equal("hello", await client.GetStringAsync(new Uri($"https://127.0.0.1:{server.Address.Port}/hello")));
        Assert.Null(asked);
    }

    [Fact]
    public async Task Refuses_the_connection_with_null()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.ServerCertificateSelector = (_, _) => null);

        TlmspException e = await Assert.ThrowsAsync<TlmspException>(() => TlmspPeer.ConnectAsync(server.Address, []));

        Assert.Equal((true, TlmspAlert.HandshakeFailure), (e.FromPeer, e.Alert));
        server.Logs.AssertQuiet();
    }

    [Fact]
    public async Task That_gives_a_certificate_without_a_key_is_an_error_of_the_application()
    {
        using X509Certificate2 bare = X509CertificateLoader.LoadCertificate(TestCertificates.Leaf().RawData);
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.ServerCertificateSelector = (_, _) => bare);

        TlmspException e = await Assert.ThrowsAsync<TlmspException>(() => TlmspPeer.ConnectAsync(server.Address, []));

        Assert.Equal((true, TlmspAlert.InternalError), (e.FromPeer, e.Alert));
        Assert.StartsWith("Error:", await server.Logs.WaitForLineAsync("has no private key"), StringComparison.Ordinal);
    }
}
