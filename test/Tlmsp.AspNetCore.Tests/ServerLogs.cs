using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>What tests ask of a server's log.</summary>
internal static class ServerLogs
{
    private static readonly string[] s_loud = ["Warning:", "Error:", "Critical:"];

    /// <summary>Waits for a line.</summary>
    public static async Task<string> WaitForLineAsync(this CollectingLogger logs, string part)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await logs.WaitForAsync(entries => entries.Any(entry => entry.Line.Contains(part, StringComparison.Ordinal)), timeout.Token);
        return logs.Lines.First(line => line.Contains(part, StringComparison.Ordinal));
    }

    /// <summary>A peer's fault is nobody's concern: nothing above Information.</summary>
    public static void AssertQuiet(this CollectingLogger logs) =>
        Assert.DoesNotContain(logs.Lines, line => s_loud.Any(level => line.StartsWith(level, StringComparison.Ordinal)));
}
