using System.Text;

namespace Tlmsp.Http.Tests.Http2;

/// <summary>A client holds responses to their announced length where somebody on the path may write content.</summary>
public class ContentLengthTests
{
    private const byte Get = 0x82;
    private static readonly HttpProfile s_two = HttpProfile.Two.For(HttpWireVersion.Http2);
    private static readonly byte[] s_head = [0x02, 4, .. "HEAD"u8];

    public static TheoryData<string, byte[][]> Complete => new()
    {
        { "what was announced", [Head(false, 200, "5"), Frames.Data(1, "hel"), Frames.Data(1, "lo", true)] },
        { "the end in a frame of its own", [Head(false, 200, "5"), Frames.Data(1, "hello"), Frames.Data(1, "", true)] },
        { "the end in trailers", [Head(false, 200, "2"), Frames.Data(1, "ok"), Frames.Make(1, 5, 1, [0x00, 1, (byte)'t', 1, (byte)'1'])] },
        { "padding does not count", [Head(false, 200, "1"), Frames.Make(0, Frames.Padded | 1, 1, [2, (byte)'x', 0, 0])] },
        { "no announcement", [Head(false, 200, null), Frames.Data(1, "anything", true)] },
        { "an informational response first", [Head(false, 103, null), Head(false, 200, "1"), Frames.Data(1, "x", true)] },
        { "304 with the length of what is not sent", [Head(true, 304, "500")] },
        { "a reset", [Head(false, 200, "5"), Frames.Make(3, 0, 1, [0, 0, 0, 2])] },
    };

    public static TheoryData<string, byte[][]> Broken => new()
    {
        { "less", [Head(false, 200, "5"), Frames.Data(1, "hell", true)] },
        { "less, and the end in trailers", [Head(false, 200, "5"), Frames.Data(1, "x"), Frames.Make(1, 5, 1, [0x00, 1, (byte)'t', 1, (byte)'1'])] },
        { "more", [Head(false, 200, "5"), Frames.Data(1, "hello!")] },
        { "none at all", [Head(true, 200, "5")] },
        { "content of 204", [Head(false, 204, null), Frames.Data(1, "x", true)] },
        { "a length that is no number", [Head(false, 200, "5x"), Frames.Data(1, "hello", true)] },
    };

    [Theory]
    [MemberData(nameof(Complete))]
    public void Is_complete(string name, byte[][] response)
    {
        Assert.NotEmpty(name);
        Assert.NotEmpty(Receive([Get], response));
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public void Is_refused(string name, byte[][] response)
    {
        Assert.NotEmpty(name);
        Assert.Throws<HttpMappingException>(() => Receive([Get], response));
    }

    [Fact]
    public void A_response_to_HEAD_announces_what_it_does_not_have()
    {
        Assert.NotEmpty(Receive(s_head, [Head(true, 200, "5")]));
        Assert.Throws<HttpMappingException>(() => Receive(s_head, [Head(false, 200, "5"), Frames.Data(1, "hello", true)]));
    }

    private static byte[] Receive(byte[] method, byte[][] response)
    {
        var streams = new Http2Streams();
        var lengths = new Http2ContentLengths();
        using var splitter = new Http2Splitter(HttpDirection.Request, streams, s_two, HttpFramerLimits.Default, lengths: lengths);
        splitter.Write(Frames.ClientStart, new Frames.Sink());
        splitter.Write(Frames.Make(1, Frames.EndHeaders | Frames.EndStream, 1, [.. method, 0x87, 0x84]), new Frames.Sink());
        var joiner = new Http2Joiner(HttpDirection.Response, streams, s_two, HttpFramerLimits.Default, lengths);
        return Frames.Join(joiner, s_two, HttpDirection.Response, response.Prepend(Frames.NoSettings).Select(frame =>
            (Http2Frame.Read(frame).Role == HttpRole.Content ? HttpContexts.Body : HttpContexts.Headers, frame)));
    }

    private static byte[] Head(bool endStream, int status, string? length)
    {
        byte[] block = [0x08, 3, .. Encoding.ASCII.GetBytes($"{status}")];
        byte[] field = length is null ? [] : [0x0f, 0x0d, (byte)length.Length, .. Encoding.ASCII.GetBytes(length)];
        return Frames.Make(1, (byte)(Frames.EndHeaders | (endStream ? Frames.EndStream : 0)), 1, [.. block, .. field]);
    }
}
