using Tlmsp.Http;
using static Tlmsp.Middlebox.Tests.Http2RawPeer;

namespace Tlmsp.Middlebox.Tests;

/// <summary>Windows of HTTP/2 that are used, widened and announced in unusual ways.</summary>
public class Http2HostileWindowTests
{
    [Fact]
    public async Task Padding_counts_where_content_changes_its_length()
    {
        await using Http2RawPath path = await Http2RawPath.StartAsync(Growing(60_000));
        await path.Client.SendAsync(Request(1, "GET /"), Widen(0, 1_000_000));
        await path.ReachedAsync();

        byte[] padding = Frame(Http2FrameType.Data, 8, 1, [255, .. new byte[255]]);
        await path.Server.SendAllAsync([Response(1, 200), .. Enumerable.Repeat(padding, 200), Data(1, 1000, endsStream: true)]);
        List<Http2RawFrame> frames = await path.AnsweredAsync();

        Assert.Equal(Http2Setting.DefaultWindowSize, DataIn(frames));
        await path.Client.SendAsync(Widen(1, 60_000));
        frames.AddRange(await path.Client.ReceiveToAsync(frame => frame is { Type: Http2FrameType.Data, Flags: Http2Frame.EndStream }));
        Assert.Equal((200 * 256) + 60_000, DataIn(frames));
    }

    [Fact]
    public async Task A_larger_window_is_used_no_sooner_than_its_confirmation_has_gone_on()
    {
        await using Http2RawPath path = await Http2RawPath.StartAsync(
            Http2HostileTests.Answering(HttpDirection.Request, _ => true, 200_000), window: 1_000_000, confirms: false);
        await path.Client.SendAsync(Widen(0, 1_000_000), Request(1, "GET /"));
        Assert.Equal(Http2Setting.DefaultWindowSize, DataIn(await path.AnsweredAsync()));

        await path.Server.SendAsync(Confirmation);
        List<Http2RawFrame> before = await path.Client.ReceiveToAsync(frame => frame is { Type: Http2FrameType.Settings, Flags: 1 });
        List<Http2RawFrame> behind = await path.Client.ReceiveToAsync(frame => frame.Flags == Http2Frame.EndStream);

        Assert.Equal(0, DataIn(before));
        Assert.Equal(200_000 - Http2Setting.DefaultWindowSize, DataIn(behind));
    }

    [Fact]
    public async Task Settings_that_nobody_confirms_are_not_counted_without_end()
    {
        await using Http2RawPath path = await Http2RawPath.StartAsync(new DelegateInspector());

        await path.Client.SendAsync([.. Enumerable.Repeat(Frame(Http2FrameType.Settings, 0, 0, []), 100)]);

        Assert.Equal(TlmspAlert.IllegalParameter, (await path.Client.Peer.ReceiveEndAsync())!.Alert);
        await path.Middlebox.Logs.WaitForLineAsync("more SETTINGS than anybody confirms");
    }

    [Fact]
    public async Task What_waits_behind_a_window_that_the_middlebox_has_used_is_bounded()
    {
        await using Http2RawPath path = await Http2RawPath.StartAsync(
            Http2HostileTests.Answering(HttpDirection.Request, message => message.Head!.Target == "/blocked", 60_000));
        await path.Client.SendAsync(Request(1, "GET /blocked"), Request(3, "GET /"));
        Assert.Equal(60_000, DataIn(await path.AnsweredAsync()));

        byte[][] pings = [.. Enumerable.Repeat(Frame(Http2FrameType.Ping, 0, 0, new byte[8]), 500)];
        await path.Server.SendAllAsync(Response(3, 200), Data(3, 10_000));
        Task<TlmspException?> ending = path.Server.Peer.ReceiveEndAsync();
        for (int i = 0; i < 400 && !ending.IsCompleted; i++)
        {
            try
            {
                await path.Server.SendAsync(pings);
            }
            catch (IOException)
            {
                break;      // it has ended
            }
        }

        await path.Middlebox.Logs.WaitForLineAsync("wait for a window of HTTP/2");
        await ending;
    }

    [Fact]
    public async Task What_the_server_sends_waits_for_the_window_that_the_middlebox_has_used_and_goes_on()
    {
        await using Http2RawPath path = await Http2RawPath.StartAsync(
            Http2HostileTests.Answering(HttpDirection.Request, message => message.Head!.Target == "/blocked", 60_000));
        await path.Client.SendAsync(Request(1, "GET /blocked"), Request(3, "GET /"));
        Assert.Equal(60_000, DataIn(await path.AnsweredAsync()));

        // Two frames and the beginning of a third fit; the last is cut in its header.
        await path.Server.SendAllAsync(Response(3, 200));
        byte[] data = [.. Data(3, 2500), .. Data(3, 2500), .. Data(3, 2500), .. Data(3, 2500, endsStream: true)];
        await path.Server.Peer.SendAsync(HttpContexts.Body, data.AsMemory(0, 7530));
        await path.Server.Peer.SendAsync(HttpContexts.Body, data.AsMemory(7530));
        List<Http2RawFrame> frames = await path.Client.ReceiveToAsync(frame => frame.Type == Http2FrameType.Data);
        frames.AddRange(await path.Client.ReceiveToAsync(frame => frame.Type == Http2FrameType.Data));
        Assert.Equal(5000, DataIn(frames));
        await path.Client.SendAsync(Widen(0, 60_000));
        frames.AddRange(await path.Client.ReceiveToAsync(frame => frame is { Type: Http2FrameType.Data, Flags: Http2Frame.EndStream }));

        Assert.Equal(10_000, DataIn(frames));
        Assert.DoesNotContain(await path.ReachedAsync(), frame => frame.Type == Http2FrameType.WindowUpdate);
    }

