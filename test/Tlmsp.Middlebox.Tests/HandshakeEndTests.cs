using System.Diagnostics;
using System.Net.Sockets;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>Handshakes that do not come to an end: each ends in bounded time, tells who can be told, and lets go of everything.</summary>
public class HandshakeEndTests
{
    private static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(500);

    [Fact]
    public async Task A_client_that_sends_its_hello_byte_by_byte_and_stops_is_closed_at_the_handshake_timeout()
    {
        await using PeerPath path = await PeerPath.StartAsync(options => options.HandshakeTimeout = s_short);
        long start = Stopwatch.GetTimestamp();
        using Socket client = await TlmspPeer.DialAsync(new Uri(path.Middlebox.Address));
        foreach (byte b in path.Hello().AsSpan(0, 40).ToArray())
        {
            await client.SendAsync(new[] { b });
        }

        Assert.Equal(0, await PeerPath.ReadToEndAsync(client));

        Assert.True(Stopwatch.GetElapsedTime(start) > s_short - TimeSpan.FromMilliseconds(50));
        await path.AssertWorksAsync();
    }

    [Fact]
    public async Task A_client_that_falls_silent_after_the_servers_flight_is_closed_and_so_is_the_server()
    {
        await using PeerPath path = await PeerPath.StartAsync(options => options.HandshakeTimeout = TimeSpan.FromSeconds(1));
        using Socket client = await path.SendHelloAsync();
        using Socket server = await AcceptAndAnswerAsync(path);

        Assert.True(await PeerPath.ReadToEndAsync(client) > 500, "the server's flight should have come");
        await PeerPath.ReadToEndAsync(server);

        await path.AssertWorksAsync();
    }

    [Fact]
    public async Task A_next_hop_that_accepts_and_stays_silent_gives_the_client_alert_170()
    {
        await using PeerPath path = await PeerPath.StartAsync(options => options.HandshakeTimeout = s_short);
        using var server = new Silent(path);

        await AssertRouteFailureAsync(path);

        Assert.True(await PeerPath.ReadToEndAsync(await server.Accepted) > 0, "the hello should have come");
        await path.AssertWorksAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_next_hop_that_closes_or_resets_gives_the_client_alert_170(bool resets)
    {
        await using PeerPath path = await PeerPath.StartAsync();
        Task serving = ServeAsync();

        await AssertRouteFailureAsync(path);

        await serving;
        await path.AssertWorksAsync();

        async Task ServeAsync()
        {
            using Socket server = await path.AcceptAsync();
            await server.ReceiveAsync(new byte[4096]);
            server.LingerState = new LingerOption(resets, 0);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_vanishes_inside_the_handshake_takes_the_servers_connection_with_it(bool resets)
    {
        await using PeerPath path = await PeerPath.StartAsync();
        Socket client = await path.SendHelloAsync();
        using Socket server = await AcceptAndAnswerAsync(path);
        await client.ReceiveAsync(new byte[1]);
        client.LingerState = new LingerOption(resets, 0);
        client.Dispose();

        await PeerPath.ReadToEndAsync(server);

        await path.AssertWorksAsync();
    }

    [Fact]
    public async Task Garbage_instead_of_a_hello_gets_an_alert()
    {
        await using PeerPath path = await PeerPath.StartAsync();
        using Socket client = await TlmspPeer.DialAsync(new Uri(path.Middlebox.Address));
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
        byte[] answer = new byte[64];

        int count = await client.ReceiveAsync(answer);

        Assert.Equal([21, 3, 3, 0, 2, 2], answer[..6]);     // a fatal alert (RFC 5246 §6.2.1, §7.2)
        Assert.Equal(7, count);
        Assert.Equal(0, await PeerPath.ReadToEndAsync(client));
        await path.AssertWorksAsync();
    }

    private static async Task AssertRouteFailureAsync(PeerPath path)
    {
        TlmspException e = await Assert.ThrowsAsync<TlmspException>(
            () => TlmspPeer.ConnectAsync(path.ServerAddress, [path.Middlebox.With(path.Grant)]));
        Assert.True(e.FromPeer);
        Assert.Equal(TlmspAlert.MiddleboxRouteFailure, e.Alert);
    }

    /// <summary>Takes the hello, and sends the first flight of a server.</summary>
    private static async Task<Socket> AcceptAndAnswerAsync(PeerPath path)
    {
        Socket server = await path.AcceptAsync();
        byte[] buffer = new byte[4096];
        int count = await server.ReceiveAsync(buffer);
        using var handshake = new TlmspServerHandshake(TlmspPeer.ServerOptions());
        var flight = new System.Buffers.ArrayBufferWriter<byte>();
        var hello = new System.Buffers.ReadOnlySequence<byte>(buffer, 0, count);
        handshake.Process(ref hello, flight);
        await server.SendAsync(flight.WrittenMemory);
        return server;
    }

    private sealed class Silent(PeerPath path) : IDisposable
    {
        public Task<Socket> Accepted { get; } = path.AcceptAsync();

        public void Dispose() => Accepted.Result.Dispose();
    }
}
