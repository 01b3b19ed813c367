using Xunit.Abstractions;
using static Tlmsp.Attacks.Tests.Messages;
using static Tlmsp.Attacks.Tests.Payload;

namespace Tlmsp.Attacks.Tests;

/// <summary>Content in the head context, to dodge who inspects content (A4).</summary>
public class ContentInHeadContextAttacks(AttackReport report, ITestOutputHelper output) : AttackFamily(report, output)
{
    internal static readonly AttackRow[] Rows =
    [
        new ClientAttack("A4", "content in the head context", "Content bytes are due, and the container is in the Head context")
        {
            Honest = [H(Post), B("hello")],
            Attack = [H(Post), H("hello")],
        },
        new ClientAttack("A4", "content in the container of the head", "Content bytes are due, and the container is in the Head context")
        {
            Honest = [H(Post), B("hello")],
            Attack = [H(Post + "hello")],
        },
        new ClientAttack("A4", "chunks in the head context", "Content bytes are due, and the container is in the Head context")
        {
            Honest = [H(PostChunked), B("5\r\nhello\r\n0\r\n\r\n")],
            Attack = [H(PostChunked), H("5\r\nhello\r\n0\r\n\r\n")],
        },
        new ServerAttack("A4", "content in the head context", "Content bytes are due, and the container is in the Head context")
        {
            Honest = [H(Ok), B("hello")],
            Attack = [H(Ok), H("hello")],
        },
        new ClientAttack("A4", "DATA in the head context", "DATA in the Head context")
        {
            Http2 = true,
            Honest = [HF(1, EndHeaders, 1, UploadBlock()), new(Body, Data(1, "hello", ends: true))],
            Attack = [HF(1, EndHeaders, 1, UploadBlock()), new(Head, Data(1, "hello", ends: true))],
        },
        new ServerAttack("A4", "DATA in the head context", "DATA in the Head context")
        {
            Http2 = true,
            Honest = [HF(1, EndHeaders, 1, OkBlock()), new(Body, Data(1, "hello", ends: true))],
            Attack = [HF(1, EndHeaders, 1, OkBlock()), new(Head, Data(1, "hello", ends: true))],
        },
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);
}
