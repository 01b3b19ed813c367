namespace Tlmsp.Middlebox.Inspectors;

/// <summary>Which content is scanned.</summary>
public enum ScanTarget
{
    /// <summary>That of requests and responses.</summary>
    Both,

    /// <summary>That of requests.</summary>
    Requests,

    /// <summary>That of responses.</summary>
    Responses,
}

/// <summary>What happens when a pattern is found.</summary>
public enum ScanAction
{
    /// <summary>The connection is closed, with alert 49 to both sides. What came before the match may have passed.</summary>
    Close,

    /// <summary>It is logged, and passes.</summary>
    Report,

    /// <summary>
    /// Each of its bytes becomes the mask, and it is logged. Needs write access to the content. Where the beginning of a match has passed
    /// already, the connection is closed.
    /// </summary>
    Redact,
}

/// <summary>What happens to content that is compressed, which cannot be scanned.</summary>
public enum EncodedAction
{
    /// <summary>The connection is closed, with alert 49 to both sides.</summary>
    Refuse,

    /// <summary>It passes without being scanned, which is logged.</summary>
    Skip,
}

/// <summary>Something to look for: a literal or a regular expression.</summary>
public sealed class ScanPattern
{
    /// <summary>Name in the log, which never shows what was found. Required.</summary>
    public string? Name { get; set; }

    /// <summary>Text to look for, in UTF-8.</summary>
    public string? Literal { get; set; }

    /// <summary>
    /// Regular expression in ASCII, on bytes as Latin-1. It takes linear time, so it has no look-around and no back references. An anchor
    /// of the end may also hold where one piece of content ends and the next has not come yet.
    /// </summary>
    public string? Regex { get; set; }

    /// <summary>Longest match of <see cref="Regex"/> that is found wherever content is cut, in bytes, 1 to 4096. Default 256.</summary>
    public int MaxLength { get; set; } = 256;

    /// <summary>Whether letters match in any case; of literals ASCII letters. Default false.</summary>
    public bool IgnoreCase { get; set; }
}

/// <summary>What to look for in content, and what to do then.</summary>
public sealed class ContentScannerOptions : InspectorOptions
{
    /// <summary>Which content. Default both.</summary>
    public ScanTarget Scan { get; set; }

    /// <summary>Literals and regular expressions.</summary>
    public IList<ScanPattern> Patterns { get; } = [];

    /// <summary>
    /// Whether to look for card numbers: 13 to 19 digits, with single spaces or dashes between them, whose check digit is right.
    /// </summary>
    public bool CardNumbers { get; set; }

    /// <summary>What happens when something is found. Default: the connection is closed.</summary>
    public ScanAction Action { get; set; }

    /// <summary>What <see cref="ScanAction.Redact"/> writes, a visible ASCII character. Default <c>*</c>.</summary>
    public char Mask { get; set; } = '*';

    /// <summary>What happens to compressed content. Default: it is refused.</summary>
    public EncodedAction OnEncoded { get; set; }

    internal override void Check(ICollection<string> problems)
    {
        if (Patterns.Count == 0 && !CardNumbers)
        {
            problems.Add("there is nothing to look for. Add to Patterns, or set CardNumbers to true.");
        }

        if (Mask is < '!' or > '~')
        {
            problems.Add("Mask is not a visible ASCII character. Set it to one such as *.");
        }

        for (int i = 0; i < Patterns.Count; i++)
        {
            if (Problem(Patterns[i]) is { } problem)
            {
                problems.Add($"Patterns:{i} {problem}");
            }
        }
    }

    private static string? Problem(ScanPattern pattern) =>
        string.IsNullOrEmpty(pattern.Name) ? "has no Name. Name it for the log."
        : string.IsNullOrEmpty(pattern.Literal) == string.IsNullOrEmpty(pattern.Regex)
            ? "has neither or both of Literal and Regex. Set one."
        : pattern.Literal is { Length: > 1024 } ? "has a Literal of more than 1024 characters. Shorten it."
        : pattern.Literal is { Length: > 0 } ? null
        : pattern.MaxLength is < 1 or > 4096 ? $"has the MaxLength {pattern.MaxLength}. Set it to 1 to 4096."
        : !pattern.Regex!.All(char.IsAscii) ? "has a Regex with other characters than ASCII. Write their UTF-8 bytes, as in \\xc3\\xa9."
        : Inspectors.Patterns.Problem(pattern.Regex!) is { } problem ? $"has a Regex that cannot be used: {problem}"
        : Inspectors.Patterns.Create(pattern.Regex!, pattern.IgnoreCase).IsMatch("")
            ? "has a Regex that matches nothing at all. Have it match at least one byte."
        : null;
}
