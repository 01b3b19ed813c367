using Tlmsp.AspNetCore;
using Tlmsp.TestSupport;

namespace Tlmsp.Client.Tests;

/// <summary>Somebody on the way would have a client that allows plain TLS, and a server of TLMSP, speak plain TLS.</summary>
public class StrippingTests
{
    [Theory]
    [InlineData(TlmspPlainTls.Allow)]
    [InlineData(TlmspPlainTls.Refuse)]
    public async Task An_answer_that_the_server_did_not_give_ends_in_alert_86(TlmspPlainTls setting)
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.PlainTls = setting);
        using var relay = new HelloRelay(server.Address, _ => null, HelloRelay.Alert(TlmspAlert.ProtocolVersion));

        await AssertStrippingIsFoundAsync(server, relay, "somebody on the way sent this");
    }

    [Fact]
    public async Task Extensions_that_were_removed_end_in_alert_86()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.PlainTls = TlmspPlainTls.Allow);
        using var relay = new HelloRelay(
            server.Address, hello => HelloRelay.Without(hello, HelloRelay.ExtensionTlmsp, HelloRelay.ExtensionContextList));

        await AssertStrippingIsFoundAsync(server, relay, "somebody on the way removed the tlmsp extension");
    }

    [Theory]
    [InlineData(TlmspPlainTls.Allow, false)]
    [InlineData(TlmspPlainTls.Refuse, false)]
    [InlineData(TlmspPlainTls.Refuse, true)]
    public async Task An_answer_that_only_a_server_of_TLMSP_gives_is_the_last(TlmspPlainTls setting, bool both)
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.PlainTls = setting);
        using var relay = new HelloRelay(server.Address, hello => HelloRelay.Without(
            hello, both ? [HelloRelay.ExtensionTlmsp, HelloRelay.ExtensionContextList] : [HelloRelay.ExtensionTlmsp]));
        using HttpClient client = Client(relay);

        TlmspException fault = await PlainTlsFallbackTests.RefusedAsync(client, "/hello", "DecodeError");

        Assert.True(fault.FromPeer);
        Assert.Equal(1, relay.Connections);
    }

    [Fact]
    public async Task A_connection_that_just_ends_is_no_reason_to_fall_back()
    {
        await using StockServer server = await StockServer.StartAsync();
        using var relay = new HelloRelay(server.Address, _ => null);
        using HttpClient client = Client(relay);

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/hello"));

        Assert.IsAssignableFrom<IOException>(e.InnerException);
        Assert.Equal(1, relay.Connections);
    }

    [Theory]
    [InlineData(TlmspAlert.DecodeError)]
    [InlineData(TlmspAlert.MiddleboxAuthorizationFailure)]
    [InlineData(TlmspAlert.InternalError)]
    [InlineData(TlmspAlert.InappropriateFallback)]
    public async Task Other_alerts_are_no_reason_to_fall_back(TlmspAlert alert)
    {
        await using StockServer server = await StockServer.StartAsync();
        using var relay = new HelloRelay(server.Address, _ => null, HelloRelay.Alert(alert));
        using HttpClient client = Client(relay);

        Assert.Equal(alert, (await PlainTlsFallbackTests.RefusedAsync(client, "/hello", alert.ToString())).Alert);
        Assert.Equal(1, relay.Connections);
    }

    private static HttpClient Client(HelloRelay relay) => new(TestServer.Handler(tlmsp => tlmsp.AllowPlainTls = true))
    {
        BaseAddress = relay.Address,
        Timeout = TimeSpan.FromSeconds(30),
    };

    private static async Task AssertStrippingIsFoundAsync(TestServer server, HelloRelay relay, string cause)
    {
        using HttpClient client = Client(relay);

        TlmspException fault = await PlainTlsFallbackTests.RefusedAsync(client, "/hello", "speaks TLMSP and refuses plain TLS");

        Assert.Equal(Misbehaviour.FallbackRefused, fault.Misbehaviour);
        Assert.Contains(cause, fault.Message, StringComparison.Ordinal);
        Assert.Equal(2, relay.Connections);
        Assert.StartsWith("Warning:", await server.Logs.WaitForLineAsync("fell back to TLS"), StringComparison.Ordinal);
    }
}
