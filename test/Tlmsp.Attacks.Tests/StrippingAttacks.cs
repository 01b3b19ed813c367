using Tlmsp.AspNetCore;
using Tlmsp.Client;
using Tlmsp.TestSupport;
using Xunit.Abstractions;

namespace Tlmsp.Attacks.Tests;

/// <summary>A client that allows plain TLS and a server of TLMSP, made to speak plain TLS by somebody between them (X3).</summary>
public class StrippingAttacks(AttackReport report, ITestOutputHelper output) : AttackFamily(report, output)
{
    internal static readonly AttackRow[] Rows =
    [
        Stripped("the tlmsp extensions taken out of the hello", server => new HelloRelay(
            server, hello => HelloRelay.Without(hello, HelloRelay.ExtensionTlmsp, HelloRelay.ExtensionContextList)), plainTls: true),
        Stripped("an answer in the server's name that there is no such version", server => new HelloRelay(
            server, _ => null, HelloRelay.Alert(TlmspAlert.ProtocolVersion)), plainTls: true),
        Stripped("an answer in the name of a server that refuses plain TLS", server => new HelloRelay(
            server, _ => null, HelloRelay.Alert(TlmspAlert.ProtocolVersion)), plainTls: false),
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);

    private static OtherAttack Stripped(string tried, Func<Uri, HelloRelay> attack, bool plainTls) => new(
        "X3", "somebody between client and server, without any key", tried,
        "server, alert 86 InappropriateFallback to the fallback, which says that its client speaks TLMSP", async () =>
        {
            await using AttackedServer server = await AttackedServer.StartAsync(
                tlmsp => tlmsp.PlainTls = plainTls ? TlmspPlainTls.Allow : TlmspPlainTls.Refuse);
            using (var honest = new HelloRelay(server.Address, hello => hello))
            {
                using HttpClient client = Client(honest);
                using HttpResponseMessage response = await client.GetAsync("/ten");
                Assert.True(response.IsTlmsp());
                Assert.Equal("helloworld", await response.Content.ReadAsStringAsync());
            }

            using (HelloRelay relay = attack(server.Address))
            {
                using HttpClient client = Client(relay);
                HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/ten"));
                TlmspException fault = Assert.IsType<TlmspException>(e.InnerException?.InnerException);
                Assert.Equal((Misbehaviour.FallbackRefused, TlmspAlert.InappropriateFallback), (fault.Misbehaviour, fault.Alert));
                Assert.Equal(2, relay.Connections);
            }

            Assert.StartsWith("Warning:", await server.Server.Logs.WaitForLineAsync("fell back to TLS"), StringComparison.Ordinal);
            Assert.Single(server.Server.Logs.Lines, line => line.StartsWith("Warning:", StringComparison.Ordinal));
            Assert.Equal(["GET /ten"], server.Whole);
            await server.AssertBystanderAsync();
        });

    private static HttpClient Client(HelloRelay relay) => new(TestServer.Handler(tlmsp => tlmsp.AllowPlainTls = true))
    {
        BaseAddress = relay.Address,
        Timeout = TimeSpan.FromSeconds(30),
    };
}
