namespace Tlmsp.Http;

/// <summary>
/// The Huffman code of HPACK (RFC 7541 §5.2, Appendix B). It is canonical: codes of one length are consecutive, in the order of their
/// symbols, and continue those of the next shorter length. So the lengths say everything.
/// </summary>
internal static class HpackHuffman
{
    private const int Longest = 30;
    private const int EndOfString = 256;

    /// <summary>The length of each symbol's code in bits; the last one is EOS.</summary>
    private static readonly byte[] s_lengths =
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ];

    private static readonly int[] s_symbols = [.. Enumerable.Range(0, s_lengths.Length).OrderBy(symbol => s_lengths[symbol])];

    /// <summary>For each length: the first code, how many there are, and where their symbols begin.</summary>
    private static readonly (int First, int Count, int Offset)[] s_byLength = ByLength();

    /// <summary>Decodes a string.</summary>
    /// <param name="encoded">The string with its padding.</param>
    /// <param name="decoded">Has room for 8/5 of that.</param>
    /// <returns>The number of bytes, or -1 for what is no valid encoding.</returns>
    public static int Decode(ReadOnlySpan<byte> encoded, Span<byte> decoded)
    {
        int written = 0;
        int code = 0;
        int length = 0;
        bool allOnes = true;
        foreach (byte next in encoded)
        {
            for (int bit = 7; bit >= 0; bit--)
            {
                int value = (next >> bit) & 1;
                code = (code << 1) | value;
                allOnes &= value == 1;
                (int first, int count, int offset) = s_byLength[++length];
                if (code - first < count)
                {
                    int symbol = s_symbols[offset + code - first];
                    if (symbol == EndOfString)
                    {
                        return -1;
                    }

                    decoded[written++] = (byte)symbol;
                    (code, length, allOnes) = (0, 0, true);
                }
            }
        }

        // Padding is the beginning of EOS, and less than a byte.
        return length < 8 && allOnes ? written : -1;
    }

    private static (int First, int Count, int Offset)[] ByLength()
    {
        var table = new (int First, int Count, int Offset)[Longest + 1];
        int code = 0;
        int offset = 0;
        for (int length = 1; length <= Longest; length++)
        {
            int count = s_lengths.Count(each => each == length);
            code <<= 1;
            table[length] = (code, count, offset);
            code += count;
            offset += count;
        }

        return table;
    }
}
