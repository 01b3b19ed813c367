using System.Text;

namespace Tlmsp.Http.Tests.Http2;

/// <summary>Named content contexts over HTTP/2: the DATA of a stream is where the head of its message says.</summary>
public class Http2ContentContextTests
{
    private const byte H = HttpContexts.Headers;
    private const byte B = HttpContexts.Body;
    private const byte Pii = 16;
    private const byte Media = 19;
    private static readonly HttpProfile s_profile = HttpProfile.Two.WithContent("pii", "media").For(HttpWireVersion.Http2);

    /// <summary>Streams 1 in pii, 3 in media, 5 in none.</summary>
    private static (byte ContextId, byte[] Bytes)[] Started =>
        [(H, [.. Frames.ClientStart, .. Post(1, "pii"), .. Post(3, "media"), .. Post(5)])];

    public static TheoryData<string, (byte ContextId, byte[] Bytes)[]> Attacks => new()
    {
        { "DATA in the profile's own context", [.. Started, (B, Frames.Data(1, "x"))] },
        { "DATA in that of another name", [.. Started, (Media, Frames.Data(1, "x"))] },
        { "the last frame of a stream", [.. Started, (Pii, Frames.Data(1, "x")), (Media, Frames.Data(1, "x", true))] },
        { "a frame without anything in it", [.. Started, (Media, Frames.Data(1, "", true))] },
        { "DATA of a stream without a name", [.. Started, (Pii, Frames.Data(5, "x"))] },
        { "the stream number rewritten", [.. Started, (Pii, Frames.Data(3, "x"))] },
        { "a second frame behind one in its place", [.. Started, (Pii, [.. Frames.Data(1, "x"), .. Frames.Data(3, "x")])] },
        { "a frame header that goes on elsewhere", [.. Started, (Media, Frames.Data(1, "hello")[..5]), (Pii, Frames.Data(1, "hello")[5..])] },
        { "a payload that goes on elsewhere", [.. Started, (Pii, Frames.Data(1, "hello")[..11]), (Media, Frames.Data(1, "hello")[11..])] },
        { "padding elsewhere", [.. Started, (Pii, Frames.Make(0, Frames.Padded, 1, 1, 7, 0)[..11]), (B, [0])] },
        { "a name that the profile does not have", [.. Started, (H, Post(7, "ads"))] },
        { "the field twice", [.. Started, (H, Make(7, [0x83, 0x87, 0x84, .. Field("pii"), .. Field("pii")]))] },
        { "the field in a trailer section", [.. Started, (H, Frames.Make(1, Frames.EndHeaders | Frames.EndStream, 1, Field("pii")))] },
    };

