using System.Globalization;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Raw;

/// <summary>One container on one line: direction, context, length, who made it, and its data.</summary>
internal static class ContainerLine
{
    private const int ExcerptLength = 60;

    public static string Sent(byte context, ReadOnlySpan<byte> data, Ink ink) =>
        Line(ink.Blue("->"), context, data.Length, "", DataText.Excerpt(data, ExcerptLength), ink);

    public static string SentFile(byte context, long length, string file, Ink ink) => Line(ink.Blue("->"), context, length, "", file, ink);

    public static string Received(in ReceivedContainer container, Ink ink)
    {
        string what = container.IsDeleted ? $"{ink.Red($"deleted {container.DeletedCount}")} by {PathText.Entity(container.Origin)}"
            : container.IsInserted ? $"{ink.Yellow("inserted")} by {PathText.Entity(container.Origin)}"
            : container.Author != container.Origin ? $"{ink.Yellow("changed")} by {PathText.Entity(container.Author)}"
            : "";
        string data = DataText.Excerpt(container.Plaintext, ExcerptLength);
        return Line(ink.Green("<-"), container.ContextId, container.Plaintext.Length, what, data, ink);
    }

    public static string Relayed(in RelayedContainer container, bool toServer, RelayAction action, Ink ink)
    {
        string what = action == RelayAction.Modify ? ink.Yellow("changed here")
            : action == RelayAction.Delete ? ink.Red("deleted here")
            : container.IsDeleted ? $"deleted by {PathText.Entity(container.Origin)}"
            : container.IsInserted ? $"inserted by {PathText.Entity(container.Origin)}"
            : "";
        string data = !container.CanRead ? ink.Dim("(sealed)")
            : container.IsAlert ? Alert(container.Plaintext)
            : DataText.Excerpt(container.Plaintext, ExcerptLength);
        return Line(toServer ? ink.Blue("=>") : ink.Green("<="), container.ContextId, container.PlaintextLength, what, data, ink);
    }

    /// <summary>Level and description of an alert.</summary>
    public static string Alert(ReadOnlySpan<byte> content) => content.Length == 2
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"{((TlmspAlertLevel)content[0]).ToString().ToLowerInvariant()} alert {(TlmspAlert)content[1]} ({content[1]})")
        : "malformed alert";

    private static string Line(string arrow, byte context, long length, string what, string data, Ink ink)
    {
        string head = string.Create(CultureInfo.InvariantCulture, $"{arrow} {ink.Cyan($"ctx {context}")} {length,6} B");
        return string.Join("  ", ((string[])[head, what, data]).Where(part => part.Length > 0));
    }
}