    [Fact]
    public async Task What_is_decided_on_after_its_stream_was_reset_waits_for_no_window()
    {
        var inspector = new Waiting();
        await using Http2RawPath path = await Http2RawPath.StartAsync(inspector);
        await path.Client.SendAsync(Request(1, "GET /"), Widen(0, 1_000_000));
        await path.ReachedAsync();
        await path.Server.SendAllAsync(Response(1, 200), Data(1, 1000, endsStream: true));
        await inspector.Asked.Task.WaitAsync(TimeSpan.FromSeconds(30));

        await path.Client.SendAsync(Reset(1));
        await path.ReachedAsync();
        inspector.Answer.SetResult();
        List<Http2RawFrame> underWay = await path.AnsweredAsync();
        await path.Client.SendAsync(Widen(1, 1_000_000));

        Assert.True(DataIn(underWay) <= Http2Setting.DefaultWindowSize);
        Assert.Empty(await path.AnsweredAsync());
    }

    [Fact]
    public async Task A_client_that_gives_up_is_heard_although_its_request_waits_for_a_window()
    {
        await using Http2RawPath path = await Http2RawPath.StartAsync(new DelegateInspector
        {
            Needs = [DelegateInspector.Writes(HttpDirection.Request, HttpRole.Content)],
            Content = (_, _) => InspectionVerdict.Hold,
            End = (_, held) =>
            {
                held.Replace(new byte[200_000]);
                return default;
            },
        });
        await path.Client.SendAllAsync(Request(1, "POST /", endsStream: false), Data(1, 1000, endsStream: true));
        Assert.Equal(Http2Setting.DefaultWindowSize, DataIn(await path.ReachedAsync()));

        await path.Client.SendAsync(Reset(1));
        List<Http2RawFrame> frames = await path.ReachedAsync();
        await path.Server.SendAsync(Widen(0, 1_000_000), Widen(1, 1_000_000));
        await path.AnsweredAsync();

        Assert.Equal(Http2FrameType.RstStream, Assert.Single(frames).Type);
        Assert.Empty(await path.ReachedAsync());
    }

    [Fact]
    public void Who_cannot_read_requests_does_not_know_the_windows_of_their_streams()
    {
        HttpProfile five = HttpProfile.Five;

        Assert.False(new Http2Interventions(five, Grant.Parse("5=r,6=rw,7=r"), new Http2Streams(), maxBytes: 1).KnowsWindows);
        Assert.True(new Http2Interventions(five, Grant.Parse("3=r,5=r,6=rw,7=r"), new Http2Streams(), maxBytes: 1).KnowsWindows);
    }

    private static int DataIn(IEnumerable<Http2RawFrame> frames) =>
        frames.Where(frame => frame.Type == Http2FrameType.Data).Sum(frame => frame.Payload.Length);

    private static DelegateInspector Growing(int length) => new()
    {
        Needs = [DelegateInspector.Writes(HttpDirection.Response, HttpRole.Content)],
        Content = (message, _) => message.Direction == HttpDirection.Response ? InspectionVerdict.Hold : default,
        End = (message, held) =>
        {
            if (message.Direction == HttpDirection.Response)
            {
                held.Replace(new byte[length]);
            }

            return default;
        },
    };

    /// <summary>Holds responses to their end, and makes them longer when it is told to.</summary>
    private sealed class Waiting : ITlmspInspector
    {
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyList<InspectorNeedsAttribute> Needs => [DelegateInspector.Writes(HttpDirection.Response, HttpRole.Content)];

        public ValueTask<InspectionVerdict> OnContentAsync(InspectedMessage message, InspectedContent content, CancellationToken cancellationToken) =>
            new(InspectionVerdict.Hold);

        public async ValueTask<InspectionVerdict> OnMessageEndAsync(
            InspectedMessage message, InspectedContent held, CancellationToken cancellationToken)
        {
            if (message.Direction == HttpDirection.Response)
            {
                Asked.TrySetResult();
                await Answer.Task.WaitAsync(cancellationToken);
                held.Replace(new byte[200_000]);
            }

            return default;
        }
    }
}
