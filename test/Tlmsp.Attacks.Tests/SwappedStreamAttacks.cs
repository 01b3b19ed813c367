using Tlmsp.Http;
using Xunit.Abstractions;

namespace Tlmsp.Attacks.Tests;

/// <summary>DATA of a stream that a writer of content gives to another one that is open (A12): where that is noticed, and where it is not.</summary>
public class SwappedStreamAttacks(AttackReport report, ITestOutputHelper output) : AttackFamily(report, output)
{
    private static readonly HttpProfile s_named = HttpProfile.Two.WithContent("red", "blue");

    internal static readonly AttackRow[] Rows =
    [
        new SwapAttack("A12", "DATA of two open streams swapped, whose heads announce lengths", "less content than the head announces")
        {
            Http2 = true,
            Grant = "body=rw",
            HasLengths = true,
        },
        new SwapAttack(
            "A12", "DATA of an open stream moved to one with another content context", "content in context 16, and its head says 19")
        {
            Http2 = true,
            Grant = "content:red=rw",
            Profile = s_named,
            Named = ["red", "blue"],
            Context = 16,
        },
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Between_streams_of_one_content_context_whose_lengths_are_open_its_writer_decides(bool isNamed)
    {
        var attack = new SwapAttack("A12", "DATA of two open streams swapped", "")
        {
            Grant = isNamed ? "content:red=rw" : "body=rw",
            Profile = isNamed ? s_named : HttpProfile.Two,
            Named = isNamed ? ["red", "red"] : null,
        };

        Assert.Equal(["second one", "first"], await attack.SucceedAsync());
    }
}
