using System.Globalization;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Raw;

/// <summary>Contexts on the command line: <c>1</c>, <c>2:purpose</c>, <c>3:purpose:audited</c>, <c>4::audited</c>.</summary>
internal static class ContextText
{
    /// <exception cref="UsageException">The text is no context.</exception>
    public static TlmspContext Parse(string text)
    {
        string[] parts = text.Split(':');
        bool audited = parts.Length == 3 && parts[2] == "audited";
        try
        {
            return parts.Length <= 2 || audited
                ? new TlmspContext(ParseId(parts[0]), parts.Length > 1 ? parts[1] : "", audited)
                : throw new FormatException("it has not the form ID, ID:PURPOSE or ID:PURPOSE:audited.");
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw new UsageException($"--context '{text}': {e.Message} Write for example 1, 2:telemetry or 3::audited.", e);
        }
    }

    /// <exception cref="FormatException">The text is no number from 1 to 255.</exception>
    public static byte ParseId(string text) => byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out byte id) && id > 0
        ? id
        : throw new FormatException($"'{text}' is no context; contexts have numbers from 1 to 255.");
}
