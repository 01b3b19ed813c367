using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>What certificates have to say for each role (handshake.md §8.3), over Kestrel and real middleboxes.</summary>
public class CertificateRulesTests
{
    [Theory]
    [InlineData(TestUsage.ServerOnly, true)]
    [InlineData(TestUsage.Unrestricted, true)]
    [InlineData(TestUsage.ClientOnly, false)]
    [InlineData(TestUsage.CodeSigningOnly, false)]
    public async Task A_server_needs_server_authentication(TestUsage usage, bool accepted)
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.ServerCertificate = TestCertificates.Leaf(usage: usage));
        using HttpClient client = server.Client();

        await AssertAsync(client, accepted ? null : Misbehaviour.UnsuitableCertificate, byPeer: false);
    }

    [Theory]
    [InlineData(TestUsage.ClientOnly, true)]
    [InlineData(TestUsage.Unrestricted, true)]
    [InlineData(TestUsage.ServerOnly, false)]
    [InlineData(TestUsage.CodeSigningOnly, false)]
    public async Task A_client_needs_client_authentication(TestUsage usage, bool accepted)
    {
        await using TestServer server = await TestServer.StartAsync(
            tlmsp => tlmsp.ClientCertificateMode = ClientCertificateMode.RequireCertificate);
        using HttpClient client = server.Client(tlmsp => tlmsp.ClientCertificate = TestCertificates.Leaf("alice.example", usage: usage));

        await AssertAsync(client, accepted ? null : Misbehaviour.UnsuitableCertificate, byPeer: true);
        if (!accepted)
        {
            await server.Logs.WaitForLineAsync("the client: NotValidForUsage");
        }
    }

    [Theory]
    [InlineData(TestUsage.ServerAndClient, null)]
    [InlineData(TestUsage.Unrestricted, null)]
    [InlineData(TestUsage.ServerOnly, "server")]
    [InlineData(TestUsage.ClientOnly, "client")]
    public async Task A_middlebox_needs_both_since_each_end_asks_for_one(TestUsage usage, string? refusing)
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
            server.Address, options => options.Certificate = TestCertificates.Leaf(usage: usage));
        using HttpClient client = server.Client(tlmsp => tlmsp.Middleboxes.Add(middlebox.Address, Grant.None));

        await AssertAsync(client, refusing is null ? null : Misbehaviour.UnsuitableCertificate, byPeer: refusing == "server");
        if (refusing == "server")
        {
            await server.Logs.WaitForLineAsync($"middlebox {middlebox.Address}: NotValidForUsage");
        }
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "localhost,::1", false)]
    [InlineData("[::1]", "::1", true)]
    [InlineData("[::1]", "localhost,127.0.0.1", false)]
    [InlineData("[::1]", "::2", false)]
    [InlineData("localhost", "localhost", true)]
    [InlineData("localhost", "127.0.0.1,::1,server.example", false)]
    public async Task A_middlebox_needs_the_host_of_its_listed_address(string host, string names, bool accepted)
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        string address = "";
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, options =>
        {
            address = $"tlmsp://{host}:{options.ListenEndPoint!.Port}";
            options.Address = address;
            options.Certificate = TestCertificates.Leaf(names);
        });
        TlmspClientOptions strict = TlmspPeer.ClientOptions(server.Address, [new TlmspMiddlebox(TlmspAddress.Parse(address), Grant.None)]);
        TlmspClientOptions blind = TlmspPeer.ClientOptions(server.Address, strict.Middleboxes);
        blind.Trust.ValidationCallback = _ => true;     // the server judges alone

        TlmspException? own = await ConnectAsync(strict);
        TlmspException? fromServer = await ConnectAsync(blind);

        if (accepted)
        {
            Assert.Equal((null, null), (own, fromServer));
            return;
        }

        Assert.Equal((false, Misbehaviour.CertificateNameMismatch), (own!.FromPeer, own.Misbehaviour));
        Assert.Equal((true, TlmspAlert.BadCertificate), (fromServer!.FromPeer, fromServer.Alert));
        Assert.Contains(address, own.Message, StringComparison.Ordinal);
        Assert.Contains(
            "CertificateNameMismatch", await server.Logs.WaitForLineAsync($"middlebox {address}: not for"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task By_default_revocation_is_not_checked()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.ServerCertificate = RevocableCertificate.Revoked.Leaf);
        using HttpClient client = server.Client();

        await AssertAsync(client, null, byPeer: false);
    }

    [Fact]
    public async Task Online_fetches_the_list_and_refuses_what_is_on_it()
    {
        await using TestServer good = await TestServer.StartAsync(tlmsp => tlmsp.ServerCertificate = RevocableCertificate.Good.Leaf);
        await using TestServer revoked = await TestServer.StartAsync(tlmsp => tlmsp.ServerCertificate = RevocableCertificate.Revoked.Leaf);
        using HttpClient toGood = good.Client(tlmsp => tlmsp.Trust.RevocationMode = X509RevocationMode.Online);
        using HttpClient toRevoked = revoked.Client(tlmsp => tlmsp.Trust.RevocationMode = X509RevocationMode.Online);

        await AssertAsync(toGood, null, byPeer: false);
        await AssertAsync(toRevoked, Misbehaviour.RevokedCertificate, byPeer: false);
    }

    [Theory]
    [InlineData(X509RevocationMode.Offline)]
    [InlineData(X509RevocationMode.Online)]
    public async Task Without_a_list_a_check_refuses_and_says_what_to_do(X509RevocationMode mode)
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient client = server.Client(tlmsp => tlmsp.Trust.RevocationMode = mode);

        TlmspException fault = (await AssertAsync(client, Misbehaviour.CertificateRefused, byPeer: false))!;

        Assert.Contains("no valid revocation list could be had", fault.Message, StringComparison.Ordinal);
        Assert.Contains("or set RevocationMode to NoCheck", fault.Message, StringComparison.Ordinal);
    }

    private static async Task<TlmspException?> ConnectAsync(TlmspClientOptions options)
    {
        try
        {
            await using TlmspPeer peer = await TlmspPeer.ConnectAsync(options);
            return null;
        }
        catch (TlmspException e)
        {
            return e;
        }
    }

    private static async Task<TlmspException?> AssertAsync(HttpClient client, Misbehaviour? misbehaviour, bool byPeer)
    {
        if (misbehaviour is not { } expected)
        {
            Assert.Equal("hello", await client.GetStringAsync("/hello"));
            return null;
        }

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/hello"));
        TlmspException fault = Assert.IsType<TlmspException>(Assert.IsType<AuthenticationException>(e.InnerException).InnerException);
        Assert.Equal(byPeer, fault.FromPeer);
        if (byPeer)
        {
            Assert.Equal(new TlmspException(expected).Alert, fault.Alert);
        }
        else
        {
            Assert.Equal(expected, fault.Misbehaviour);
        }

        return fault;
    }
}
