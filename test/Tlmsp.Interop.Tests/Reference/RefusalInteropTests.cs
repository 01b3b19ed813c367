using System.Net.Sockets;
using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>Handshakes that one party refuses: the others learn the reason, whoever made them.</summary>
public class RefusalInteropTests
{
    private const byte Context = 1;

    [ReferenceTheory]
    [InlineData("reference > reference > ours")]
    [InlineData("reference > ours > ours")]
    [InlineData("ours > reference > ours")]
    public Task Our_server_that_allows_no_middlebox_says_so_with_alert_171(string path) => InteropTable.RecordAsync(
        InteropTable.Refusals, $"{path}: our server allows no middlebox", ["the other side hears"], async () =>
        {
            await using RawPath middleboxes = await StartAsync(path);
            using TcpListener listener = middleboxes.Listen();
            TlmspServerOptions options = middleboxes.Server();
            options.MiddleboxPolicy = new TlmspServerOptions().MiddleboxPolicy;
            Task<TlmspException> refusing = Assert.ThrowsAsync<TlmspException>(() => TlmspPeer.AcceptAsync(listener, options));

            await AssertClientHearsAsync(middleboxes, TlmspAlert.MiddleboxAuthorizationFailure);
            Assert.Equal(Misbehaviour.MiddleboxListRefused, (await refusing).Misbehaviour);
        }, "alert 171");

    [ReferenceTheory]
    [InlineData("ours > ours > reference")]
    [InlineData("ours > reference > reference")]
    public Task Their_server_refuses_other_grants_than_its_own_with_alert_171(string path) => InteropTable.RecordAsync(
        InteropTable.Refusals, $"{path}: their server allows other grants", ["the other side hears"], async () =>
        {
            await using RawPath middleboxes = await StartAsync(path);
            using PeerProcess server = await Reference.ServerAsync(middleboxes.ConfigurationFile);
            TlmspClientOptions options = middleboxes.Client(middleboxes.Configuration.Contexts, Grant.Write(Context));

            TlmspException fault = await Assert.ThrowsAsync<TlmspException>(() => TlmspPeer.ConnectAsync(options));

            Assert.Equal((TlmspAlert.MiddleboxAuthorizationFailure, true), (fault.Alert, fault.FromPeer));
        }, "alert 171");

    [ReferenceTheory]
    [InlineData("ours > reference")]
    [InlineData("ours > ours > reference")]
    [InlineData("ours > reference > reference")]
    public Task Our_client_that_does_not_trust_their_server_says_so_with_alert_48(string path) => InteropTable.RecordAsync(
        InteropTable.Refusals, $"{path}: our client does not trust their server", ["the other side hears"], async () =>
        {
            await using RawPath middleboxes = await StartAsync(path);
            using PeerProcess server = await Reference.ServerAsync(middleboxes.ConfigurationFile);
            TlmspClientOptions options = middleboxes.Client(middleboxes.Configuration.Contexts, Grant.Read(Context));
            options.Trust = new CertificateTrust();
            options.Trust.CustomRootTrust.Add(TestCertificates.UntrustedRoot);

            TlmspException fault = await Assert.ThrowsAsync<TlmspException>(() => TlmspPeer.ConnectAsync(options));

            Assert.Equal(Misbehaviour.UntrustedCertificate, fault.Misbehaviour);
            await server.WaitForAsync(ReferenceLog.Alert(TlmspAlert.UnknownCa, 0));
        }, "alert 48");

    [ReferenceTheory]
    [InlineData(PathKeys.Rsa)]
    [InlineData(PathKeys.Ecdsa)]
    public Task Our_client_accepts_the_signatures_of_their_middleboxes_only_when_told_to(string keys) => InteropTable.RecordAsync(
        InteropTable.Refusals, $"ours > reference > reference: our client does not take SHA-1 signatures ({keys})", ["the other side hears"], async () =>
        {
            await using RawPath middleboxes = await StartAsync("ours > reference > reference", keys);
            using PeerProcess server = await Reference.ServerAsync(middleboxes.ConfigurationFile);
            TlmspClientOptions options = middleboxes.Client(middleboxes.Configuration.Contexts, Grant.Read(Context));
            options.AllowReferenceMiddleboxes = false;

            TlmspException fault = await Assert.ThrowsAsync<TlmspException>(() => TlmspPeer.ConnectAsync(options));

            Assert.Equal(Misbehaviour.NoCommonSignatureScheme, fault.Misbehaviour);
            await server.WaitForAsync(ReferenceLog.Alert(fault.Alert, 0));
        }, "alert 40");