    [Fact]
    public void Streams_that_take_turns_each_have_their_context()
    {
        byte[] written =
        [
            .. Started[0].Bytes, .. Frames.Data(1, "a"), .. Frames.Data(3, "b"), .. Frames.Data(5, "c"), .. Frames.Data(1, "d", true),
            .. Frames.Data(3, "", true), .. Frames.Data(5, "e", true),
        ];

        List<(byte ContextId, byte[] Bytes)> containers = Frames.Split(HttpDirection.Request, s_profile, [written]);

        Assert.Equal([H, Pii, Media, B, Pii, Media, B], containers.Select(container => container.ContextId));
        var joiner = new Http2Joiner(HttpDirection.Request, new Http2Streams(), s_profile, HttpFramerLimits.Default);
        Assert.Equal(written, Frames.Join(joiner, s_profile, HttpDirection.Request, containers));
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void DATA_anywhere_else_is_refused_in_its_context(string name, (byte ContextId, byte[] Bytes)[] containers)
    {
        Assert.NotEmpty(name);
        var joiner = new Http2Joiner(HttpDirection.Request, new Http2Streams(), s_profile, HttpFramerLimits.Default);
        Frames.Join(joiner, s_profile, HttpDirection.Request, containers[..^1]);

        HttpMappingException e = Assert.Throws<HttpMappingException>(
            () => Frames.Join(joiner, s_profile, HttpDirection.Request, containers[^1..]));

        Assert.Equal((TlmspAlert.IllegalParameter, containers[^1].ContextId), (e.Alert, e.In(s_profile, HttpDirection.Request).ContextId));
    }

    [Theory]
    [InlineData(1, "pii", Pii, null)]
    [InlineData(3, "media", Media, null)]
    [InlineData(5, null, B, null)]
    [InlineData(1, "media", Media, "comes in the content context 'media', and its request named 'pii'")]
    [InlineData(1, null, B, "comes in the content context body, and its request named 'pii'")]
    [InlineData(5, "pii", Pii, "comes in the content context 'pii', and its request named body")]
    [InlineData(1, "pii", Media, "content in context 19, and its head says 16")]
    public void The_content_of_a_response_comes_where_its_request_said(uint stream, string? name, byte context, string? fault)
    {
        var streams = new Http2Streams();
        Frames.Split(HttpDirection.Request, s_profile, [Started[0].Bytes, Frames.Data(stream, "up", true)], streams);
        var joiner = new Http2Joiner(HttpDirection.Response, streams, s_profile, HttpFramerLimits.Default);
        (byte, byte[])[] containers =
        [
            (H, [.. Frames.NoSettings, .. Make(stream, [0x08, 3, .. "103"u8]), .. Make(stream, [0x88, .. name is null ? [] : Field(name)])]),
            (context, Frames.Data(stream, "down", true)),
        ];

        if (fault is null)
        {
            Assert.EndsWith("down", Encoding.Latin1.GetString(Frames.Join(joiner, s_profile, HttpDirection.Response, containers)), StringComparison.Ordinal);
        }
        else
        {
            HttpMappingException e = Assert.Throws<HttpMappingException>(
                () => Frames.Join(joiner, s_profile, HttpDirection.Response, containers));
            Assert.Contains(fault, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_still_comes_for_a_stream_that_was_reset_is_held_to_its_context()
    {
        var streams = new Http2Streams();
        var joiner = new Http2Joiner(HttpDirection.Request, streams, s_profile, HttpFramerLimits.Default);
        Frames.Join(joiner, s_profile, HttpDirection.Request, Started);
        Frames.Split(HttpDirection.Response, s_profile, [Frames.NoSettings, Frames.Make(3, 0, 1, 0, 0, 0, 8)], streams);

        Assert.NotEmpty(Frames.Join(joiner, s_profile, HttpDirection.Request, [(Pii, Frames.Data(1, "late"))]));
        Assert.Throws<HttpMappingException>(() => Frames.Join(joiner, s_profile, HttpDirection.Request, [(Media, Frames.Data(1, "late"))]));
    }

    [Fact]
    public void Nothing_is_sent_for_a_stream_whose_context_is_not_known_any_more()
    {
        var streams = new Http2Streams();
        using var splitter = new Http2Splitter(HttpDirection.Request, streams, s_profile, HttpFramerLimits.Default);
        splitter.Write(Frames.ClientStart, new Frames.Sink());
        for (uint stream = 1; stream < 2 * 300; stream += 2)
        {
            splitter.Write(Post(stream, "pii"), new Frames.Sink());
            streams.OnReset(HttpDirection.Response, stream);
        }

        Assert.Throws<HttpMappingException>(() => splitter.Write(Frames.Data(1, "late"), new Frames.Sink()));
    }

    private static byte[] Post(uint stream, string? name = null) => Make(stream, [0x83, 0x87, 0x84, .. name is null ? [] : Field(name)]);

    private static byte[] Make(uint stream, byte[] block) => Frames.Make(1, Frames.EndHeaders, stream, block);

    private static byte[] Field(string name) => [0x00, 13, .. "tlmsp-content"u8, (byte)name.Length, .. Encoding.ASCII.GetBytes(name)];
}
