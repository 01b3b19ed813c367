namespace Tlmsp.Http;

/// <summary>
/// Cuts content-length out of a field block, where nothing else has to change for it: as a literal that is put into no table (RFC 7541
/// §6.2.2, §6.2.3), with its name by index, as senders write what is different each time. Otherwise encoded it stays.
/// </summary>
internal static class HpackCutter
{
    /// <summary>RFC 7541, Appendix A.</summary>
    private const int ContentLengthIndex = 28;

    /// <param name="block">A complete block that can be decoded.</param>
    /// <returns>What is left of it.</returns>
    public static byte[] CutContentLength(ReadOnlySpan<byte> block)
    {
        var left = new List<byte>(block.Length);
        while (!block.IsEmpty)
        {
            ReadOnlySpan<byte> rest = block;
            bool isCut = Skip(ref rest) == ContentLengthIndex;
            if (!isCut)
            {
                left.AddRange(block[..^rest.Length]);
            }

            block = rest;
        }

        return [.. left];
    }

    /// <returns>The name's index in a literal that is put into no table, else 0.</returns>
    private static int Skip(ref ReadOnlySpan<byte> block)
    {
        byte first = block[0];
        if ((first & 0x80) != 0 || (first & 0xe0) == 0x20)
        {
            HpackDecoder.Integer(ref block, (first & 0x80) != 0 ? 7 : 5);
            return 0;
        }

        bool isIndexed = (first & 0x40) != 0;
        int name = HpackDecoder.Integer(ref block, isIndexed ? 6 : 4);
        if (name == 0)
        {
            SkipString(ref block);
        }

        SkipString(ref block);
        return isIndexed ? 0 : name;
    }

    private static void SkipString(ref ReadOnlySpan<byte> block)
    {
        int length = HpackDecoder.Integer(ref block, 7);
        block = block[length..];
    }
}
