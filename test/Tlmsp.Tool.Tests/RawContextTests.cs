using System.Globalization;
using System.Security.Cryptography;
using Tlmsp.TestSupport;

namespace Tlmsp.Tool.Tests;

/// <summary>Server, middlebox and client of the tool against each other, over loopback.</summary>
public sealed class RawContextTests : ToolTest
{
    [Fact]
    public async Task Data_travels_both_ways_in_several_contexts_through_a_middlebox_that_reads_one_and_writes_another()
    {
        await MakeCertificatesAsync();
        string box = $"localhost:{TestMiddlebox.FreePort().ToString(CultureInfo.InvariantCulture)}";
        await using ToolRun server = await ToolRun.ListeningAsync(
            "server", "--listen", "0", "--cert", ServerPem, "--ca", Ca, "--allow", $"{box}=1=r,2=rw", "--echo", "--connections", "1");
        await using ToolRun middlebox = await ToolRun.ListeningAsync(
            "middlebox", "--listen", box[10..], "--cert", MiddleboxPem, "--ca", Ca, "--next", $"localhost:{server.Port}",
            "--replace", "2=secret=******", "--connections", "1");

        ToolRun client = await ToolRun.OfAsync(
        [
            "client", $"localhost:{server.Port}", "--ca", Ca, "--via", $"{box}=1=r,2=rw", "--context", "1", "--context", "2",
            "--context", "3:log",
            "--do", "send 1 hello", "--do", "expect 1 hello", "--do", "send 2 my secret", "--do", "expect 2 my ******",
            "--do", @"send 3 not\x20for\nthe box", "--do", @"expect 3 not for\nthe box",
        ]);
        await server.EndAsync();
        await middlebox.EndAsync();

        Assert.Equal((0, 0, 0), (client.ExitCode, server.ExitCode, middlebox.ExitCode));
        Assert.Equal(
        [
            "-> ctx 1      5 B  \"hello\"", "<- ctx 1      5 B  \"hello\"",
            "-> ctx 2      9 B  \"my secret\"", "<- ctx 2      9 B  \"my ******\"",
            "-> ctx 3     15 B  \"not for\\nthe box\"", "<- ctx 3     15 B  \"not for\\nthe box\"",
        ], client.Lines);
        Assert.Matches("^<- ctx 2      9 B  changed by [0-9a-f]{2}  \"my \\*{6}\"$", server.Lines[1]);
        Assert.Equal(
        [
            "=> ctx 1      5 B  \"hello\"", "<= ctx 1      5 B  \"hello\"",
            "=> ctx 2      9 B  changed here  \"my secret\"", "<= ctx 2      9 B  \"my ******\"",
            "=> ctx 3     15 B  (sealed)", "<= ctx 3     15 B  (sealed)",
        ], middlebox.Lines[..6]);
        Assert.Contains($"tlmsp://{box} (1=r,2=rw) -> server localhost", client.Error, StringComparison.Ordinal);
        Assert.Contains("CN=middlebox, issued by CN=TLMSP development CA", client.Error, StringComparison.Ordinal);
        Assert.Contains("1=r,2=rw to this middlebox", middlebox.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_transfer_arrives_whole_in_both_directions()
    {
        await MakeCertificatesAsync();
        byte[] data = RandomNumberGenerator.GetBytes(3_000_000);
        File.WriteAllBytes(PathOf("big"), data);
        await using ToolRun server = await ToolRun.ListeningAsync(
            "server", "--listen", "0", "--cert", ServerPem, "--echo", "--save", $"2={PathOf("there")}", "--connections", "1");

        ToolRun client = await ToolRun.OfAsync(
        [
            "client", $"localhost:{server.Port}", "--ca", Ca, "--do", $"send-file 2 {PathOf("big")}", "--do", "read 2 3000000",
            "--save", $"2={PathOf("back")}",
        ]);
        await server.EndAsync();

        Assert.Equal((0, 0), (client.ExitCode, server.ExitCode));
        Assert.Equal(data, File.ReadAllBytes(PathOf("there")));
        Assert.Equal(data, File.ReadAllBytes(PathOf("back")));
    }

    [Fact]
    public async Task Commands_come_from_standard_input_and_a_script_runs_at_the_server()
    {
        await MakeCertificatesAsync();
        File.WriteAllText(PathOf("script"), "# says hello first\nsend 1 welcome\n\nexpect 2 thanks\nsend 2 bye\n");
        await using ToolRun server = await ToolRun.ListeningAsync(
            "server", "--listen", "127.0.0.1:0", "--cert", ServerPem, "--script", PathOf("script"), "--connections", "1");

        ToolRun client = await ToolRun.OfAsync(
            ["client", $"localhost:{server.Port}", "--ca", Ca], "expect 1 welcome\nsend 2 thanks\nexpect 2 bye\nwait\n");
        await server.EndAsync();

        Assert.Equal((0, 0), (client.ExitCode, server.ExitCode));
        Assert.Equal(["<- ctx 1      7 B  \"welcome\"", "-> ctx 2      6 B  \"thanks\"", "<- ctx 2      3 B  \"bye\""], client.Lines);
    }

    [Fact]
    public async Task What_a_middlebox_may_not_write_passes_unchanged_and_it_says_so()
    {
        await MakeCertificatesAsync();
        string box = $"localhost:{TestMiddlebox.FreePort().ToString(CultureInfo.InvariantCulture)}";
        await using ToolRun server = await ToolRun.ListeningAsync(
            "server", "--listen", "0", "--cert", ServerPem, "--ca", Ca, "--allow-any", "--echo", "--connections", "1");
        await using ToolRun middlebox = await ToolRun.ListeningAsync(
            "middlebox", "--listen", box[10..], "--cert", MiddleboxPem, "--ca", Ca, "--next", $"localhost:{server.Port}",
            "--replace", "1=a=b", "--delete", "2", "--connections", "1");

        ToolRun client = await ToolRun.OfAsync(
            ["client", $"localhost:{server.Port}", "--ca", Ca, "--via", $"{box}=1=r", "--do", "send 1 aaa", "--do", "expect 1 aaa",
             "--do", "send 2 x", "--do", "expect 2 x"]);
        await middlebox.EndAsync();

        Assert.Equal(0, client.ExitCode);
        Assert.Contains("there is a rule for context 1, and no right to write there", middlebox.Error, StringComparison.Ordinal);
        Assert.Contains("there is a rule for context 2, and no right to write there", middlebox.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deleted_containers_are_announced()
    {
        await MakeCertificatesAsync();
        string box = $"localhost:{TestMiddlebox.FreePort().ToString(CultureInfo.InvariantCulture)}";
        await using ToolRun server = await ToolRun.ListeningAsync(
            "server", "--listen", "0", "--cert", ServerPem, "--ca", Ca, "--allow-any", "--connections", "1", "--do", "expect 1 kept");
        await using ToolRun middlebox = await ToolRun.ListeningAsync(
            "middlebox", "--listen", box[10..], "--cert", MiddleboxPem, "--ca", Ca, "--next", $"localhost:{server.Port}",
            "--delete", "2", "--connections", "1");

        ToolRun client = await ToolRun.OfAsync(
            ["client", $"localhost:{server.Port}", "--ca", Ca, "--via", $"{box}=2=rw", "--do", "send 2 gone", "--do", "send 1 kept"]);
        await server.EndAsync();
        await middlebox.EndAsync();

        Assert.Equal((0, 0, 0), (client.ExitCode, server.ExitCode, middlebox.ExitCode));
        Assert.Matches("^<- ctx 2      0 B  deleted 1 by [0-9a-f]{2}$", server.Lines[0]);
        Assert.Equal("=> ctx 2      4 B  deleted here  \"gone\"", middlebox.Lines[0]);
    }

    [Fact]
    public async Task An_expectation_that_does_not_hold_is_exit_status_1_and_shows_both()
    {
        await MakeCertificatesAsync();
        await using ToolRun server = await ToolRun.ListeningAsync("server", "--listen", "0", "--cert", ServerPem, "--echo");

        ToolRun client = await ToolRun.OfAsync(
            ["client", $"localhost:{server.Port}", "--ca", Ca, "--do", "send 1 hello", "--do", "expect 1 world"]);

        Assert.Equal(1, client.ExitCode);
        Assert.Contains("Context 1 brought \"hello\", and \"world\" was expected.", client.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waiting_in_vain_is_exit_status_3()
    {
        await MakeCertificatesAsync();
        await using ToolRun server = await ToolRun.ListeningAsync("server", "--listen", "0", "--cert", ServerPem);

        ToolRun client = await ToolRun.OfAsync(
            ["client", $"localhost:{server.Port}", "--ca", Ca, "--timeout", "0.5", "--do", "expect 1 hello"]);

        Assert.Equal(3, client.ExitCode);
        Assert.Contains("waited 0.5 s for data in context 1", client.Error, StringComparison.Ordinal);
    }
}
