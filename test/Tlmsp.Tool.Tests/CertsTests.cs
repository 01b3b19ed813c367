using System.Security.Cryptography.X509Certificates;

namespace Tlmsp.Tool.Tests;

public sealed class CertsTests : ToolTest
{
    [Fact]
    public async Task Parties_get_the_names_the_kind_of_key_and_the_time_that_were_asked_for()
    {
        ToolRun run = await ToolRun.OfAsync(
            ["certs", Certs, "--party", "orders=orders.example", "--party", "waf=waf.example,10.0.0.7", "--rsa", "--days", "3"]);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(["ca.pem", "orders.pem", "waf.pem"], Directory.GetFiles(Certs).Select(Path.GetFileName).Order());
        using TlmspCertificate waf = TlmspCertificate.FromPemFiles(Path.Combine(Certs, "waf.pem"));
        Assert.True(waf.Leaf.MatchesHostname("waf.example"));
        Assert.True(waf.Leaf.MatchesHostname("10.0.0.7"));
        Assert.False(waf.Leaf.MatchesHostname("orders.example"));
        Assert.NotNull(waf.Leaf.GetRSAPublicKey());
        Assert.InRange(waf.Leaf.NotAfter - DateTime.Now, TimeSpan.FromDays(2.9), TimeSpan.FromDays(3));
        Assert.DoesNotContain("PRIVATE KEY", File.ReadAllText(Ca), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_belong_to_their_owner_also_where_a_file_was_there_before()
    {
        Directory.CreateDirectory(Certs);
        File.WriteAllText(ServerPem, "something else");
        Assert.Equal(0, (await ToolRun.OfAsync(["certs", Certs, "--force"])).ExitCode);

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(ServerPem));
        }
    }

    [Fact]
    public async Task Files_that_exist_are_kept()
    {
        await MakeCertificatesAsync();
        string before = File.ReadAllText(Ca);

        ToolRun run = await ToolRun.OfAsync(["certs", Certs]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--force", run.Error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(Ca));
    }

    [Theory]
    [InlineData("--party", "waf", "NAME=HOST")]
    [InlineData("--party", "../waf=localhost", "NAME=HOST")]
    [InlineData("--party", "waf=not a host", "neither a host name nor an IP address")]
    [InlineData("--party", "ca=localhost", "the name of two parties, or of the CA")]
    [InlineData("--days", "0", "write 1 to 3650")]
    public async Task What_makes_no_sense_is_a_usage_error(string option, string value, string message)
    {
        ToolRun run = await ToolRun.OfAsync(["certs", Certs, option, value]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Certs));
    }
}
