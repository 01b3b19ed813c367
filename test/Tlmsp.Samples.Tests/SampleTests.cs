namespace Tlmsp.Samples.Tests;

/// <summary>Every sample says by its exit code whether what it shows holds; here it has to.</summary>
public class SampleTests
{
    [Theory]
    [InlineData("QuickStart", "All expectations hold.", "[ok] the scanner saw nothing of requests, and no head")]
    [InlineData("Yarp", "Everything works.", "client -- TLMSP --> middlebox --> YARP -- HTTPS --> backend")]
    [InlineData("InspectingProxy", "All expectations hold.", "[ok] the scanner stops a leak", "could not see  sensitive fields of requests")]
    [InlineData("InspectingProxy --deployed", "All expectations hold.", "[ok] all of them ended in order")]
    [InlineData("WholeApp", "Everything works the same.", "gRPC, both ways")]
    public async Task A_sample_shows_what_it_is_there_to_show(string command, params string[] lines)
    {
        string[] words = command.Split(' ');
        SampleRun run = await SampleRun.RunAsync(words[0], words[1..]);

        Assert.Equal((0, ""), (run.ExitCode, run.ExitCode == 0 ? "" : run.Output));
        Assert.All(lines, line => Assert.Contains(line, run.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("FAILED", run.Output, StringComparison.Ordinal);
    }
    [Fact]
    public async Task A_box_whose_file_cannot_be_used_says_why_and_does_not_start()
    {
        SampleRun missing = await SampleRun.RunAsync("InspectingProxy", "box", "no-such-file.json");
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, """{ "Middlebox": { "Adress": "waf.example:7001" }, "HeaderRules": { "Rules": [ { "Action": "Deny" } ] } }""");
        SampleRun misspelt = await SampleRun.RunAsync("InspectingProxy", "box", file);
        File.Delete(file);

        Assert.Equal((1, 1), (missing.ExitCode, misspelt.ExitCode));
        Assert.Contains("no-such-file.json", missing.Output, StringComparison.Ordinal);
        Assert.Contains("Adress", misspelt.Output, StringComparison.Ordinal);
    }
}
