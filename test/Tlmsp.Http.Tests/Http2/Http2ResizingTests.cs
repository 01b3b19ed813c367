using System.Text;

namespace Tlmsp.Http.Tests.Http2;

/// <summary>Heads of messages whose content somebody may resize say nothing of its length, whatever else is in them.</summary>
public class Http2ResizingTests
{
    private const byte Get = 0x82;
    private static readonly HttpProfile s_two = HttpProfile.Two.For(HttpWireVersion.Http2);
    private static readonly byte[] s_status = [0x88];
    private static readonly byte[] s_length = [0x0f, 0x0d, 2, .. "10"u8];
    private static readonly byte[] s_neverIndexed = [0x1f, 0x0d, 2, .. "10"u8];
    private static readonly byte[] s_indexed = [0x5c, 2, .. "10"u8];
    private static readonly byte[] s_other = [0x00, 1, (byte)'a', 0x86, 0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf];
    private static readonly byte[] s_added = [0x40, 1, (byte)'b', 1, (byte)'1'];
    private static readonly byte[] s_resize = [0x20];

    [Fact]
    public void The_length_is_cut_out_and_every_other_field_stays_as_it_is()
    {
        Assert.Equal(Head([.. s_status, .. s_other, .. s_added]), Respond([Get], Head([.. s_status, .. s_other, .. s_length, .. s_added])));
        Assert.Equal(Head([.. s_resize, .. s_status]), Respond([Get], Head([.. s_resize, .. s_status, .. s_neverIndexed])));
    }

    [Fact]
    public void What_has_been_put_into_the_table_stays() =>
        Assert.Equal(Head([.. s_status, .. s_indexed]), Respond([Get], Head([.. s_status, .. s_indexed])));

    [Fact]
    public void A_block_in_several_frames_is_cut_as_one_and_padding_and_priority_go()
    {
        byte[] written =
        [
            .. Frames.Make(1, Frames.Padded | Frames.Priority, 1, [2, 0, 0, 0, 0, 7, .. s_status, .. s_length[..2], 0, 0]),
            .. Frames.Make(9, 0, 1), .. Frames.Make(9, Frames.EndHeaders, 1, [.. s_length[2..], .. s_added]),
        ];

        Assert.Equal(Head([.. s_status, .. s_added]), Respond([Get], written));
    }

    [Fact]
    public void A_large_block_goes_on_in_CONTINUATION()
    {
        byte[] large = [0x00, 1, (byte)'a', 0x7f, 0xa1, 0x9b, 0x01, .. Encoding.ASCII.GetBytes(new string('x', 20_000))];
        byte[] block = [.. s_status, .. large];

        byte[] sent = Respond(
            [Get], [.. Frames.Make(1, 0, 1, block[..9000]), .. Frames.Make(9, Frames.EndHeaders, 1, [.. block[9000..], .. s_length])]);

        Assert.Equal([.. Frames.Make(1, 0, 1, block[..16_384]), .. Frames.Make(9, Frames.EndHeaders, 1, block[16_384..])], sent);
    }

    [Fact]
    public void A_message_without_content_and_a_response_to_HEAD_keep_their_length()
    {
        byte[] empty = Frames.Make(1, Frames.EndHeaders | Frames.EndStream, 1, [.. s_status, .. s_length]);
        byte[] head = [0x02, 4, .. "HEAD"u8];

        Assert.Equal(empty, Respond([Get], empty));
        Assert.Equal(Head([.. s_status, .. s_length]), Respond(head, Head([.. s_status, .. s_length])));
    }

    [Fact]
    public void Where_nobody_may_resize_the_length_stays() =>
        Assert.Equal(Head([.. s_status, .. s_length]), Respond([Get], Head([.. s_status, .. s_length]), resizable: []));

    [Fact]
    public void Of_several_content_contexts_only_those_that_somebody_may_write_lose_it()
    {
        byte[] named = [0x00, 13, .. "tlmsp-content"u8, 3, .. "pii"u8];
        HttpProfile profile = HttpProfile.Two.WithContent("pii").For(HttpWireVersion.Http2);

        Assert.Equal(Head([.. s_status, .. named]), Respond([Get], Head([.. s_status, .. named, .. s_length]), profile, [16]));
        Assert.Equal(Head([.. s_status, .. s_length]), Respond([Get], Head([.. s_status, .. s_length]), profile, [16]));
    }

    private static byte[] Head(byte[] block) => Frames.Make(1, Frames.EndHeaders, 1, block);

    private static byte[] Respond(byte[] method, byte[] response, HttpProfile? profile = null, byte[]? resizable = null)
    {
        profile ??= s_two;
        var streams = new Http2Streams();
        var joiner = new Http2Joiner(HttpDirection.Request, streams, profile, HttpFramerLimits.Default, readsHeads: true);
        byte[] request = [.. Frames.ClientStart, .. Frames.Make(1, Frames.EndHeaders | Frames.EndStream, 1, [.. method, 0x87, 0x84])];
        Frames.Join(joiner, profile, HttpDirection.Request, [(HttpContexts.Headers, request)]);
        var sink = new Frames.Sink();
        using var splitter = new Http2Splitter(
            HttpDirection.Response, streams, profile, HttpFramerLimits.Default, resizableIds: resizable ?? [HttpContexts.Body]);
        splitter.Write(Frames.NoSettings, sink);
        splitter.Flush(sink);
        sink.Containers.Clear();

        splitter.Write(response, sink);
        splitter.Flush(sink);

        Assert.All(sink.Containers, container => Assert.Equal(HttpContexts.Headers, container.ContextId));
        return [.. sink.Containers.SelectMany(container => container.Bytes)];
    }
}
