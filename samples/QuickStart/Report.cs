namespace QuickStart;

/// <summary>Prints tables, and keeps count of expectations that did not hold.</summary>
internal sealed class Report
{
    public int Failures { get; private set; }

    public void Check(string expectation, bool holds)
    {
        Console.WriteLine($"  [{(holds ? "ok" : "FAILED")}] {expectation}");
        if (!holds)
        {
            Failures++;
        }
    }

    public static void Table(string title, string[] header, params string[][] rows)
    {
        int[] widths = [.. header.Select((name, column) => rows.Select(row => row[column].Length).Append(name.Length).Max())];
        Console.WriteLine();
        Console.WriteLine(title);
        Console.WriteLine();
        Line(header);
        Line([.. widths.Select(width => new string('-', width))]);
        foreach (string[] row in rows)
        {
            Line(row);
        }

        Console.WriteLine();

        void Line(string[] cells) =>
            Console.WriteLine("  " + string.Join("  ", cells.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }
}
