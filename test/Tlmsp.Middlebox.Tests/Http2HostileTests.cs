using Tlmsp.Http;
using Tlmsp.TestSupport;
using static Tlmsp.Middlebox.Tests.Http2RawPeer;

namespace Tlmsp.Middlebox.Tests;

/// <summary>Frames that no browser sends, in orders that nobody expects: nothing gets around the inspectors by them.</summary>
public class Http2HostileTests
{
    /// <summary>POST / with "x-user: guest" in a literal that enters the table, and with the field that entered it last.</summary>
    private static readonly byte[] s_indexing = [0x83, 0x84, 0x87, 0x41, 1, (byte)'a', 0x40, 6, .. "x-user"u8, 5, .. "guest"u8];
    private static readonly byte[] s_indexed = [0x83, 0x84, 0x87, 0x01, 1, (byte)'a', 0xbe];

    [Fact]
    public async Task Field_blocks_that_refer_to_one_that_may_not_have_gone_on_are_refused()
    {
        await using Http2RawPath path = await Http2RawPath.StartAsync(Answering(HttpDirection.Request, _ => true, 10));

        await path.Client.SendAsync(Frame(Http2FrameType.Headers, 5, 1, s_indexing));
        await path.Client.SendAsync(Frame(Http2FrameType.Headers, 5, 3, s_indexed));

        TlmspException alert = (await path.Server.Peer.ReceiveEndAsync())!;
        Assert.Equal(TlmspAlert.IllegalParameter, alert.Alert);
        await path.Middlebox.Logs.WaitForLineAsync("index 62, which is in no table");
    }

    [Fact]
    public async Task Field_blocks_that_refer_to_others_pass_who_can_only_read()
    {
        await using Http2RawPath path = await Http2RawPath.StartAsync(new DelegateInspector(), Grant.Parse("1=r,2=r"));

        await path.Client.SendAsync(Frame(Http2FrameType.Headers, 5, 1, s_indexing));
        await path.Client.SendAsync(Frame(Http2FrameType.Headers, 5, 3, s_indexed));

        Assert.Equal([1, 3], (await path.ReachedAsync()).Select(frame => frame.Stream));
        Assert.All(new[] { path.Records.Take(), path.Records.Take() }, record => Assert.Equal("guest", record.Message.Head!["x-user"]));
    }

    [Fact]
    public async Task Interim_responses_are_recorded_when_they_have_passed()
    {
        await using Http2RawPath path = await Http2RawPath.StartAsync(new DelegateInspector());
        await path.Client.SendAsync(Request(1, "GET /"));
        await path.ReachedAsync();

        await path.Server.SendAsync(Response(1, 103));
        await path.Server.SendAsync(Response(1, 103));
        await path.Server.SendAsync(Response(1, 200, endsStream: true));

        Assert.Equal(["103", "103", "200"], (await path.AnsweredAsync()).Select(frame => frame.Status));
        InspectionRecord[] records = [path.Records.Take(), path.Records.Take(), path.Records.Take(), path.Records.Take()];
        Assert.All(records, record => Assert.True(record.IsComplete));
        Assert.Equal([103, 103, 200], records[1..].Select(record => record.Message.Head!.StatusCode));
    }

    [Theory]
    [InlineData(103, true)]     // ends its stream
    [InlineData(200, false)]    // is the second
    public async Task A_head_that_a_stream_cannot_have_ends_the_connection(int status, bool endsStream)
    {
        await using Http2RawPath path = await Http2RawPath.StartAsync(new DelegateInspector());
        await path.Client.SendAsync(Request(1, "GET /"));
        await path.ReachedAsync();

        await path.Server.SendAsync(Response(1, 200));
        await path.Server.SendAsync(Response(1, status, endsStream));

        Assert.Equal(TlmspAlert.IllegalParameter, (await path.Server.Peer.ReceiveEndAsync())!.Alert);
    }

    [Fact]
    public async Task A_second_request_on_a_stream_ends_the_connection()
    {
        await using Http2RawPath path = await Http2RawPath.StartAsync(new DelegateInspector());

        await path.Client.SendAsync(Request(1, "POST /", endsStream: false));
        await path.Client.SendAsync(Request(1, "GET /other"));

        Assert.Equal(TlmspAlert.IllegalParameter, (await path.Client.Peer.ReceiveEndAsync())!.Alert);
        await path.Middlebox.Logs.WaitForLineAsync("a head on stream 1, which has had one");
    }

