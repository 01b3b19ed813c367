using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>How an established path ends: what was sent arrives, and the end of one connection becomes the end of the other.</summary>
public class PathEndTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_connection_that_is_reset_takes_the_other_one_with_it(bool byServer)
    {
        await using PeerPath path = await PeerPath.StartAsync();
        (TlmspPeer left, TlmspPeer right) = await ConnectAsync(path, byServer);
        await left.SendMessageAsync(PeerPath.Request, "x");
        Assert.Equal($"1: {PeerPath.Request}", await right.ReceiveTextAsync());
        left.Reset();

        await PeerPath.ReadToEndAsync(right.Socket);

        await right.DisposeAsync();
        await path.AssertWorksAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Close_notify_passes_on_and_the_other_direction_may_finish(bool byServer)
    {
        await using PeerPath path = await PeerPath.StartAsync();
        (TlmspPeer first, TlmspPeer second) = await ConnectAsync(path, byServer);
        await first.SendMessageAsync("head", "x");
        await first.SendCloseNotifyAsync();

        Assert.Equal("1: head", await second.ReceiveTextAsync());
        Assert.Equal("2: x", await second.ReceiveTextAsync());
        Assert.Equal("end", await second.ReceiveTextAsync());
        Assert.True(second.Session.Reader.IsClosed);

        await second.SendMessageAsync("late", "y");
        await second.SendCloseNotifyAsync();
        Assert.Equal("1: late", await first.ReceiveTextAsync());
        Assert.Equal("2: y", await first.ReceiveTextAsync());
        Assert.Equal("end", await first.ReceiveTextAsync());
        Assert.True(first.Session.Reader.IsClosed);

        // With close_notify in both directions nobody has to wait for anything.
        Assert.Equal(0, await PeerPath.ReadToEndAsync(first.Socket));
        Assert.Equal(0, await PeerPath.ReadToEndAsync(second.Socket));
        await first.DisposeAsync();
        await second.DisposeAsync();
        await path.AssertWorksAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_half_a_close_the_other_direction_may_finish(bool byServer)
    {
        await using PeerPath path = await PeerPath.StartAsync();
        (TlmspPeer first, TlmspPeer second) = await ConnectAsync(path, byServer);
        await first.SendMessageAsync("head", "x");
        first.HalfClose();

        Assert.Equal("1: head", await second.ReceiveTextAsync());
        Assert.Equal("2: x", await second.ReceiveTextAsync());
        for (int i = 0; i < 5; i++)
        {
            await second.SendMessageAsync($"late {i}", "y");
            Assert.Equal($"1: late {i}", await first.ReceiveTextAsync());
            Assert.Equal("2: y", await first.ReceiveTextAsync());
        }

        await second.DisposeAsync();
        Assert.Equal("end", await first.ReceiveTextAsync());
        await first.DisposeAsync();
        await path.AssertWorksAsync();
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task After_half_a_close_and_silence_both_connections_are_closed(bool byServer, bool notifies)
    {
        await using PeerPath path = await PeerPath.StartAsync(options => options.DrainTimeout = TimeSpan.FromMilliseconds(300));
        (TlmspPeer first, TlmspPeer second) = await ConnectAsync(path, byServer);
        if (notifies)
        {
            await first.SendCloseNotifyAsync();
        }
        else
        {
            first.HalfClose();
        }

        Assert.Equal("end", await first.ReceiveTextAsync());
        Assert.Equal("end", await second.ReceiveTextAsync());
        Assert.Equal(0, await PeerPath.ReadToEndAsync(second.Socket));
        await first.DisposeAsync();
        await second.DisposeAsync();
        await path.AssertWorksAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_fatal_alert_passes_on_and_ends_both_connections(bool byServer)
    {
        await using PeerPath path = await PeerPath.StartAsync();
        (TlmspPeer first, TlmspPeer second) = await ConnectAsync(path, byServer);
        await first.SendAlertAsync(TlmspAlert.UserCanceled);

        TlmspException? end = await second.ReceiveEndAsync();

        Assert.Equal(TlmspAlert.UserCanceled, end?.Alert);
        Assert.Null(await first.ReceiveEndAsync());
        await first.DisposeAsync();
        await second.DisposeAsync();
        await path.AssertWorksAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bytes_that_are_no_record_end_the_path_with_alerts_to_both_sides(bool byServer)
    {
        await using PeerPath path = await PeerPath.StartAsync();
        (TlmspPeer first, TlmspPeer second) = await ConnectAsync(path, byServer);
        await first.SendMessageAsync("head", "x");
        await first.Socket.SendAsync("no record at all"u8.ToArray());

        Assert.Equal("1: head", await second.ReceiveTextAsync());
        Assert.Equal("2: x", await second.ReceiveTextAsync());
        Assert.Equal(TlmspAlert.UnexpectedMessage, (await second.ReceiveEndAsync())?.Alert);
        Assert.Equal(TlmspAlert.UnexpectedMessage, (await first.ReceiveEndAsync())?.Alert);
        await first.DisposeAsync();
        await second.DisposeAsync();
        await path.AssertWorksAsync();
    }

    /// <summary>The end that acts comes first.</summary>
    private static async Task<(TlmspPeer First, TlmspPeer Second)> ConnectAsync(PeerPath path, bool byServer)
    {
        (TlmspPeer client, TlmspPeer server) = await path.ConnectAsync();
        return byServer ? (server, client) : (client, server);
    }
}
