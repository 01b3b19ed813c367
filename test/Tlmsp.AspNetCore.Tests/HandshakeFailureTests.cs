using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>Clients that do not get through the handshake: each ends its own connection, with an alert where one can be sent.</summary>
public class HandshakeFailureTests
{
    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", TlmspAlert.UnexpectedMessage)]
    [InlineData("\0\0\0\0\0\0\0\0", TlmspAlert.UnexpectedMessage)]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n", TlmspAlert.UnexpectedMessage)]
    [InlineData("\x16\x03\x01\0\0", TlmspAlert.DecodeError)]                                            // an empty record
    [InlineData("\x16\x03\x01\0\x04\x02\0\0\0", TlmspAlert.UnexpectedMessage)]                          // not a ClientHello
    [InlineData("\x16\x05\x01\0\x04\x01\0\0\0", TlmspAlert.ProtocolVersion)]
    public async Task Bytes_that_are_no_TLMSP_get_an_alert_and_nobody_else_notices(string bytes, TlmspAlert alert)
    {
        await using var bystander = await Bystander.StartAsync();
        using RawConnection connection = await RawConnection.OpenAsync(bystander.Server);

        await connection.SendAsync(Encoding.Latin1.GetBytes(bytes));

        Assert.Equal([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, (byte)alert], await connection.ReceiveToEndAsync());
        Assert.StartsWith("Debug:", await bystander.Server.Logs.WaitForLineAsync("the TLMSP handshake failed"), StringComparison.Ordinal);
        await bystander.AssertUndisturbedAsync();
    }

    [Fact]
    public async Task An_ordinary_TLS_client_gets_a_fatal_alert()
    {
        await using var bystander = await Bystander.StartAsync();
        using Socket socket = await TlmspPeer.DialAsync(bystander.Server.Address);
        await using var tls = new SslStream(new NetworkStream(socket));

        await Assert.ThrowsAnyAsync<AuthenticationException>(() => tls.AuthenticateAsClientAsync("localhost"));

        string line = await bystander.Server.Logs.WaitForLineAsync("the TLMSP handshake failed");
        Assert.Contains(nameof(Misbehaviour.PlainTls), line, StringComparison.Ordinal);
        await bystander.AssertUndisturbedAsync();
    }

    [Fact]
    public async Task A_hello_that_comes_byte_by_byte_is_as_good_as_any()
    {
        await using TestServer server = await TestServer.StartAsync(listening: listen => listen.Use(next => connection =>
        {
            connection.Transport = new LoggingDuplexPipe(connection.Transport, new WriteLog(), sliceBytes: 1);
            return next(connection);
        }));
        using HttpClient client = server.Client();

        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    [Fact]
    public async Task A_client_that_says_nothing_is_closed_at_the_timeout()
    {
        await using var bystander = await Bystander.StartAsync(tlmsp => tlmsp.HandshakeTimeout = TimeSpan.FromSeconds(1));
        using RawConnection connection = await RawConnection.OpenAsync(bystander.Server);

        Assert.Empty(await connection.ReceiveToEndAsync());

        Assert.StartsWith(
            "Debug:", await bystander.Server.Logs.WaitForLineAsync("no TLMSP handshake within 00:00:01"), StringComparison.Ordinal);
        await bystander.AssertUndisturbedAsync();
    }

    [Fact]
    public async Task A_client_that_keeps_sending_a_little_is_closed_at_the_timeout_all_the_same()
    {
        await using var bystander = await Bystander.StartAsync(tlmsp => tlmsp.HandshakeTimeout = TimeSpan.FromSeconds(1));
        using RawConnection connection = await RawConnection.OpenAsync(bystander.Server);
        await connection.SendAsync(RawConnection.UnfinishedHello);

        await connection.TrickleAsync(0, TimeSpan.FromMilliseconds(50));

        await bystander.Server.Logs.WaitForLineAsync("no TLMSP handshake within 00:00:01");
        await bystander.AssertUndisturbedAsync();
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_client_that_leaves_inside_the_handshake_is_no_event(bool reset, bool silent)
    {
        await using var bystander = await Bystander.StartAsync();
        RawConnection connection = await RawConnection.OpenAcceptedAsync(bystander.Server);
        if (!silent)
        {
            await connection.SendAsync(RawConnection.UnfinishedHello);
        }

        connection.End(reset);

        Assert.StartsWith("Debug:", await bystander.Server.Logs.WaitForLineAsync("the TLMSP handshake failed"), StringComparison.Ordinal);
        await bystander.AssertUndisturbedAsync();
    }

    [Theory]
    [InlineData("1=r", null)]
    [InlineData("1=r", "1=rw")]
    [InlineData("1=r,2=r", "1=r")]
    public async Task A_middlebox_list_that_is_not_allowed_gets_alert_171_and_one_line_that_says_how_to_allow_it(
        string granted, string? allowed)
    {
        MiddleboxAllowList? list = null;
        await using TestServer server = await TestServer.StartAsync(tlmsp => list = tlmsp.Middleboxes);
        string address = $"tlmsp://localhost:{server.Address.Port}";     // the client dials its first middlebox, which is the server here
        if (allowed is not null)
        {
            list!.Allow(address, Grant.Parse(allowed));
        }

        TlmspException e = await Assert.ThrowsAsync<TlmspException>(
            () => TlmspPeer.ConnectAsync(server.Address, [new TlmspMiddlebox(TlmspAddress.Parse(address), Grant.Parse(granted))]));

        Assert.Equal((true, TlmspAlert.MiddleboxAuthorizationFailure), (e.FromPeer, e.Alert));
        string line = await server.Logs.WaitForLineAsync("Warning:");
        Assert.Contains($"tlmsp.Middleboxes.Allow(\"{address}\", Grant.Parse(\"{granted}\"))", line, StringComparison.Ordinal);
        Assert.Single(server.Logs.Lines, logged => logged.StartsWith("Warning:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_policy_that_throws_is_an_error_of_the_application_and_ends_that_connection_with_alert_80()
    {
        await using TestServer server = await TestServer.StartAsync(
            tlmsp => tlmsp.Middleboxes.Policy = offer => offer.Middleboxes.Count > 0 ? throw new InvalidOperationException("a bug") : null);
        var self = new TlmspMiddlebox(TlmspAddress.Parse($"localhost:{server.Address.Port}"), Grant.None);

        TlmspException e = await Assert.ThrowsAsync<TlmspException>(() => TlmspPeer.ConnectAsync(server.Address, [self]));

        Assert.Equal((true, TlmspAlert.InternalError), (e.FromPeer, e.Alert));
        Assert.StartsWith("Error:", await server.Logs.WaitForLineAsync("a bug"), StringComparison.Ordinal);
        using HttpClient client = server.Client();
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    [Fact]
    public async Task A_middlebox_that_the_relaxed_mapping_would_let_do_too_much_gets_alert_171_whatever_the_policy_says()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp =>
        {
            tlmsp.Mapping = Http.HttpMappingMode.EtsiCurl;
            tlmsp.Middleboxes.Policy = _ => null;
        });
        var self = new TlmspMiddlebox(TlmspAddress.Parse($"localhost:{server.Address.Port}"), Grant.Parse("1=rw"));

        TlmspException e = await Assert.ThrowsAsync<TlmspException>(() => TlmspPeer.ConnectAsync(server.Address, [self]));

        Assert.Equal((true, TlmspAlert.MiddleboxAuthorizationFailure), (e.FromPeer, e.Alert));
        await server.Logs.WaitForLineAsync("may write heads but not content, which the EtsiCurl mapping would let it do all the same");
    }
}
