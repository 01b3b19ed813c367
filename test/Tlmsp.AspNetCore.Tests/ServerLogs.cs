using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>What tests ask of a server's log.</summary>
internal static class ServerLogs
{
    private static readonly string[] s_loud = ["Warning:", "Error:", "Critical:"];

    /// <summary>A peer's fault is nobody's concern: nothing above Information.</summary>
    public static void AssertQuiet(this CollectingLogger logs) =>
        Assert.DoesNotContain(logs.Lines, line => s_loud.Any(level => line.StartsWith(level, StringComparison.Ordinal)));
}
