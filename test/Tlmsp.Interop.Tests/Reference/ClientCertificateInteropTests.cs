using System.Net.Sockets;
using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>Our server asks for the client's certificate; the reference's client has none.</summary>
public class ClientCertificateInteropTests
{
    private const byte Context = 1;

    [ReferenceTheory]
    [InlineData("ours > reference > ours")]
    [InlineData("ours > reference > reference > ours")]
    [InlineData("ours > ours > reference > ours")]
    [InlineData("ours > reference > ours > ours")]
    public Task Our_client_shows_its_certificate_through_their_middleboxes(string path) => InteropTable.RecordAsync(
        InteropTable.ClientCertificates, $"{path}: required, and shown", ["outcome"], async () =>
        {
            await using RawPath middleboxes = await StartAsync(path);
            using TcpListener listener = middleboxes.Listen();
            Task<TlmspPeer> accepting = TlmspPeer.AcceptAsync(listener, Server(middleboxes, TlmspClientAuthentication.Require));
            TlmspClientOptions options = middleboxes.Client(middleboxes.Configuration.Contexts, Grant.Read(Context));
            options.Certificate = TestCertificates.Get("alice");

            await using TlmspPeer client = await TlmspPeer.ConnectAsync(options);
            await using TlmspPeer server = await accepting;

            Assert.Equal(options.Certificate.Chain[0].ToArray(), server.Session.Info.ClientCertificate?.RawData);
            await client.SendAsync(Context, "question");
            Assert.Equal($"{Context}: question", await server.ReceiveTextAsync());
        });

    [ReferenceTheory]
    [InlineData("reference > ours")]
    [InlineData("reference > ours > ours")]
    public Task Their_client_may_do_without_where_our_server_lets_it(string path) => InteropTable.RecordAsync(
        InteropTable.ClientCertificates, $"{path}: allowed, and not there", ["outcome"], async () =>
        {
            await using RawPath middleboxes = await StartAsync(path);
            using TcpListener listener = middleboxes.Listen();
            Task<TlmspPeer> accepting = TlmspPeer.AcceptAsync(listener, Server(middleboxes, TlmspClientAuthentication.Allow));

            using PeerProcess client = Reference.Client(middleboxes.ConfigurationFile);
            await using TlmspPeer server = await accepting;

            Assert.Null(server.Session.Info.ClientCertificate);
            Assert.Equal($"{Context}: question", await server.ReceiveTextAsync());
        });

    [ReferenceTheory]
    [InlineData("reference > ours")]
    [InlineData("reference > ours > ours")]
    public Task Their_client_is_refused_where_our_server_needs_a_certificate(string path) => InteropTable.RecordAsync(
        InteropTable.ClientCertificates, $"{path}: required, and not there", ["outcome"], async () =>
        {
            await using RawPath middleboxes = await StartAsync(path);
            using TcpListener listener = middleboxes.Listen();
            Task<TlmspException> refusing = Assert.ThrowsAsync<TlmspException>(
                () => TlmspPeer.AcceptAsync(listener, Server(middleboxes, TlmspClientAuthentication.Require)));

            using PeerProcess client = Reference.Client(middleboxes.ConfigurationFile);
            TlmspException fault = await refusing;

            Assert.False(fault.FromPeer);
            await client.WaitForAsync(ReferenceLog.Alert(fault.Alert, 0));
        }, "refused");

    [ReferenceFact]
    public Task Their_middlebox_ends_the_connection_of_a_client_without_a_certificate() => InteropTable.RecordAsync(
        InteropTable.TheirFailures, "reference > reference > ours: a client without a certificate, where our server asks for one", ["what happens"], async () =>
        {
            await using RawPath middleboxes = await StartAsync("reference > reference > ours");
            using TcpListener listener = middleboxes.Listen();
            Task<TlmspPeer> accepting = TlmspPeer.AcceptAsync(listener, Server(middleboxes, TlmspClientAuthentication.Allow));

            using PeerProcess client = Reference.Client(middleboxes.ConfigurationFile);

            // It closes with bytes unread, so a reset may overtake its alert.
            await client.WaitForAsync(ReferenceLog.Alert(TlmspAlert.DecodeError, 0), "Connection reset by peer");
            await Assert.ThrowsAsync<TlmspException>(() => accepting);
        }, "their middlebox sends alert 50 for the empty certificate list");

    private static TlmspServerOptions Server(RawPath path, TlmspClientAuthentication authentication)
    {
        TlmspServerOptions options = path.Server();
        options.ClientAuthentication = authentication;
        return options;
    }

    private static Task<RawPath> StartAsync(string path) => RawPath.StartAsync(Parties.Parse(path), PathKeys.Parse(PathKeys.Ecdsa), owner =>
    {
        UclFile file = owner.Configuration.Context(Context);
        file.Middleboxes.AddRange(owner.Addresses.Select(address => new UclMiddlebox(address, Grant.Read(Context))));
        file.ClientFunctions.Add(file.Activity("ask", "at = 0", UclFile.Send(Context, "question")));
    });
}
