namespace Tlmsp.Samples.Tests;

/// <summary>Every sample says by its exit code whether what it shows holds; here it has to.</summary>
public class SampleTests
{
    [Theory]
    [InlineData("QuickStart", "All expectations hold.", "[ok] the scanner saw nothing of requests, and no head")]
    [InlineData("Yarp", "Everything works.", "client -- TLMSP --> middlebox --> YARP -- HTTPS --> backend")]
    [InlineData("WholeApp", "Everything works the same.", "gRPC, both ways")]
    public async Task A_sample_shows_what_it_is_there_to_show(string sample, params string[] lines)
    {
        SampleRun run = await SampleRun.RunAsync(sample);

        Assert.Equal((0, ""), (run.ExitCode, run.ExitCode == 0 ? "" : run.Output));
        Assert.All(lines, line => Assert.Contains(line, run.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("FAILED", run.Output, StringComparison.Ordinal);
    }
}
