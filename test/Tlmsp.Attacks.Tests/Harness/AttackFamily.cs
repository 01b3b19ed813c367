using Xunit.Abstractions;
using Xunit.Sdk;

namespace Tlmsp.Attacks.Tests;

/// <summary>
/// Prints what became of attacks. Its messages show in a plain <c>dotnet test</c>, which the output of tests that pass does not.
/// </summary>
public sealed class AttackReport(IMessageSink sink)
{
    public void Print(string line) => sink.OnMessage(new DiagnosticMessage(line));
}

/// <summary>Attacks of one kind, each a row of the class's <c>Rows</c>.</summary>
public abstract class AttackFamily(AttackReport report, ITestOutputHelper output) : IClassFixture<AttackReport>
{
    internal static TheoryData<string> NamesOf(AttackRow[] rows) => [.. rows.Select(row => row.Name)];

    /// <summary>Runs one row, and says how it ended.</summary>
    internal async Task RunAsync(AttackRow[] rows, string name)
    {
        AttackRow row = rows.Single(row => row.Name == name);
        await row.RunAsync();
        output.WriteLine(row.Line);
        report.Print(row.Line);
    }
}
