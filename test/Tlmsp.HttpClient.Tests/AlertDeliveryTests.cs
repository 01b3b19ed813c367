using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Tlmsp.TestSupport;

namespace Tlmsp.Client.Tests;

public class AlertDeliveryTests
{
    /// <summary>More than a connection holds underway: it can only be sent if somebody takes it.</summary>
    private const int Plenty = 16 * 1024 * 1024;

    [Fact]
    public async Task A_client_that_refuses_a_server_hears_it_out_so_that_the_alert_is_not_lost_in_a_reset()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task<byte[]> serving = ServeAsync(listener);
        using var client = new HttpClient(new TlmspHandler(tlmsp => tlmsp.Trust.CustomRootTrust.Add(TestCertificates.UntrustedRoot)));

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(
            () => client.GetAsync($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}/"));

        Assert.IsType<AuthenticationException>(e.InnerException);
        byte[] alert = await serving;
        Assert.Equal([(byte)TlmspAlertLevel.Fatal, (byte)TlmspAlert.UnknownCa], alert[^2..]);
    }

    /// <summary>Sends the server's flight and then, without reading the answer, a lot more.</summary>
    /// <returns>What the client answered.</returns>
    private static async Task<byte[]> ServeAsync(TcpListener listener)
    {
        using Socket socket = await listener.AcceptSocketAsync();
        using var handshake = new TlmspServerHandshake(TlmspPeer.ServerOptions());
        var flight = new ArrayBufferWriter<byte>();
        byte[] hello = new byte[16 * 1024];
        for (int length = 0; flight.WrittenCount == 0;)
        {
            length += await socket.ReceiveAsync(hello.AsMemory(length));
            var input = new ReadOnlySequence<byte>(hello, 0, length);
            handshake.Process(ref input, flight);
        }

        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(flight.WrittenMemory);
        await stream.WriteAsync(new byte[Plenty]);
        socket.Shutdown(SocketShutdown.Send);
        var answer = new MemoryStream();
        await stream.CopyToAsync(answer);
        return answer.ToArray();
    }
}
