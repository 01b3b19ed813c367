using System.Globalization;

namespace Tlmsp.Benchmarks;

/// <summary>Collects results and prints them as one table.</summary>
internal sealed class Report
{
    private readonly List<string[]> _rows = [];

    /// <param name="group">What was measured.</param>
    /// <param name="variant">In which shape.</param>
    /// <param name="value">The result.</param>
    /// <param name="unit">Its unit.</param>
    /// <param name="target">What the project aims at.</param>
    /// <param name="beside">What it stands beside: the reference stack, or HTTPS in the same run.</param>
    /// <param name="ratio">Quotient of the two, where they were measured in pairs.</param>
    /// <param name="ratioTarget">Where the goal is a quotient.</param>
    public void Add(string group, string variant, double value, string unit, double? target = null, double? beside = null, double? ratio = null,
        double? ratioTarget = null)
    {
        string[] row = [group, variant, Text(value), unit, ratioTarget is null ? Text(target) : $"ratio {Text(ratioTarget)}", Text(beside), Text(ratio)];
        _rows.Add(row);
        Console.Error.WriteLine(string.Join("  ", row).TrimEnd());
    }

    public void Print()
    {
        string[] header = ["what", "variant", "result", "unit", "target", "beside", "ratio"];
        int[] widths = [.. header.Select((name, column) => _rows.Select(row => row[column].Length).Append(name.Length).Max())];
        foreach (string[] row in _rows.Prepend([.. widths.Select(width => new string('-', width))]).Prepend(header))
        {
            Console.WriteLine(string.Join("  ", row.Select((cell, column) =>
                column is 0 or 1 or 3 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))).TrimEnd());
        }
    }

    private static string Text(double? value) => value switch
    {
        null => "",
        0 => "0",
        < 10 => value.Value.ToString("0.00", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("0", CultureInfo.InvariantCulture),
    };
}
