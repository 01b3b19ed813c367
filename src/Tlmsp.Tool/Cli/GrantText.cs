using Tlmsp.Http;

namespace Tlmsp.Tool.Cli;

/// <summary>How grants are written on the command line: <c>header:r,body:rw</c> or <c>1=r,2=rw</c>.</summary>
internal static class GrantText
{
    /// <exception cref="UsageException">The text is no grant.</exception>
    public static Grant Parse(string text) => Parse(text, HttpProfile.Two);

    /// <exception cref="UsageException">The text is no grant.</exception>
    public static Grant Parse(string text, HttpProfile profile)
    {
        // A colon, because the grant follows an equals sign; and both numbers of the noun, because people write both.
        IEnumerable<string> parts = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(part => part.LastIndexOf(':') is >= 0 and int colon ? $"{part[..colon]}={part[(colon + 1)..]}" : part)
            .Select(part => part.StartsWith("header=", StringComparison.OrdinalIgnoreCase) ? $"headers{part[6..]}" : part);
        try
        {
            return profile.ParseGrant(string.Join(',', parts));
        }
        catch (FormatException e)
        {
            throw new UsageException($"'{text}' is no grant: {e.Message} HTTP's contexts may be named: header:r,body:rw.", e);
        }
    }

    /// <summary>Reads <c>ADDRESS=GRANTS</c>; without grants the middlebox only relays.</summary>
    /// <exception cref="UsageException">The text is not of that form.</exception>
    public static TlmspMiddlebox ParseMiddlebox(string text) => ParseMiddlebox(text, HttpProfile.Two);

    /// <exception cref="UsageException">The text is not of that form.</exception>
    public static TlmspMiddlebox ParseMiddlebox(string text, HttpProfile profile)
    {
        string[] sides = text.Split('=', 2, StringSplitOptions.TrimEntries);
        return new TlmspMiddlebox(ParseAddress(sides[0]), sides.Length == 2 ? Parse(sides[1], profile) : Grant.None);
    }

    /// <exception cref="UsageException">The text is no profile.</exception>
    public static HttpProfile ParseProfile(string text)
    {
        try
        {
            return HttpProfile.Parse(text);
        }
        catch (FormatException e)
        {
            throw new UsageException(e.Message, e);
        }
    }

    /// <exception cref="UsageException">The text is no address.</exception>
    public static TlmspAddress ParseAddress(string text)
    {
        try
        {
            return TlmspAddress.Parse(text);
        }
        catch (FormatException e)
        {
            throw new UsageException(e.Message, e);
        }
    }
}
