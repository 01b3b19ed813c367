using Tlmsp.TestSupport;

namespace Tlmsp.Attacks.Tests;

public class AttackTableTests
{
    [Fact]
    public void The_overview_lists_the_attacks_that_are_run_and_no_others()
    {
        string[] document = File.ReadAllLines(Path.Combine(Repository.Root!, "docs", "attacks.md"));
        string[] listed = [.. document.SkipWhile(line => line != AttackTable.Header).TakeWhile(line => line.StartsWith('|'))];

        Assert.Equal(AttackTable.Lines, listed);
    }

    [Fact]
    public void Every_attack_of_the_lists_is_run()
    {
        string[] due =
        [
            .. Enumerable.Range(1, 15).Select(i => $"A{i}"), .. Enumerable.Range(1, 14).Select(i => $"C{i}"), "X1", "X2", "X3",
        ];

        Assert.Equal(due, AttackTable.All.Select(entry => entry.Row.Id).Distinct());
        Assert.Distinct(AttackTable.All.Select(entry => (entry.Row.Name, entry.Test)));
    }
}