    [Fact]
    public async Task A_response_on_a_stream_that_its_client_has_reset_is_judged_by_its_request_all_the_same()
    {
        await using Http2RawPath path = await Http2RawPath.StartAsync(
            Answering(HttpDirection.Response, message => message.Request?.Head!.Target == "/secret", 10));
        await path.Client.SendAsync(Request(1, "GET /secret"));
        await path.Client.SendAsync(Reset(1));
        Assert.Equal([Http2FrameType.Headers, Http2FrameType.RstStream], (await path.ReachedAsync()).Select(frame => frame.Type));

        await path.Server.SendAllAsync(Response(1, 200), Data(1, 100, endsStream: true));

        Assert.Empty(await path.AnsweredAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_comes_on_a_stream_that_was_reset_long_ago_ends_the_connection(bool isHead)
    {
        await using Http2RawPath path = await Http2RawPath.StartAsync(new DelegateInspector());
        for (int stream = 1; stream < 1200; stream += 2)
        {
            await path.Client.SendAsync(Request(stream, "GET /"), Reset(stream));
        }

        await path.ReachedAsync();
        await path.Server.SendAllAsync(isHead ? Response(1, 200) : Data(1, 100));

        Assert.Equal(TlmspAlert.IllegalParameter, (await path.Server.Peer.ReceiveEndAsync())!.Alert);
        await path.Middlebox.Logs.WaitForLineAsync("long ago");
    }

    [Fact]
    public async Task Frames_right_behind_a_request_that_is_answered_here_do_not_reach_the_server()
    {
        await using Http2RawPath path = await Http2RawPath.StartAsync(Answering(HttpDirection.Request, _ => true, 10));

        await path.Client.SendAsync(
            Request(1, "GET /"), Frame(Http2FrameType.Priority, 0, 1, [0, 0, 0, 0, 1]), Widen(1, 1000));
        await path.Client.SendAsync(Request(3, "GET /"), Reset(3));

        Assert.Empty(await path.ReachedAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_that_is_reset_as_soon_as_it_comes_gets_no_answer(bool endsStream)
    {
        await using Http2RawPath path = await Http2RawPath.StartAsync(Answering(HttpDirection.Request, _ => true, 10));

        await path.Client.SendAsync(Request(1, "POST /", endsStream), Reset(1));

        Assert.Empty(await path.AnsweredAsync());
        Assert.Equal(1, path.Records.Take().Message.StreamId);
    }

    [Fact]
    public async Task An_end_of_the_server_s_stream_does_not_overtake_what_replaces_its_response()
    {
        await using Http2RawPath path = await Http2RawPath.StartAsync(Answering(HttpDirection.Response, _ => true, 100_000));
        await path.Client.SendAsync(Request(1, "POST /", endsStream: false));
        await path.ReachedAsync();

        // As Kestrel does where the application has not read all of a request.
        await path.Server.SendAllAsync(Response(1, 200), Data(1, 10, endsStream: true), Reset(1, code: 0));
        List<Http2RawFrame> first = await path.AnsweredAsync();
        await path.Client.SendAsync(Widen(0, 100_000), Widen(1, 100_000));
        List<Http2RawFrame> all = [.. first, .. await path.Client.ReceiveToAsync(frame => frame.Type == Http2FrameType.RstStream)];

        Assert.Equal("502", all[0].Status);
        Assert.Equal(100_000, all.Where(frame => frame.Type == Http2FrameType.Data).Sum(frame => frame.Payload.Length));
        Assert.Equal(Http2Frame.EndStream, all[^2].Flags);
        Assert.Single(all, frame => frame.Type == Http2FrameType.RstStream);
    }

    [Fact]
    public void A_request_that_ends_after_its_answer_leaves_nothing_that_is_waited_for()
    {
        using InMemoryPath path = TestPaths.Make(audited: false, Grant.Read(1, 2)).Connect();
        TlmspMiddleboxSession session = path.Middleboxes[0]!;
        var messages = new InspectedMessages(
            new InspectionContext("test", session.Info, session.Grant), HttpProfile.Two.For(HttpWireVersion.Http2), TimeProvider.System);

        messages.Begin(HttpDirection.Request, new HttpHead(HttpDirection.Request, "POST / HTTP/2", []) { StreamId = 1 });
        messages.Begin(HttpDirection.Response, new HttpHead(HttpDirection.Response, "HTTP/2 200", []) { StreamId = 1 });
        messages.End(HttpDirection.Response, 1);
        Assert.True(messages.IsBusy);
        messages.End(HttpDirection.Request, 1);

        Assert.False(messages.IsBusy);
    }

    internal static DelegateInspector Answering(HttpDirection direction, Func<InspectedMessage, bool> which, int length) => new()
    {
        Head = message => message.Direction == direction && which(message)
            ? InspectionVerdict.Respond(new InspectionResponse(502) { Content = new byte[length] }, "rule 7")
            : default,
    };
}
