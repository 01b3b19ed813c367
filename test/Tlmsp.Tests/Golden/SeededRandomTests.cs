using Tlmsp.TestSupport;

namespace Tlmsp.Tests.Golden;

public class SeededRandomTests
{
    [Fact]
    public void The_same_seed_gives_the_same_bytes_however_they_are_drawn()
    {
        byte[] whole = Draw("seed", 100);
        Assert.Equal(whole, Draw("seed", 1, 31, 32, 33, 3));
        Assert.Equal(whole, Draw("seed", 70, 30));
    }

    [Fact]
    public void Bytes_do_not_repeat_and_another_seed_gives_others()
    {
        byte[][] blocks = [.. Draw("seed", 3200).Chunk(8), .. Draw("seed2", 3200).Chunk(8)];
        Assert.Equal(blocks.Length, blocks.Select(Convert.ToHexString).Distinct().Count());
    }

    private static byte[] Draw(string seed, params int[] lengths)
    {
        var random = new SeededRandom(seed);
        return [.. lengths.SelectMany(length =>
        {
            byte[] bytes = new byte[length];
            random.Fill(bytes);
            return bytes;
        })];
    }
}
