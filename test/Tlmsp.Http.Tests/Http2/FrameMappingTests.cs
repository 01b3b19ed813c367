namespace Tlmsp.Http.Tests.Http2;

/// <summary>Which context a frame travels in, and how frames share containers.</summary>
public class FrameMappingTests
{
    private static readonly HttpProfile s_two = HttpProfile.Two.For(HttpWireVersion.Http2);

    private static readonly byte[][] s_request =
    [
        Frames.ClientStart, Frames.Headers(1), Frames.Data(1, "hello", endStream: true), Frames.Make(8, 0, 0, 0, 0, 0, 9),
        Frames.Headers(3, endStream: true),
    ];

    [Fact]
    public void In_profile_two_only_DATA_travels_with_content() => Assert.Equal(
        [(HttpContexts.Headers, 24 + 9 + 12), (HttpContexts.Body, 14), (HttpContexts.Headers, 13 + 12)], Sizes(s_two));

    [Fact]
    public void In_profile_five_control_frames_have_a_context_of_their_own() => Assert.Equal(
        [
            (HttpContexts.RequestHeaders, 24), (HttpContexts.Control, 9), (HttpContexts.RequestHeaders, 12), (HttpContexts.RequestBody, 14),
            (HttpContexts.Control, 13), (HttpContexts.RequestHeaders, 12),
        ],
        Sizes(HttpProfile.Five));

    [Fact]
    public void Unknown_frames_travel_with_control()
    {
        byte[][] stream = [Frames.ClientStart, Frames.Make(0x10, 0, 0, 1, 2, 3)];

        Assert.Equal([(HttpContexts.RequestHeaders, 24), (HttpContexts.Control, 9 + 12)], Sizes(HttpProfile.Five, stream));
    }

    [Fact]
    public void Large_content_fills_its_containers_and_no_more_are_used_than_needed()
    {
        byte[] frame = Frames.Make(0, 0, 1, new byte[16_384]);
        var containers = Frames.Split(
            HttpDirection.Request, s_two, [Frames.ClientStart, Frames.Headers(1), .. Enumerable.Repeat(frame, 10)]);

        Assert.All(containers.Skip(1).SkipLast(1), container => Assert.Equal(ContainerWriter.MaxPlaintext, container.Bytes.Length));
        Assert.Equal(10 * frame.Length, containers.Skip(1).Sum(container => container.Bytes.Length));
        Assert.DoesNotContain(containers, container => container.Bytes.Length == 0);
    }

    [Fact]
    public void Nothing_of_a_frame_leaves_before_its_type_is_known()
    {
        byte[] data = Frames.Data(1, "hello");
        var sink = new Frames.Sink();
        using var splitter = new Http2Splitter(HttpDirection.Request, new Http2Streams(), s_two, HttpFramerLimits.Default);
        splitter.Write(Frames.ClientStart, sink);
        splitter.Write(Frames.Headers(1), sink);
        splitter.Write(data.AsSpan(0, 8), sink);
        splitter.Flush(sink);
        Assert.Single(sink.Containers);

        splitter.Write(data.AsSpan(8), sink);
        splitter.Flush(sink);

        Assert.Equal((HttpContexts.Body, data.Length), (sink.Containers[1].ContextId, sink.Containers[1].Bytes.Length));
    }

    [Fact]
    public void A_server_does_not_offer_tunnels()
    {
        byte[] settings = Frames.Make(4, 0, 0, 0, 3, 0, 0, 0, 100, 0, 8, 0, 0, 0, 1);

        var containers = Frames.Split(HttpDirection.Response, s_two, [settings]);

        Assert.Equal(Frames.Setting(Http2Setting.MaxConcurrentStreams, 100), containers[0].Bytes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Stateless_compression_is_asked_for_once(bool announced)
    {
        byte[] settings = announced ? Frames.Setting(Http2Setting.HeaderTableSize, 4096) : Frames.NoSettings;

        var containers = Frames.Split(HttpDirection.Response, s_two, [settings, settings], stateless: true);

        Assert.Equal([.. Frames.Setting(Http2Setting.HeaderTableSize, 0), .. Frames.NoSettings], containers[0].Bytes);
    }

    [Theory]
    [InlineData("1=rw", true)]
    [InlineData("1=r,2=rw", false)]
    [InlineData("2=rw", false)]
    public void A_box_that_writes_heads_needs_stateless_compression(string grant, bool needed) =>
        Assert.Equal(needed, Http2Rights.NeedsStatelessCompression(s_two, Grant.Parse(grant)));

    [Theory]
    [InlineData("3=r", true)]
    [InlineData("5=r", true)]
    [InlineData("3=r,5=r", true)]
    [InlineData("3=r,5=r,7=r", false)]
    [InlineData("4=rw,6=rw,7=rw", false)]
    public void A_box_that_reads_heads_but_no_settings_needs_stateless_compression(string grant, bool needed) =>
        Assert.Equal(needed, Http2Rights.NeedsStatelessCompression(HttpProfile.Five, Grant.Parse(grant)));

    private static List<(byte, int)> Sizes(HttpProfile profile, byte[][]? writes = null) =>
        [.. Frames.Split(HttpDirection.Request, profile, writes ?? s_request).Select(
            container => (container.ContextId, container.Bytes.Length))];
}
