using System.Globalization;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Raw;

/// <summary>What a line of a script can say.</summary>
internal enum RawVerb
{
    Send,
    SendFile,
    Expect,
    Read,
    Wait,
}

/// <summary>One step of a conversation on raw contexts.</summary>
/// <param name="Verb">What to do.</param>
/// <param name="Context">In which context.</param>
/// <param name="Data">For send and expect: the bytes.</param>
/// <param name="Count">For read: how many bytes.</param>
/// <param name="File">For send-file: the file.</param>
internal sealed record RawCommand(RawVerb Verb, byte Context = 0, byte[]? Data = null, long Count = 0, string? File = null)
{
    /// <summary>The grammar, for help texts and for who got it wrong.</summary>
    public const string Grammar = """
          send CONTEXT TEXT        sends text; \n, \r, \t, \\ and \xHH stand for bytes
          send-file CONTEXT FILE   sends a file
          expect CONTEXT TEXT      waits for exactly this text in a context, else fails
          read CONTEXT COUNT       waits for so many bytes in a context
          wait                     waits until the other side closes
        """;

    /// <summary>Reads a line.</summary>
    /// <returns>Null for an empty line or a comment (#).</returns>
    /// <exception cref="UsageException">The line is no command.</exception>
    public static RawCommand? Parse(string line)
    {
        string trimmed = line.TrimStart().TrimEnd('\r', '\n');
        if (trimmed.Length == 0 || trimmed[0] == '#')
        {
            return null;
        }

        string[] words = trimmed.Split(' ', 3);
        try
        {
            return words switch
            {
                ["send", var context, var text] => new RawCommand(RawVerb.Send, ContextText.ParseId(context), DataText.Unescape(text)),
                ["send-file", var context, var file] => new RawCommand(RawVerb.SendFile, ContextText.ParseId(context), File: file.Trim()),
                ["expect", var context, var text] => new RawCommand(RawVerb.Expect, ContextText.ParseId(context), DataText.Unescape(text)),
                ["read", var context, var count] => new RawCommand(RawVerb.Read, ContextText.ParseId(context), Count: Number(count)),
                ["wait"] => new RawCommand(RawVerb.Wait),
                _ => throw new FormatException("it is none of the commands."),
            };
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw new UsageException($"'{trimmed}' cannot be done: {e.Message} Commands are:\n{Grammar}", e);
        }
    }

    private static long Number(string text) => long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
