using System.Diagnostics;
using Tlmsp.TestSupport;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Tests;

/// <summary>Help, the configuration file, colour, and the command as a process of its own.</summary>
public sealed class CommandLineTests : ToolTest
{
    [Theory]
    [InlineData("certs")]
    [InlineData("server")]
    [InlineData("client")]
    [InlineData("middlebox")]
    [InlineData("get")]
    [InlineData("decode")]
    public async Task Help_ends_with_examples_of_the_command(string command)
    {
        ToolRun run = await ToolRun.OfAsync([command, "--help"]);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains($"  tlmsp {command} ", run.Out[run.Out.IndexOf("Examples:", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_help_of_the_whole_shows_a_first_round_and_the_exit_statuses()
    {
        ToolRun run = await ToolRun.OfAsync(["--help"]);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("tlmsp certs certs", run.Out, StringComparison.Ordinal);
        Assert.Contains("Exit status: 0 done", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_come_from_a_file_and_those_on_the_command_line_win()
    {
        await using TestServer server = await TestServer.StartAsync();
        File.WriteAllText(PathOf("ca.pem"), TestCertificates.Root.ExportCertificatePem());
        File.WriteAllText(PathOf("get.json"), $$"""
            {
              // comments are allowed
              "url": "{{server.Address}}echo",
              "ca": ["{{PathOf("ca.pem")}}"],
              "header": ["X-One: 1", "X-Two: -2"],
              "data": "-from the file",
              "include": false,
              "timeout": 7.5,
            }
            """);

        ToolRun fromFile = await ToolRun.OfAsync(["get", "--config", PathOf("get.json")]);
        ToolRun fromLine = await ToolRun.OfAsync(["get", "--config", PathOf("get.json"), "--data", "from the line"]);
        ToolRun other = await ToolRun.OfAsync(["get", $"{server.Address}hello", "--method", "GET", "--config", PathOf("get.json")]);

        Assert.Equal((0, "-from the file"), (fromFile.ExitCode, fromFile.Out));
        Assert.Equal((0, "from the line"), (fromLine.ExitCode, fromLine.Out));
        Assert.Equal((0, "hello"), (other.ExitCode, other.Out));
    }

    [Theory]
    [InlineData("""{ "via": "localhost:1", "veri": true }""", "'veri' is no option of 'get'. Known are")]
    [InlineData("""{ "config": "other.json" }""", "'config' is no option of 'get'")]
    [InlineData("""{ "timeout": {} }""", "'timeout' must be a text, a number, true or false, or a list of these")]
    [InlineData("""{ "timeout": "soon" }""", "soon")]
    [InlineData("""[ "url" ]""", "an object with the names of options is expected")]
    [InlineData("""{ "url" """, "cannot be read")]
    public async Task A_file_that_makes_no_sense_is_exit_status_2(string json, string message)
    {
        File.WriteAllText(PathOf("get.json"), json);

        ToolRun run = await ToolRun.OfAsync(["get", "https://localhost:1/", "--config", PathOf("get.json")]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Colour_is_for_terminals()
    {
        ToolRun coloured = await ToolRun.OfAsync(["get", "nothing"], colour: true);
        ToolRun plain = await ToolRun.OfAsync(["get", "nothing"]);

        Assert.Contains("\e[31mtlmsp:\e[0m", coloured.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("\e", plain.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task As_a_process_of_its_own_it_has_the_exit_status_and_no_colour_when_piped()
    {
        await using TestServer server = await TestServer.StartAsync();
        File.WriteAllText(PathOf("ca.pem"), TestCertificates.Root.ExportCertificatePem());

        (int code, string output, string error) = await ProcessAsync("get", $"{server.Address}hello", "--ca", PathOf("ca.pem"), "-v");
        Assert.Equal((0, "hello"), (code, output));
        Assert.Contains("server localhost", error, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', error);

        (code, output, error) = await ProcessAsync("get", $"{server.Address}hello");
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("UntrustedCertificate", error, StringComparison.Ordinal);

        (code, _, error) = await ProcessAsync("get");
        Assert.Equal(2, code);
        Assert.Contains("tlmsp get --help", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain text", "\"plain text\"")]
    [InlineData("tab\tand\r\n\"quotes\" \\", "\"tab\\tand\\r\\n\\\"quotes\\\" \\\\\"")]
    [InlineData("Grüße", "\"Grüße\"")]
    [InlineData("\e[2Jclear", "1b5b324a636c656172")]
    [InlineData("\u009b2J", "c29b324a")]
    [InlineData("a\u202eb", "61e280ae62")]
    public void Data_that_could_steer_a_terminal_is_shown_in_hex(string data, string shown) =>
        Assert.Equal(shown, DataText.Excerpt(System.Text.Encoding.UTF8.GetBytes(data), 100));

    [Theory]
    [InlineData(@"a\nb\r\t\\", "610a620d095c")]
    [InlineData(@"\x00\xfF", "00ff")]
    [InlineData("ü", "c3bc")]
    public void Escapes_stand_for_bytes(string text, string hex) => Assert.Equal(hex, Convert.ToHexStringLower(DataText.Unescape(text)));

    [Theory]
    [InlineData(@"\")]
    [InlineData(@"\q")]
    [InlineData(@"\x1")]
    [InlineData(@"\xzz")]
    public void Other_escapes_are_refused(string text) => Assert.Throws<FormatException>(() => DataText.Unescape(text));

    private static async Task<(int Code, string Output, string Error)> ProcessAsync(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(ToolApp).Assembly.Location, .. args])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return (process.ExitCode, await output, await error);
    }
}
