using System.Reflection;

namespace Tlmsp.Attacks.Tests;

/// <summary>All attacks that there are, as <c>docs/attacks.md</c> lists them.</summary>
internal static class AttackTable
{
    /// <summary>The first column's name, by which the table is found.</summary>
    public const string Header = "| id | version | who | what is tried | what stops it | test |";

    /// <summary>Every row with the class that runs it, by id: A1 to A15, C1 to C14, X.</summary>
    public static IReadOnlyList<(AttackRow Row, string Test)> All { get; } =
    [
        .. typeof(AttackTable).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(AttackFamily)))
            .SelectMany(type => Rows(type).Select(row => (row, type.Name)))
            .OrderBy(entry => entry.row.Id[0])
            .ThenBy(entry => int.Parse(entry.row.Id.AsSpan(1)))
            .ThenBy(entry => entry.row.Http2)
            .ThenBy(entry => entry.row.Name, StringComparer.Ordinal),
    ];

    /// <summary>The lines of the table.</summary>
    public static IEnumerable<string> Lines =>
    [
        Header,
        "|---|---|---|---|---|---|",
        .. All.Select(entry =>
            $"| {entry.Row.Id} | {entry.Row.Version} | {entry.Row.Actor} | {entry.Row.Tried} | {entry.Row.StoppedBy} | `{entry.Test}` |"),
    ];

    private static AttackRow[] Rows(Type type) =>
        (AttackRow[])type.GetField("Rows", BindingFlags.Static | BindingFlags.NonPublic)!.GetValue(null)!;
}
