using System.Net;
using System.Net.Sockets;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>Where a middlebox connects to: only where its operator said, whatever clients and name servers say (threats A11).</summary>
public class NextHopTests
{
    [Theory]
    [InlineData("orders.example:5001", "ORDERS.example:5001", true)]
    [InlineData("Orders.Example:5001", "orders.example:5001", true)]
    [InlineData("orders.example:5001", "orders.example:5002", false)]
    [InlineData("orders.example:5001", "orders.example", false)]
    [InlineData("orders.example", "orders.example:443", true)]
    [InlineData("orders.example:5001", "orders.example.:5001", false)]
    [InlineData("orders.example:5001", "127.0.0.1:5001", false)]
    [InlineData("localhost:5001", "127.0.0.1:5001", false)]
    [InlineData("[::1]:5001", "[0:0:0:0:0:0:0:1]:5001", true)]
    [InlineData("127.0.0.1:5001", "[::ffff:127.0.0.1]:5001", false)]
    public void A_next_hop_is_allowed_by_host_in_any_case_and_by_exact_port(string listed, string asked, bool expected)
    {
        NextHopAllowList list = new NextHopAllowList().Allow(listed);

        Assert.Equal(expected, TlmspAddress.TryParse(asked, out TlmspAddress address) && list.TryGet(address, out _));
    }

    [Fact]
    public void Nothing_is_allowed_by_default()
    {
        Assert.False(new NextHopAllowList().TryGet(TlmspAddress.Parse("localhost:443"), out _));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.8.8")]
    [InlineData("0.0.0.0")]
    [InlineData("169.254.169.254")]
    [InlineData("224.0.0.1")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("fe80::1")]
    [InlineData("ff02::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    public async Task A_listed_name_that_resolves_to_an_address_of_this_machine_or_link_is_not_dialled(string address)
    {
        var transport = new TestTransport { Names = _ => [IPAddress.Parse("192.0.2.1"), IPAddress.Parse(address)] };
        NextHopAllowList list = new NextHopAllowList().Allow("orders.example:5001");
        Assert.True(list.TryGet(TlmspAddress.Parse("orders.example:5001"), out NextHop nextHop));

        NextHopRefusedException e = await Assert.ThrowsAsync<NextHopRefusedException>(
            () => new NextHopDialer(transport).ConnectAsync(nextHop, CancellationToken.None));

        Assert.Contains("NextHops.Allow(\"orders.example:5001\", mayBeLocal: true)", e.Message, StringComparison.Ordinal);
        Assert.Contains(IPAddress.Parse(address).ToString(), e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_whose_next_hop_resolves_to_this_machine_gets_alert_170()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var server = new Uri($"https://orders.example:{((IPEndPoint)listener.LocalEndpoint).Port}");
        var transport = new TestTransport { Names = _ => [IPAddress.Loopback] };
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server, services: transport.Register);

        TlmspException e = await Assert.ThrowsAsync<TlmspException>(() => TlmspPeer.ConnectAsync(server, [middlebox.With(Grant.None)]));

        Assert.Equal(TlmspAlert.MiddleboxRouteFailure, e.Alert);
        Assert.False(listener.Pending());
        Assert.Contains(middlebox.Logs.Lines, line =>
            line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("mayBeLocal: true", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_listed_name_is_dialled_at_the_first_of_its_addresses_that_answers()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var server = new Uri($"https://orders.example:{((IPEndPoint)listener.LocalEndpoint).Port}");
        var transport = new TestTransport { Names = _ => [IPAddress.IPv6Loopback, IPAddress.Parse("127.0.0.2"), IPAddress.Loopback] };
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
            server,
            options => options.NextHops.Allow($"ORDERS.example:{server.Port}", mayBeLocal: true),
            inspect: false,
            services: transport.Register);
        Task<TlmspPeer> accepting = TlmspPeer.AcceptAsync(listener, "orders.example");

        await using TlmspPeer client = await TlmspPeer.ConnectAsync(server, [middlebox.With(Grant.Read(HttpContexts.Headers))]);

        await using TlmspPeer accepted = await accepting;
        await client.SendMessageAsync("head", "x");
        Assert.Equal("1: head", await accepted.ReceiveTextAsync());
    }

    [Theory]
    [InlineData(SocketError.ConnectionRefused)]
    [InlineData(SocketError.HostNotFound)]
    public async Task A_next_hop_that_cannot_be_reached_gives_the_client_alert_170_and_a_log_line(SocketError error)
    {
        var server = new Uri($"https://orders.example:{TestMiddlebox.FreePort()}");
        var transport = new TestTransport
        {
            Names = _ => error == SocketError.HostNotFound ? throw new SocketException((int)error) : [IPAddress.Loopback],
        };
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
            server, options => options.NextHops.Allow($"orders.example:{server.Port}", mayBeLocal: true), services: transport.Register);

        TlmspException e = await Assert.ThrowsAsync<TlmspException>(() => TlmspPeer.ConnectAsync(server, [middlebox.With(Grant.None)]));

        Assert.Equal(TlmspAlert.MiddleboxRouteFailure, e.Alert);
        Assert.Contains(middlebox.Logs.Lines, line =>
            line.StartsWith("Warning", StringComparison.Ordinal)
            && line.Contains($"orders.example:{server.Port}", StringComparison.Ordinal)
            && line.Contains(new SocketException((int)error).Message, StringComparison.Ordinal));
    }
}
