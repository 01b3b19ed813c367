using Tlmsp.Http;
using Xunit.Abstractions;
using static Tlmsp.Attacks.Tests.Messages;
using static Tlmsp.Attacks.Tests.Payload;

namespace Tlmsp.Attacks.Tests;

/// <summary>Frames of HTTP/2 in the wrong context, and games with streams (A11, A12).</summary>
public class FrameAttacks(AttackReport report, ITestOutputHelper output) : AttackFamily(report, output)
{
    private static readonly Part s_head = HF(1, EndHeaders, 1, UploadBlock());

    internal static readonly AttackRow[] Rows =
    [
        new BoxAttack("A11", "SETTINGS forged by a writer of content", "SETTINGS in the Content context")
        {
            Http2 = true,
            Grant = "body=rw",
            Attack = Deeds.Change(toServer: false, Body, data => [.. Frame(4, 0, 0), .. data]),
        },
        new BoxAttack("A11", "a reset forged by a writer of content", "RST_STREAM in the Content context")
        {
            Http2 = true,
            Grant = "body=rw",
            Attack = Deeds.Change(toServer: false, Body, _ => Frame(3, 0, 1, 0, 0, 0, 0)),
        },
        new BoxAttack("A11", "a frame of no known type by a writer of content", "a frame of type 0x7f in the Content context")
        {
            Http2 = true,
            Grant = "body=rw",
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = "hello",
            Attack = Deeds.Change(toServer: true, Body, data => [.. Frame(0x7f, 0, 1, 0), .. data]),
            ServerNotices = true,
        },
        new ClientAttack("A11", "SETTINGS in the content context", "SETTINGS in the Content context")
        {
            Http2 = true,
            Honest = [s_head, HF(4, 0, 0), new(Body, Data(1, "hello", ends: true))],
            Attack = [s_head, BF(4, 0, 0)],
        },
        new ClientAttack("A11",
            "a frame that goes on in another context", "a frame that began in the Content context goes on in the Head context")
        {
            Http2 = true,
            Honest = [s_head, new(Body, Data(1, "hello", true)[..11]), new(Body, Data(1, "hello", true)[11..])],
            Attack = [s_head, new(Body, Data(1, "hello", true)[..11]), new(Head, Data(1, "hello", true)[11..])],
        },
        new ServerAttack("A11", "a pushed request", "server push is not allowed")
        {
            Http2 = true,
            Honest = [HF(1, EndHeaders, 1, OkBlock()), new(Body, Data(1, "hello", ends: true))],
            Attack = [HF(5, EndHeaders, 1, [0, 0, 0, 2, 0x82, 0x87, 0x84])],
        },
        new BoxAttack("A12", "DATA moved to a stream that nobody opened", "DATA on stream 9, which nobody opened")
        {
            Http2 = true,
            Grant = "body=rw",
            Attack = Deeds.Change(toServer: false, Body, data => [.. data[..8], 9, .. data[9..]]),
        },
        new BoxAttack("A12", "an early END_STREAM, with the rest behind it", "less content than the head announces")
        {
            Http2 = true,
            Grant = "body=rw",
            Resizing = false,
            Attack = Deeds.Change(toServer: false, Body, _ => [.. Data(1, "hello", ends: true), .. Data(1, "world", ends: true)]),
        },
        new BoxAttack("A12", "an early END_STREAM in a request, with the rest behind it", "DATA on stream 1")
        {
            Http2 = true,
            Grant = "body=rw",
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = "hello",
            Attack = Deeds.Change(toServer: true, Body, _ => [.. Data(1, "hel", ends: true), .. Data(1, "lo", ends: true)]),
            ServerNotices = true,
        },
        new ClientAttack("A12", "DATA between HEADERS and CONTINUATION", "DATA inside a field block")
        {
            Http2 = true,
            Honest = [HF(1, 0, 1, UploadBlock()), HF(9, EndHeaders, 1, Field("x-more", "1")), new(Body, Data(1, "hello", ends: true))],
            Attack = [HF(1, 0, 1, UploadBlock()), new(Body, Data(1, "hello", ends: true))],
        },
        new ClientAttack("A12", "a second request between HEADERS and CONTINUATION", "HEADERS inside a field block")
        {
            Http2 = true,
            Honest = [HF(1, 0, 1, UploadBlock()), HF(9, EndHeaders, 1, Field("x-more", "1")), new(Body, Data(1, "hello", ends: true))],
            Attack = [HF(1, 0, 1, UploadBlock()), HF(1, EndHeaders, 3, UploadBlock())],
        },
        new ServerAttack("A12", "trailers behind END_STREAM", "HEADERS on stream 1")
        {
            Http2 = true,
            Honest =
            [
                HF(1, EndHeaders, 1, OkBlock()), new(Body, Data(1, "hello")), HF(1, EndHeaders | EndStream, 1, Field("x-check", "1")),
            ],
            Attack =
            [
                HF(1, EndHeaders, 1, OkBlock()), new(Body, Data(1, "hello", ends: true)),
                HF(1, EndHeaders | EndStream, 1, Field("x-check", "1")),
            ],
            Behind = true,
        },
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);
}