    [ReferenceTheory]
    [InlineData(PathKeys.Rsa)]
    [InlineData(PathKeys.Ecdsa)]
    public Task Our_server_accepts_the_signatures_of_their_middleboxes_only_when_told_to(string keys) => InteropTable.RecordAsync(
        InteropTable.Refusals, $"reference > reference > ours: our server does not take SHA-1 signatures ({keys})", ["the other side hears"], async () =>
        {
            await using RawPath middleboxes = await StartAsync("reference > reference > ours", keys);
            using TcpListener listener = middleboxes.Listen();
            TlmspServerOptions options = middleboxes.Server();
            options.AllowReferenceMiddleboxes = false;
            Task<TlmspException> refusing = Assert.ThrowsAsync<TlmspException>(() => TlmspPeer.AcceptAsync(listener, options));

            await AssertClientHearsAsync(middleboxes, TlmspAlert.HandshakeFailure);
            Assert.Equal(Misbehaviour.NoCommonSignatureScheme, (await refusing).Misbehaviour);
        }, "alert 40");

    [ReferenceTheory]
    [InlineData("ours > reference")]
    [InlineData("ours > ours > reference")]
    public Task Their_server_has_no_256_bit_suite_and_says_so_with_alert_40(string path) => InteropTable.RecordAsync(
        InteropTable.Refusals, $"{path}: our client offers 256-bit suites only", ["the other side hears"], async () =>
        {
            await using RawPath middleboxes = await StartAsync(path);
            using PeerProcess server = await Reference.ServerAsync(middleboxes.ConfigurationFile);
            TlmspClientOptions options = middleboxes.Client(middleboxes.Configuration.Contexts, Grant.Read(Context));
            options.CipherSuites = [.. TlmspCipherSuite.Aes256];

            TlmspException fault = await Assert.ThrowsAsync<TlmspException>(() => TlmspPeer.ConnectAsync(options));

            Assert.Equal((TlmspAlert.HandshakeFailure, true), (fault.Alert, fault.FromPeer));
        }, "alert 40");

    [ReferenceTheory]
    [InlineData("reference > ours > ours")]
    [InlineData("reference > reference > ours > ours")]
    public Task Our_middlebox_that_may_not_go_on_says_so_with_alert_170(string path) => InteropTable.RecordAsync(
        InteropTable.Refusals, $"{path}: our middlebox may not go on", ["the other side hears"], async () =>
        {
            Parties parties = Parties.Parse(path);
            await using TestMiddlebox ours = await TestMiddlebox.StartAsync(new Uri("tlmsp://localhost:1"));
            var file = new UclFile(TestKey.EcdsaP256) { ServerAddress = "tlmsp://localhost:2" };
            file.Context(Context);
            if (parties.Middleboxes.Length > 1)
            {
                file.Middleboxes.Add(new UclMiddlebox($"tlmsp://localhost:{TestMiddlebox.FreePort()}", Grant.None));
            }

            file.Middleboxes.Add(new UclMiddlebox(ours.Address, Grant.Read(Context)));
            string written = file.Write();
            using PeerProcess? theirs = parties.Middleboxes.Length > 1 ? await Reference.MiddleboxAsync(written, UclFile.Tag(0)) : null;
            using PeerProcess client = Reference.Client(written);

            await client.WaitForAsync(ReferenceLog.Alert(TlmspAlert.MiddleboxRouteFailure));
        }, "alert 170");

    private static Task<RawPath> StartAsync(string path, string keys = PathKeys.Ecdsa) => RawPath.StartAsync(
        Parties.Parse(path), PathKeys.Parse(keys), owner =>
        {
            owner.Configuration.Context(Context);
            owner.Configuration.Middleboxes.AddRange(owner.Addresses.Select(address => new UclMiddlebox(address, Grant.Read(Context))));
        });

    private static async Task AssertClientHearsAsync(RawPath path, TlmspAlert alert)
    {
        if (path.Parties.Client == Maker.Reference)
        {
            using PeerProcess client = Reference.Client(path.ConfigurationFile);
            await client.WaitForAsync(ReferenceLog.Alert(alert));
            return;
        }

        TlmspClientOptions options = path.Client(path.Configuration.Contexts, Grant.Read(Context));
        TlmspException fault = await Assert.ThrowsAsync<TlmspException>(() => TlmspPeer.ConnectAsync(options));
        Assert.Equal((alert, true), (fault.Alert, fault.FromPeer));
    }
}
