using System.Globalization;
using System.Text;

namespace Tlmsp.Tool.Cli;

/// <summary>Shows data of any kind on a terminal, where raw bytes could do harm.</summary>
internal static class DataText
{
    /// <summary>On one line: as text where it is text, else in hex.</summary>
    public static string Excerpt(ReadOnlySpan<byte> data, int max)
    {
        ReadOnlySpan<byte> shown = data[..Math.Min(data.Length, max)];
        string rest = data.Length > max ? string.Create(CultureInfo.InvariantCulture, $" … {data.Length - max} more") : "";
        return data.IsEmpty ? "" : (IsText(shown) ? $"\"{Escape(shown)}\"" : Convert.ToHexStringLower(shown)) + rest;
    }

    /// <summary>Sixteen bytes a line, as in hexdump -C.</summary>
    public static IEnumerable<string> Dump(byte[] data, int max)
    {
        const int width = 16;
        int shown = Math.Min(data.Length, max);
        for (int at = 0; at < shown; at += width)
        {
            byte[] row = data[at..Math.Min(at + width, shown)];
            string hex = string.Join(' ', row.Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));
            string text = string.Concat(row.Select(b => b is >= 0x20 and < 0x7f ? (char)b : '.'));
            yield return string.Create(CultureInfo.InvariantCulture, $"{at:x4}  {hex,-47}  {text}");
        }

        if (shown < data.Length)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"…     {data.Length - shown} more bytes");
        }
    }

    /// <summary>Reads what people write on a line: \n, \r, \t, \\ and \xHH stand for bytes.</summary>
    /// <exception cref="FormatException">A backslash is followed by something else.</exception>
    public static byte[] Unescape(string text)
    {
        var bytes = new List<byte>();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                int end = text.IndexOf('\\', i) is >= 0 and var next ? next : text.Length;
                bytes.AddRange(Encoding.UTF8.GetBytes(text[i..end]));
                i = end - 1;
                continue;
            }

            i++;
            switch (i < text.Length ? text[i] : '\0')
            {
                case 'n':
                    bytes.Add((byte)'\n');
                    break;
                case 'r':
                    bytes.Add((byte)'\r');
                    break;
                case 't':
                    bytes.Add((byte)'\t');
                    break;
                case '\\':
                    bytes.Add((byte)'\\');
                    break;
                case 'x' when i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2]):
                    bytes.Add(Convert.FromHexString(text.AsSpan(i + 1, 2))[0]);
                    i += 2;
                    break;
                default:
                    throw new FormatException($"'{text}' has a backslash at {i - 1} that is not part of \\n, \\r, \\t, \\\\ or \\xHH.");
            }
        }

        return [.. bytes];
    }

    private static bool IsText(ReadOnlySpan<byte> data)
    {
        foreach (byte b in data)
        {
            if (b is < 0x20 and not ((byte)'\n' or (byte)'\r' or (byte)'\t') or 0x7f)
            {
                return false;
            }
        }

        // A character may be cut at the end of an excerpt; bytes in between must be UTF-8, and no C1 control or direction mark.
        string text = Encoding.UTF8.GetString(data);
        int odd = text.IndexOf('�', StringComparison.Ordinal);
        return (odd < 0 || odd >= text.Length - 3)
            && !text.EnumerateRunes().Any(rune => rune.Value >= 0x80
                && Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format);
    }

    private static string Escape(ReadOnlySpan<byte> data) => Encoding.UTF8.GetString(data)
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal)
        .Replace("\t", "\\t", StringComparison.Ordinal);
}
