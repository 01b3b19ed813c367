using System.Text;
using System.Text.RegularExpressions;

namespace Tlmsp.Middlebox.Inspectors;

/// <summary>A place in a window of content.</summary>
internal readonly record struct ContentMatch(int Start, int End);

/// <summary>Something to look for in windows of content, whose characters are bytes.</summary>
/// <param name="name">Name in the log.</param>
/// <param name="maxLength">Longest match, in bytes.</param>
internal abstract class ContentPattern(string name, int maxLength)
{
    public string Name => name;

    public int MaxLength => maxLength;

    /// <summary>Finds what ends behind a place.</summary>
    /// <param name="window">What was kept of before, and what has come.</param>
    /// <param name="isStart">Whether the window begins where the content does; else its first character is only what comes before.</param>
    /// <param name="behind">Where what has come begins.</param>
    /// <param name="found">Where to add it.</param>
    public abstract void Find(ReadOnlySpan<char> window, bool isStart, int behind, List<ContentMatch> found);

    /// <summary>Whether the end of a window may be the beginning of a match, or of a longer one.</summary>
    public abstract bool MayGoOn(ReadOnlySpan<char> window);
}

/// <summary>A text.</summary>
internal sealed class LiteralPattern(string name, string text, StringComparison comparison) : ContentPattern(name, text.Length)
{
    public static LiteralPattern Create(string name, string text, bool ignoreCase) => new(
        name, Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text)),
        ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    public override void Find(ReadOnlySpan<char> window, bool isStart, int behind, List<ContentMatch> found)
    {
        int at = Math.Max(0, behind - text.Length + 1);
        while (window[at..].IndexOf(text, comparison) is >= 0 and int next)
        {
            found.Add(new ContentMatch(at + next, at + next + text.Length));
            at += next + 1;
        }
    }

    public override bool MayGoOn(ReadOnlySpan<char> window)
    {
        for (int length = Math.Min(text.Length - 1, window.Length); length > 0; length--)
        {
            if (window[^length..].Equals(text.AsSpan(0, length), comparison))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>A regular expression that takes linear time.</summary>
internal sealed class RegexPattern(string name, Regex regex, int maxLength) : ContentPattern(name, maxLength)
{
    public override void Find(ReadOnlySpan<char> window, bool isStart, int behind, List<ContentMatch> found)
    {
        // What is only kept as what comes before is no start of the content, which an anchor would hold at.
        foreach (ValueMatch match in regex.EnumerateMatches(window, isStart || window.IsEmpty ? 0 : 1))
        {
            if (match.Index + match.Length > behind && match.Length > 0)
            {
                found.Add(new ContentMatch(match.Index, match.Index + match.Length));
            }
        }
    }

    /// <summary>Nothing tells how much of an expression has matched.</summary>
    public override bool MayGoOn(ReadOnlySpan<char> window) => !window.IsEmpty;
}

/// <summary>
/// Numbers of payment cards (ISO/IEC 7812-1): 13 to 19 digits, with single spaces or dashes between, and the check digit of Luhn.
/// </summary>
internal sealed class CardNumberPattern() : ContentPattern("card number", MostDigits + MostDigits - 1)
{
    private const int LeastDigits = 13;
    private const int MostDigits = 19;

    public override void Find(ReadOnlySpan<char> window, bool isStart, int behind, List<ContentMatch> found)
    {
        for (int start = isStart ? 0 : 1; start < window.Length; start++)
        {
            if (IsGroupStart(window, start) && EndOf(window, start) is { } end)
            {
                if (end > behind)
                {
                    found.Add(new ContentMatch(start, end));
                }

                start = end - 1;
            }
        }
    }

    public override bool MayGoOn(ReadOnlySpan<char> window)
    {
        // The earliest group of digits from which on there is nothing but groups, and not too many digits.
        int digits = 0;
        for (int i = window.Length - 1; i >= 0; i--)
        {
            if (char.IsAsciiDigit(window[i]))
            {
                digits++;
                if (digits <= MostDigits && IsGroupStart(window, i))
                {
                    return true;
                }
            }
            else if (!IsSeparator(window[i]) || (i + 1 < window.Length && !char.IsAsciiDigit(window[i + 1])) || digits > MostDigits)
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>The end of the number that starts there, of whole groups of digits; null where there is none.</summary>
    private static int? EndOf(ReadOnlySpan<char> window, int start)
    {
        int? end = null;
        Span<byte> digits = stackalloc byte[MostDigits];
        int count = 0;
        for (int i = start; i < window.Length && count < MostDigits; i++)
        {
            if (IsSeparator(window[i]))
            {
                if (i + 1 == window.Length || !char.IsAsciiDigit(window[i + 1]))
                {
                    break;
                }

                continue;
            }

            if (!char.IsAsciiDigit(window[i]))
            {
                break;
            }

            digits[count++] = (byte)(window[i] - '0');
            bool endsGroup = i + 1 == window.Length || !char.IsAsciiDigit(window[i + 1]);
            if (count >= LeastDigits && endsGroup && IsValid(digits[..count]))
            {
                end = i + 1;
            }
        }

        return end;
    }

    private static bool IsGroupStart(ReadOnlySpan<char> window, int at) =>
        char.IsAsciiDigit(window[at]) && (at == 0 || !char.IsAsciiDigit(window[at - 1]));

    private static bool IsSeparator(char c) => c is ' ' or '-';

    /// <summary>The check of Luhn (ISO/IEC 7812-1, annex B). A number of zeros alone passes it, and is no card.</summary>
    private static bool IsValid(ReadOnlySpan<byte> digits)
    {
        int sum = 0;
        for (int i = 0; i < digits.Length; i++)
        {
            int digit = digits[^(i + 1)] * (i % 2 == 0 ? 1 : 2);
            sum += digit > 9 ? digit - 9 : digit;
        }

        return sum % 10 == 0 && sum > 0;
    }
}
