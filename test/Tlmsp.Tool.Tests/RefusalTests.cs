using System.Globalization;
using Tlmsp.TestSupport;

namespace Tlmsp.Tool.Tests;

/// <summary>What goes wrong has its exit status, and a message that names it on both sides.</summary>
public sealed class RefusalTests : ToolTest
{
    [Fact]
    public async Task A_middlebox_that_the_server_does_not_allow_is_alert_171()
    {
        await MakeCertificatesAsync();
        string box = $"localhost:{TestMiddlebox.FreePort().ToString(CultureInfo.InvariantCulture)}";
        await using ToolRun server = await ToolRun.ListeningAsync(
            "server", "--listen", "0", "--cert", ServerPem, "--ca", Ca, "--allow", $"{box}=1=r", "--connections", "1");
        await using ToolRun middlebox = await ToolRun.ListeningAsync(
            "middlebox", "--listen", box[10..], "--cert", MiddleboxPem, "--ca", Ca, "--next", $"localhost:{server.Port}");

        ToolRun client = await ToolRun.OfAsync(
            ["client", $"localhost:{server.Port}", "--ca", Ca, "--via", $"{box}=1=rw", "--do", "send 1 x"]);
        await server.EndAsync();

        Assert.Equal((1, 1), (client.ExitCode, server.ExitCode));
        Assert.Contains(
            "AlertReceived: The peer sent the fatal alert MiddleboxAuthorizationFailure (171)", client.Error, StringComparison.Ordinal);
        Assert.Contains("hint: the server accepts the list", client.Error, StringComparison.Ordinal);
        Assert.Contains(
            $"MiddleboxListRefused: middlebox tlmsp://{box} with 1=rw is not allowed; to allow it: --allow tlmsp://{box}=1=rw",
            server.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_next_hop_that_the_middlebox_does_not_know_is_alert_170()
    {
        await MakeCertificatesAsync();
        int port = TestMiddlebox.FreePort();
        await using ToolRun middlebox = await ToolRun.ListeningAsync(
            "middlebox", "--listen", port.ToString(CultureInfo.InvariantCulture), "--cert", MiddleboxPem, "--ca", Ca,
            "--next", "localhost:1", "--connections", "1");

        ToolRun client = await ToolRun.OfAsync(["client", "localhost:2", "--ca", Ca, "--via", $"localhost:{port}=1=r", "--do", "send 1 x"]);
        await middlebox.EndAsync();

        Assert.Equal((1, 1), (client.ExitCode, middlebox.ExitCode));
        Assert.Contains("MiddleboxRouteFailure (170)", client.Error, StringComparison.Ordinal);
        Assert.Contains("to allow it: --next tlmsp://localhost:2", middlebox.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_CA_is_alert_48_on_both_sides()
    {
        await MakeCertificatesAsync();
        Assert.Equal(0, (await ToolRun.OfAsync(["certs", PathOf("other")])).ExitCode);
        await using ToolRun server = await ToolRun.ListeningAsync("server", "--listen", "0", "--cert", ServerPem, "--connections", "1");

        ToolRun client = await ToolRun.OfAsync(
            ["client", $"localhost:{server.Port}", "--ca", Path.Combine(PathOf("other"), "ca.pem"), "--do", "send 1 x"]);
        await server.EndAsync();

        Assert.Equal((1, 1), (client.ExitCode, server.ExitCode));
        Assert.Contains("UntrustedCertificate", client.Error, StringComparison.Ordinal);
        Assert.Contains("(alert 48, UnknownCa)", client.Error, StringComparison.Ordinal);
        Assert.Contains("--ca FILE", client.Error, StringComparison.Ordinal);
        Assert.Contains("UnknownCa (48)", server.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_listening_is_exit_status_3()
    {
        await MakeCertificatesAsync();

        ToolRun client = await ToolRun.OfAsync(["client", $"localhost:{TestMiddlebox.FreePort()}", "--ca", Ca, "--do", "send 1 x"]);

        Assert.Equal(3, client.ExitCode);
        Assert.Contains("no connection:", client.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Required command was not provided")]
    [InlineData("Unrecognized command or argument", "frobnicate")]
    [InlineData("'tlmsp client --help' shows options and examples", "client")]
    [InlineData("'1=x' is no grant: 'x' is not a right", "client", "localhost:1", "--via", "localhost:2=1=x")]
    [InlineData("is no grant", "client", "localhost:1", "--via", "localhost:2=headers")]
    [InlineData("is not a TLMSP address", "client", "localhost:1", "--via", "localhost:99999=1=r")]
    [InlineData("is granted context 7, which is not configured", "client", "localhost:1", "--via", "localhost:2=7=r")]
    [InlineData("--context '0'", "client", "localhost:1", "--context", "0")]
    [InlineData("send CONTEXT TEXT", "client", "localhost:1", "--do", "shout 1 hello")]
    [InlineData("'0' is no context", "client", "localhost:1", "--do", "send 0 hello")]
    [InlineData("--timeout is 0", "client", "localhost:1", "--timeout", "0")]
    [InlineData("cannot be read", "client", "localhost:1", "--ca", "missing.pem")]
    [InlineData("cannot be used", "server", "--listen", "0", "--cert", "missing.pem")]
    [InlineData("--listen is 'somewhere'", "middlebox", "--listen", "somewhere", "--cert", "x.pem", "--next", "localhost:1")]
    [InlineData("CONTEXT=OLD=NEW", "middlebox", "--listen", "1", "--cert", "x.pem", "--next", "localhost:1", "--replace", "1=a")]
    public async Task What_makes_no_sense_is_exit_status_2_and_says_what_would(string message, params string[] args)
    {
        ToolRun run = await ToolRun.OfAsync(args);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.Equal("", run.Out);
    }
}
