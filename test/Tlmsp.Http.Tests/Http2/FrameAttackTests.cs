using System.Buffers;

namespace Tlmsp.Http.Tests.Http2;

/// <summary>
/// Frames in the wrong context, out of place or malformed: the last container is the attack. Nothing of it is delivered, and the alert is
/// about the context it came in.
/// </summary>
public class FrameAttackTests
{
    private const byte H = HttpContexts.Headers;
    private const byte B = HttpContexts.Body;
    private static readonly HttpProfile s_two = HttpProfile.Two.For(HttpWireVersion.Http2);

    public static TheoryData<string, (byte ContextId, byte[] Bytes)[]> Requests => new()
    {
        { "forged HEADERS in the content context", [.. Started, (B, Frames.Headers(3))] },
        { "forged HEADERS behind DATA in one container", [.. Started, (B, [.. Frames.Data(1, "x"), .. Frames.Headers(3)])] },
        { "SETTINGS in the content context", [.. Started, (B, Frames.Setting(4, 0))] },
        { "RST_STREAM in the content context", [.. Started, (B, Frames.Make(3, 0, 1, 0, 0, 0, 8))] },
        { "an unknown frame in the content context", [.. Started, (B, Frames.Make(0x7f, 0, 1, 1, 2, 3))] },
        { "DATA in the head context", [.. Started, (H, Frames.Data(1, "hello"))] },
        { "a preface in the content context", [(B, Frames.ClientStart)] },
        { "an HTTP/1.1 request", [(H, Wire.Bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))] },
        { "a frame header that goes on in another context", [.. Started, (B, Frames.Data(1, "hello")[..5]), (H, Frames.Data(1, "hello")[5..])] },
        { "a payload that goes on in another context", [.. Started, (B, Frames.Data(1, "hello")[..11]), (H, Frames.Data(1, "hello")[11..])] },
        { "the same the other way round", [.. Started, (H, Frames.Headers(3)[..10]), (B, Frames.Headers(3)[10..])] },
        { "DATA inside a field block", [.. Started, (H, Frames.Headers(3, flags: 0)), (B, Frames.Data(1, "x"))] },
        { "PING inside a field block", [.. Started, (H, [.. Frames.Headers(3, flags: 0), .. Frames.Make(6, 0, 0, new byte[8])])] },
        { "CONTINUATION of another stream", [.. Started, (H, Frames.Headers(3, flags: 0)), (H, Frames.Make(9, 4, 1, 0x84))] },
        { "CONTINUATION outside a field block", [.. Started, (H, Frames.Make(9, 4, 1, 0x84))] },
        { "PUSH_PROMISE", [.. Started, (H, Frames.Make(5, 4, 1, 0, 0, 0, 2, 0x82))] },
        { "the first frame is not SETTINGS", [(H, [.. Frames.Preface, .. Frames.Headers(1)])] },
        { "an acknowledgement comes first", [(H, [.. Frames.Preface, .. Frames.Make(4, Frames.Ack, 0)])] },
        { "a frame larger than allowed", [.. Started, (B, Frames.Make(0, 0, 1, new byte[16_385])[..9])] },
        { "a reserved bit", [.. Started, (B, [0, 0, 0, 0, 0, 0x80, 0, 0, 1])] },
        { "DATA on stream 0", [.. Started, (B, Frames.Data(0, "x"))] },
        { "DATA on a stream that nobody opened", [.. Started, (B, Frames.Data(3, "x"))] },
        { "DATA after END_STREAM", [.. Started, (B, Frames.Data(1, "x", endStream: true)), (B, Frames.Data(1, "y"))] },
        { "trailers after END_STREAM", [.. Started, (B, Frames.Data(1, "x", endStream: true)), (H, Frames.Headers(1, endStream: true))] },
        { "trailers that do not end the stream", [.. Started, (H, Frames.Headers(1))] },
        { "DATA after the sender's own RST_STREAM", [.. Started, (H, Frames.Make(3, 0, 1, 0, 0, 0, 8)), (B, Frames.Data(1, "y"))] },
        { "HEADERS on a stream of the server", [.. Started, (H, Frames.Headers(4))] },
        { "HEADERS on stream 0", [.. Started, (H, Frames.Headers(0))] },
        { "SETTINGS on a stream", [.. Started, (H, Frames.Make(4, 0, 1))] },
        { "PING on a stream", [.. Started, (H, Frames.Make(6, 0, 1, new byte[8]))] },
        { "RST_STREAM of 5 bytes", [.. Started, (H, Frames.Make(3, 0, 1, new byte[5]))] },
        { "WINDOW_UPDATE of 3 bytes", [.. Started, (H, Frames.Make(8, 0, 1, new byte[3]))] },
        { "PRIORITY of 4 bytes", [.. Started, (H, Frames.Make(2, 0, 1, new byte[4]))] },
        { "PING of 7 bytes", [.. Started, (H, Frames.Make(6, 0, 0, new byte[7]))] },
        { "GOAWAY of 7 bytes", [.. Started, (H, Frames.Make(7, 0, 0, new byte[7]))] },
        { "SETTINGS of 5 bytes", [.. Started, (H, Frames.Make(4, 0, 0, new byte[5]))] },
        { "an acknowledgement with settings", [.. Started, (H, Frames.Make(4, Frames.Ack, 0, new byte[6]))] },
        { "SETTINGS_MAX_FRAME_SIZE below the least", [.. Started, (H, Frames.Setting(Http2Setting.MaxFrameSize, 16_383))] },
        { "SETTINGS_INITIAL_WINDOW_SIZE above the most", [.. Started, (H, Frames.Setting(Http2Setting.InitialWindowSize, 0x8000_0000))] },
        { "padding without a length", [.. Started, (B, Frames.Make(0, Frames.Padded, 1))] },
        { "more padding than payload", [.. Started, (B, Frames.Make(0, Frames.Padded, 1, 3, 0, 0))] },
        { "padding that hides something", [.. Started, (B, Frames.Make(0, Frames.Padded, 1, 2, (byte)'x', 0, 1))] },
        { "HEADERS too short for a priority", [.. Started, (H, Frames.Make(1, Frames.Priority | Frames.EndHeaders, 3, 0, 0, 0, 0))] },
        { "more padding than field block", [.. Started, (H, Frames.Make(1, Frames.Padded | Frames.Priority | Frames.EndHeaders, 3, 1, 0, 0, 0, 0, 0))] },
    };

    private static (byte ContextId, byte[] Bytes)[] Started => [(H, [.. Frames.ClientStart, .. Frames.Headers(1)])];

    [Theory]
    [MemberData(nameof(Requests))]
    internal void Is_refused_and_nothing_of_the_container_is_delivered(string name, (byte ContextId, byte[] Bytes)[] containers)
    {
        Assert.NotEmpty(name);
        (byte contextId, byte[] attack) = containers[^1];
        Http2Joiner joiner = Joiner(HttpDirection.Request);
        Frames.Join(joiner, s_two, HttpDirection.Request, containers[..^1]);
        var joined = new ArrayBufferWriter<byte>();

        var e = Assert.Throws<HttpMappingException>(
            () => joiner.Accept(s_two.RoleOf(contextId, HttpDirection.Request), contextId, attack, joined));

        Assert.Equal(TlmspAlert.IllegalParameter, e.Alert);
        Assert.Equal(contextId, e.In(s_two, HttpDirection.Request).ContextId);
        Assert.Equal(0, joined.WrittenCount);
    }

    public static TheoryData<string, (byte ContextId, byte[] Bytes)[]> Responses => new()
    {
        { "a response on a stream that nobody opened", [(H, [.. Frames.NoSettings, .. Frames.Headers(3)])] },
        { "a response on a stream of the server", [(H, [.. Frames.NoSettings, .. Frames.Headers(2)])] },
        { "HEADERS before SETTINGS", [(H, Frames.Headers(1))] },
        { "PUSH_PROMISE", [(H, [.. Frames.NoSettings, .. Frames.Make(5, 4, 1, 0, 0, 0, 2, 0x88)])] },
        { "an early end, then the trailers", [(H, [.. Frames.NoSettings, .. Frames.Headers(1)]), (B, Frames.Data(1, "", endStream: true)), (H, Frames.Headers(1, endStream: true))] },
        { "SETTINGS_ENABLE_PUSH of a server", [(H, Frames.Setting(Http2Setting.EnablePush, 1))] },
    };

    [Theory]
    [MemberData(nameof(Responses))]
    internal void Is_refused_of_a_server_as_well(string name, (byte ContextId, byte[] Bytes)[] containers)
    {
        Assert.NotEmpty(name);
        var streams = new Http2Streams();
        Frames.Split(HttpDirection.Request, s_two, [Frames.ClientStart, Frames.Headers(1, endStream: true)], streams);
        var joiner = new Http2Joiner(HttpDirection.Response, streams, s_two, HttpFramerLimits.Default);
        Frames.Join(joiner, s_two, HttpDirection.Response, containers[..^1]);

        Assert.Throws<HttpMappingException>(() => Frames.Join(joiner, s_two, HttpDirection.Response, [containers[^1]]));
    }

    [Fact]
    public void In_profile_five_control_frames_among_heads_are_refused_and_extensions_are_not()
    {
        var joiner = new Http2Joiner(HttpDirection.Request, new Http2Streams(), HttpProfile.Five, HttpFramerLimits.Default);
        (byte, byte[])[] good =
        [
            (HttpContexts.RequestHeaders, Frames.Preface), (HttpContexts.Control, Frames.NoSettings),
            (HttpContexts.RequestHeaders, Frames.Make(0x7f, 0, 0, 1)), (HttpContexts.Control, Frames.Make(0x7f, 0, 0, 1)),
        ];
        Assert.Equal(24 + 9 + 10 + 10, Frames.Join(joiner, HttpProfile.Five, HttpDirection.Request, good).Length);

        Assert.Throws<HttpMappingException>(() => Frames.Join(
            joiner, HttpProfile.Five, HttpDirection.Request, [(HttpContexts.RequestHeaders, Frames.Make(6, 0, 0, new byte[8]))]));
    }

    [Fact]
    public void A_field_block_is_bounded_and_with_it_the_number_of_its_frames()
    {
        Http2Joiner joiner = Joiner(HttpDirection.Request);
        Frames.Join(joiner, s_two, HttpDirection.Request, [(H, [.. Frames.ClientStart, .. Frames.Headers(1, flags: 0)])]);
        (byte, byte[])[] empty = [.. Enumerable.Repeat((H, Frames.Make(9, 0, 1)), (HttpFramerLimits.Default.MaxHeadBytes / 9) + 1)];

        Assert.Throws<HttpMappingException>(() => Frames.Join(joiner, s_two, HttpDirection.Request, empty));
    }

    [Fact]
    public void Streams_at_once_are_bounded()
    {
        Http2Joiner joiner = Joiner(HttpDirection.Request);
        Frames.Join(joiner, s_two, HttpDirection.Request, [(H, Frames.ClientStart)]);
        Frames.Join(joiner, s_two, HttpDirection.Request, Enumerable.Range(0, 200).Select(i => (H, Frames.Headers((uint)((2 * i) + 1)))));

        Assert.Throws<HttpMappingException>(() => Frames.Join(joiner, s_two, HttpDirection.Request, [(H, Frames.Headers(401))]));
    }

    [Fact]
    public void What_was_under_way_when_the_receiver_reset_the_stream_is_let_through_for_all_streams_and_times()
    {
        var streams = new Http2Streams();
        Http2Joiner joiner = Joiner(HttpDirection.Request, streams);
        Frames.Join(joiner, s_two, HttpDirection.Request, [(H, Frames.ClientStart)]);
        using var splitter = new Http2Splitter(HttpDirection.Response, streams, s_two, HttpFramerLimits.Default);
        splitter.Write(Frames.NoSettings, new Frames.Sink());
        for (uint stream = 1; stream < 2001; stream += 2)
        {
            Frames.Join(joiner, s_two, HttpDirection.Request, [(H, Frames.Headers(stream))]);
            splitter.Write(Frames.Make(3, 0, stream, 0, 0, 0, 8), new Frames.Sink());
        }

        foreach (uint stream in (uint[])[1, 1999])
        {
            byte[] joined = Frames.Join(
                joiner, s_two, HttpDirection.Request, [(B, Frames.Data(stream, "late")), (B, Frames.Data(stream, "", endStream: true))]);
            Assert.Equal(13 + 9, joined.Length);
        }

        Assert.True(joiner.IsAtMessageBoundary);
    }

    [Fact]
    public void A_larger_frame_is_allowed_once_the_receiver_said_so()
    {
        var streams = new Http2Streams();
        Http2Joiner joiner = Joiner(HttpDirection.Request, streams);
        Frames.Join(joiner, s_two, HttpDirection.Request, Started);
        Frames.Split(HttpDirection.Response, s_two, [Frames.Setting(Http2Setting.MaxFrameSize, 20_000)], streams);

        Assert.Equal(20_009, Frames.Join(joiner, s_two, HttpDirection.Request, [(B, Frames.Make(0, 0, 1, new byte[20_000]))]).Length);
        Assert.Throws<HttpMappingException>(
            () => Frames.Join(joiner, s_two, HttpDirection.Request, [(B, Frames.Make(0, 0, 1, new byte[20_001]))]));
    }

    [Fact]
    public void The_end_of_the_connection_ends_no_stream()
    {
        Http2Joiner joiner = Joiner(HttpDirection.Request);
        Frames.Join(joiner, s_two, HttpDirection.Request, Started);
        Assert.True(joiner.IsEndPremature);
        Assert.Throws<HttpMappingException>(joiner.EndOfInput);

        Frames.Join(joiner, s_two, HttpDirection.Request, [(B, Frames.Data(1, "x", endStream: true))]);
        joiner.EndOfInput();

        Frames.Join(joiner, s_two, HttpDirection.Request, [(B, Frames.Data(1, "x")[..3])]);
        Assert.Throws<HttpMappingException>(joiner.EndOfInput);
    }

    [Fact]
    public void A_server_that_goes_away_cuts_off_only_what_it_said_it_would_answer()
    {
        var streams = new Http2Streams();
        Frames.Split(HttpDirection.Request, s_two, [Frames.ClientStart, Frames.Headers(1, true), Frames.Headers(3, true)], streams);
        Http2Joiner joiner = Joiner(HttpDirection.Response, streams);
        Frames.Join(joiner, s_two, HttpDirection.Response, [(H, [.. Frames.NoSettings, .. Frames.Make(7, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0)])]);
        Assert.True(joiner.IsEndPremature);

        Frames.Join(joiner, s_two, HttpDirection.Response, [(H, Frames.Headers(1, true))]);
        Assert.False(joiner.IsEndPremature);
    }

    [Fact]
    public void A_deletion_is_never_accepted() =>
        Assert.Throws<HttpMappingException>(() => Joiner(HttpDirection.Request).Deleted("a middlebox", HttpRole.Content));

    [Fact]
    public void Empty_containers_are_skipped() => Assert.Empty(
        Frames.Join(Joiner(HttpDirection.Request), s_two, HttpDirection.Request, Enumerable.Repeat((B, Array.Empty<byte>()), 100)));

    private static Http2Joiner Joiner(HttpDirection direction, Http2Streams? streams = null) =>
        new(direction, streams ?? new Http2Streams(), s_two, HttpFramerLimits.Default);
}
