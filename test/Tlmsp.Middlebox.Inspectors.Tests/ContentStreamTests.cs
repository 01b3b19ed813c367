using System.Text;

namespace Tlmsp.Middlebox.Inspectors.Tests;

/// <summary>What is found does not depend on how content is cut.</summary>
public class ContentStreamTests
{
    private static readonly ContentPattern[] s_patterns =
    [
        LiteralPattern.Create("word", "tüp-secret", ignoreCase: false),
        new RegexPattern("key", Patterns.Create("AKIA[0-9A-Z]{16}"), 20),
        new CardNumberPattern(),
    ];

    [Theory]
    [InlineData("4111111111111111", true)]
    [InlineData("4111 1111 1111 1111", true)]
    [InlineData("4111-1111-1111-1111", true)]
    [InlineData("378282246310005", true)]
    [InlineData("4222222222222", true)]
    [InlineData("6304000000000000000", true)]       // 19 digits
    [InlineData("12 4111 1111 1111 1111 2027", true)]
    [InlineData("a4111111111111111b", true)]
    [InlineData("4111111111111112", false)]         // check digit
    [InlineData("0000000000000000", false)]
    [InlineData("94111111111111111", false)]        // another number
    [InlineData("41111111111111110000", false)]
    [InlineData("4111  1111  1111  1111", false)]
    [InlineData("411111111111", false)]             // too short
    [InlineData("4111.1111.1111.1111", false)]
    public void Card_numbers_are_told_from_other_numbers(string text, bool isCard)
    {
        var found = new List<ContentMatch>();

        new CardNumberPattern().Find(text, isStart: true, behind: 0, found);

        Assert.Equal(isCard ? 1 : 0, found.Count);
    }

    [Theory]
    [InlineData("x tüp-secret y", "word")]
    [InlineData("x AKIA0123456789ABCDEF y", "key")]
    [InlineData("x 4111 1111-1111 1111 y", "card number")]
    [InlineData("tüp-secrettüp-secret", "word,word")]
    [InlineData("nothing here 4111 1111", "")]
    public void However_content_is_cut_the_same_is_found(string text, string expected)
    {
        byte[] content = Encoding.UTF8.GetBytes(text);
        for (int first = 0; first <= content.Length; first++)
        {
            for (int second = first; second <= content.Length; second++)
            {
                var view = new ContentView(s_patterns, isWithoutFraming: false);
                string[] found =
                [
                    .. Names(view.Pass(content.AsSpan(0, first))), .. Names(view.Pass(content.AsSpan(first, second - first))),
                    .. Names(view.Pass(content.AsSpan(second))),
                ];
                Assert.True(expected == string.Join(',', found), $"cut at {first} and {second}: {string.Join(',', found)}");
            }
        }
    }

    [Fact]
    public void However_content_is_cut_into_chunks_it_is_read_without_them()
    {
        byte[] text = Encoding.ASCII.GetBytes("head 4111 1111-1111 1111 and AKIA0123456789ABCDEF tail");
        for (int run = 0; run < 300; run++)
        {
            var random = new Random(run);
            var framed = new MemoryStream();
            for (int at = 0; at < text.Length;)
            {
                int length = Math.Min(text.Length - at, random.Next(1, 12));
                framed.Write(Encoding.ASCII.GetBytes($"{new string('0', random.Next(0, 3))}{length:x}{(random.Next(0, 2) == 0 ? "" : ";a=\"b;c\"")}\r\n"));
                framed.Write(text, at, length);
                framed.Write("\r\n"u8);
                at += length;
            }

            framed.Write("0\r\n\r\n"u8);
            byte[] bytes = framed.ToArray();
            var view = new ContentView(s_patterns, isWithoutFraming: true);
            var found = new List<string>();
            for (int at = 0; at < bytes.Length;)
            {
                int length = Math.Min(bytes.Length - at, random.Next(1, 9));
                found.AddRange(Names(view.Pass(bytes.AsSpan(at, length))));
                at += length;
            }

            Assert.True(found.SequenceEqual(["card number", "key"]) || found.SequenceEqual(["key", "card number"]), $"run {run}: {string.Join(',', found)}");
        }
    }

    [Theory]
    [InlineData("x\r\n5\r\nb", "xb")]
    [InlineData("5\r\nab", "ab")]
    [InlineData("x\r\nb\r\nc", "xc")]               // what looks like a border is left out: it is read raw as well
    [InlineData("x\r\n\r\n5\r\nb", "x\r\nb")]
    [InlineData("x\r\r\n5;x=y\r\nb", "x\rb")]
    [InlineData("x\r\nzz\r\ny", "x\r\nzz\r\ny")]
    [InlineData("x\r\n5\r\rb", "x\r\n5\r\rb")]
    [InlineData("x\n5\nb", "x\n5\nb")]
    public void Only_what_may_be_a_border_of_a_chunk_is_left_out(string raw, string expected)
    {
        var filter = new ChunkFramingFilter();
        var output = new List<(char Char, int Offset)>();

        for (int i = 0; i < raw.Length; i++)
        {
            filter.Take(raw[i], i, output);
        }

        Assert.Equal(expected, string.Concat(output.Select(each => each.Char)));
        Assert.All(output, each => Assert.Equal(each.Char, raw[each.Offset]));
    }

    private static IEnumerable<string> Names(List<ContentFinding> findings) => findings.Select(finding => finding.Pattern.Name);
}
