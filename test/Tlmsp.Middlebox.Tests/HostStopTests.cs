using System.Diagnostics;
using System.Net.Sockets;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>Stopping a host ends whatever is under way, in bounded time.</summary>
public class HostStopTests
{
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(8);

    [Fact]
    public async Task A_handshake_is_cut_off()
    {
        await using PeerPath path = await PeerPath.StartAsync();
        using Socket client = await path.SendHelloAsync();
        using Socket server = await path.AcceptAsync();
        Assert.True(await server.ReceiveAsync(new byte[4096]) > 0, "the hello should have come");

        await AssertStopsAsync(path);

        Assert.Equal(0, await PeerPath.ReadToEndAsync(client));
        Assert.Equal(0, await PeerPath.ReadToEndAsync(server));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_idle_path_is_closed_on_both_sides_and_what_was_sent_arrives(bool inspect)
    {
        await using PeerPath path = await PeerPath.StartAsync(inspect: inspect);
        (TlmspPeer client, TlmspPeer server) = await path.ConnectAsync();
        await client.SendMessageAsync(PeerPath.Request, "x");
        Assert.Equal($"1: {PeerPath.Request}", await server.ReceiveTextAsync());

        await AssertStopsAsync(path);

        Assert.Equal("2: x", await server.ReceiveTextAsync());
        Assert.Equal("end", await server.ReceiveTextAsync());
        Assert.Equal("end", await client.ReceiveTextAsync());
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task A_receiver_that_does_not_read_holds_the_host_up_for_the_drain_timeout_only()
    {
        await using PeerPath path = await PeerPath.StartAsync(options => options.DrainTimeout = TimeSpan.FromMilliseconds(500));
        (TlmspPeer client, TlmspPeer server) = await path.ConnectAsync();
        Task<bool> blocked = BackPressureTests.FillAsync(server);
        Assert.True(await blocked, "the server should have been held back");

        await AssertStopsAsync(path);

        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_inspector_that_hangs_does_not_hold_the_host_up(bool blocks)
    {
        using var release = new ManualResetEventSlim();
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var hang = new TaskCompletionSource();
        var inspector = new ScriptedInspector("request", async _ =>
        {
            entered.SetResult();
            if (blocks)
            {
                release.Wait();
            }
            else
            {
                await hang.Task;
            }
        });
        await using PeerPath path = await PeerPath.StartAsync(inspector: inspector);
        (TlmspPeer client, TlmspPeer server) = await path.ConnectAsync();
        await client.SendMessageAsync(PeerPath.Request, "x");
        await entered.Task;

        await AssertStopsAsync(path);

        Assert.Equal("end", await server.ReceiveTextAsync());
        Assert.Equal("end", await client.ReceiveTextAsync());
        release.Set();
        hang.SetResult();
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    private static async Task AssertStopsAsync(PeerPath path)
    {
        long start = Stopwatch.GetTimestamp();
        await path.Middlebox.StopAsync().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, s_bound);
    }
}
