using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>Options are checked when the host starts; each problem says how to fix it.</summary>
public class HostOptionsTests
{
    public static TheoryData<string, string> Problems => new()
    {
        { "a bad address", "Address is 'waf.example:0'. Set it" },
        { "no private key", "private key" },
        { "two certificates", "Certificate and CertificateFile are both set. Remove one of them." },
        { "no time for the handshake", "HandshakeTimeout is 00:00:00. Set it to more than zero" },
        { "no time for inspectors", "InspectorTimeout is -00:00:00.0010000. Set it to more than zero" },
        { "too much time to drain", "DrainTimeout is 2.00:00:00. Set it to more than zero and at most 1.00:00:00" },
        { "no connections", "MaxConnections is 0. Set it to 1 or more" },
        { "too many middleboxes", "Limits.MaxMiddleboxes is 1000; it must be 0 to 251." },
    };

    [Theory]
    [MemberData(nameof(Problems))]
    public async Task A_host_with_wrong_options_does_not_start(string problem, string message)
    {
        OptionsValidationException e = await Assert.ThrowsAsync<OptionsValidationException>(
            () => TestMiddlebox.StartAsync(new Uri("https://localhost:1"), options => Spoil(options, problem)));

        Assert.Contains(message, Assert.Single(e.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_that_is_missing_is_reported_at_once()
    {
        OptionsValidationException e = Assert.Throws<OptionsValidationException>(new TlmspMiddleboxHostOptions().ToSettings);

        Assert.Collection(
            e.Failures,
            failure => Assert.Contains("Address is ''. Set it to what clients list", failure, StringComparison.Ordinal),
            failure => Assert.Contains("Certificate is not set. Set a certificate with a private key.", failure, StringComparison.Ordinal),
            failure => Assert.Contains("Call NextHops.Allow(\"host:port\").", failure, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("localhost", false)]
    [InlineData("other.example", true)]
    public async Task A_certificate_that_does_not_name_the_host_is_warned_about(string name, bool warns)
    {
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
            new Uri("https://localhost:1"), options => options.Certificate = TestCertificates.Leaf(name));

        Assert.Equal(warns, middlebox.Logs.Lines.Any(line => line.Contains("does not name localhost", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Connections_on_both_sides_are_kept_alive_so_that_vanished_machines_are_noticed()
    {
        using var transport = new SocketMiddleboxTransport(NullLoggerFactory.Instance);
        await using IConnectionListener listener = await transport.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), CancellationToken.None);
        await using ConnectionContext dialled = await transport.ConnectAsync((IPEndPoint)listener.EndPoint, CancellationToken.None);
        await using ConnectionContext? accepted = await listener.AcceptAsync();

        foreach (ConnectionContext connection in (ConnectionContext[])[dialled, accepted!])
        {
            Socket socket = connection.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket;
            Assert.NotEqual(0, (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive)!);
            Assert.Equal(60, (int)socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime)!);
            Assert.True(socket.NoDelay);
        }
    }

    [Fact]
    public void An_address_that_cannot_be_dialled_is_refused_as_a_next_hop()
    {
        FormatException e = Assert.Throws<FormatException>(() => new NextHopAllowList().Allow("user@orders.example"));

        Assert.Contains("host:port", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task By_default_a_host_listens_on_every_interface_with_or_without_IPv6(bool hasIPv6)
    {
        var transport = new TestTransport { HasIPv6 = hasIPv6 };
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
            server.Address, options => options.ListenEndPoint = null, services: transport.Register);

        await using TlmspPeer client = await TlmspPeer.ConnectAsync(server.Address, [middlebox.With(Grant.None)]);

        Assert.Equal(hasIPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, transport.Bound?.AddressFamily);
    }

    [Fact]
    public async Task A_chosen_address_that_the_machine_does_not_have_is_an_error()
    {
        var transport = new TestTransport { HasIPv6 = false };

        IOException e = await Assert.ThrowsAsync<IOException>(() => TestMiddlebox.StartAsync(
            new Uri("https://localhost:1"),
            options => options.ListenEndPoint = new IPEndPoint(IPAddress.IPv6Any, 0),
            services: transport.Register));

        Assert.Contains("cannot listen on [::]:0: ", e.Message, StringComparison.Ordinal);
        Assert.IsType<SocketException>(e.InnerException);
    }

    private static void Spoil(TlmspMiddleboxHostOptions options, string problem)
    {
        switch (problem)
        {
            case "a bad address":
                options.Address = "waf.example:0";
                break;
            case "no private key":
                options.Certificate = X509CertificateLoader.LoadCertificate(options.Certificate!.RawData);
                break;
            case "two certificates":
                string file = Path.GetTempFileName();
                File.WriteAllText(file, options.Certificate!.ExportCertificatePem() + "\n" + options.Certificate!.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
                options.CertificateFile = new TlmspCertificateFile(file);
                File.Delete(file);
                break;
            case "no time for the handshake":
                options.HandshakeTimeout = TimeSpan.Zero;
                break;
            case "no time for inspectors":
                options.InspectorTimeout = TimeSpan.FromMilliseconds(-1);
                break;
            case "too much time to drain":
                options.DrainTimeout = TimeSpan.FromDays(2);
                break;
            case "no connections":
                options.MaxConnections = 0;
                break;
            case "too many middleboxes":
                options.Limits.MaxMiddleboxes = 1000;
                break;
        }
    }
}
