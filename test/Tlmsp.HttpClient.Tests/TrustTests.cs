using System.Security.Authentication;
using Tlmsp.TestSupport;

namespace Tlmsp.Client.Tests;

public class TrustTests
{
    [Fact]
    public async Task A_server_whose_authority_is_not_trusted_is_refused()
    {
        await using TestServer server = await TestServer.StartAsync();
        using var client = new HttpClient(new TlmspHandler(tlmsp => tlmsp.Trust.CustomRootTrust.Add(TestCertificates.UntrustedRoot)));

        TlmspException fault = await RefusedAsync(client, server.Address);
        Assert.Equal(Misbehaviour.UntrustedCertificate, fault.Misbehaviour);
        Assert.False(fault.FromPeer);
    }

    [Fact]
    public async Task A_server_of_another_name_is_refused()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient client = server.Client(tlmsp => tlmsp.ServerName = "other.example");

        Assert.Equal(Misbehaviour.CertificateNameMismatch, (await RefusedAsync(client, server.Address)).Misbehaviour);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_callback_has_the_last_word_and_sees_every_party(bool accept)
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address);
        var seen = new List<(CertificateParty Party, string Address)>();
        using HttpClient client = server.Client(tlmsp =>
        {
            tlmsp.Middleboxes.Add(middlebox.Address, Grant.Read(1));
            tlmsp.Trust.ValidationCallback = context =>
            {
                seen.Add((context.Party, context.Address.Text));
                return accept || context.Party == CertificateParty.Server;
            };
        });

        if (accept)
        {
            Assert.Equal("hello", await client.GetStringAsync("/hello"));
        }
        else
        {
            Assert.Equal(Misbehaviour.CertificateRefused, (await RefusedAsync(client, server.Address)).Misbehaviour);
        }

        Assert.Equal([(CertificateParty.Server, ""), (CertificateParty.Middlebox, middlebox.Address)], seen);
    }

    private static async Task<TlmspException> RefusedAsync(HttpClient client, Uri address)
    {
        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri(address, "/hello")));
        Assert.Equal(HttpRequestError.SecureConnectionError, e.HttpRequestError);
        return Assert.IsType<TlmspException>(Assert.IsType<AuthenticationException>(e.InnerException).InnerException);
    }
}
