using System.Diagnostics;

namespace Tlmsp.Samples.Tests;

/// <summary>A sample, run as its reader would run it: in a process of its own.</summary>
/// <param name="ExitCode">What it ended with.</param>
/// <param name="Output">What it printed.</param>
internal sealed record SampleRun(int ExitCode, string Output)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);

    public static async Task<SampleRun> RunAsync(string sample, params string[] arguments)
    {
        // test/X/bin/<configuration>/<framework>: the samples are built beside it with the same two.
        var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        string root = here.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;
        string program = Path.Combine(root, "samples", sample, "bin", here.Parent.Name, here.Name, $"{sample}.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetDirectoryName(program),
        })!;
        using var timeout = new CancellationTokenSource(s_limit);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            Task<string> errors = process.StandardError.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            return new SampleRun(process.ExitCode, await output + await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
