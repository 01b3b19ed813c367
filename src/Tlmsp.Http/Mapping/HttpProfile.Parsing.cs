namespace Tlmsp.Http;

/// <summary>Profiles as configuration has them.</summary>
public sealed partial class HttpProfile
{
    /// <summary>
    /// Reads a profile as configuration has it: <c>two</c>, <c>four</c>, <c>five</c>, and behind them <c>+secret</c>,
    /// <c>+secret(X-A,X-B)</c>, <c>+content(pii,media)</c>, <c>+tunnel</c>, each at most once.
    /// </summary>
    /// <exception cref="FormatException">The text is not of that form.</exception>
    public static HttpProfile Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.ToLowerInvariant().Split('+', StringSplitOptions.TrimEntries);
        HttpProfile profile = parts[0] switch
        {
            "two" => Two,
            "four" => Four,
            "five" => Five,
            _ => throw NoProfile(text),
        };
        try
        {
            string[] options = parts[1..];
            return options.Select(option => option.Split('(')[0]).Distinct().Count() == options.Length
                ? options.Aggregate(profile, (made, option) => made.With(option) ?? throw NoProfile(text))
                : throw NoProfile(text);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new FormatException(e.Message, e);
        }
    }

    /// <returns>Null for an option that there is not.</returns>
    private HttpProfile? With(string option)
    {
        bool hasList = option.EndsWith(')') && option.Contains('(', StringComparison.Ordinal);
        string name = hasList ? option.Split('(')[0] : option;
        string[] list = !hasList ? []
            : option[(name.Length + 1)..^1].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return (name, hasList) switch
        {
            ("secret", _) => WithSecrets(list),
            ("content", true) => WithContent(list),
            ("tunnel", false) => WithTunnel(),
            _ => null,
        };
    }

    private static FormatException NoProfile(string text) => new(
        $"'{text}' is no profile. Write two, four or five; with a context for sensitive fields two+secret, or two+secret(X-Api-Key) with the "
        + "names of further ones; with content contexts two+content(pii); with tunnels two+tunnel, or two+secret+tunnel.");
}
