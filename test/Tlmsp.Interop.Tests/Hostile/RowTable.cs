namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>The rows of a theory, by the names that its cases have.</summary>
internal sealed class RowTable<TRow>(IEnumerable<TRow> rows)
    where TRow : notnull
{
    private readonly Dictionary<string, TRow> _rows = rows.ToDictionary(row => row.ToString()!);

    public IReadOnlyCollection<TRow> Rows => _rows.Values;

    public TheoryData<string> Names => [.. _rows.Keys];

    public TRow this[string name] => _rows[name];
}
