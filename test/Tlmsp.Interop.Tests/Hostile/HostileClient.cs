using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>Runs rows with the peer as a hostile client, our Kestrel server and up to two middleboxes of ours between them.</summary>
public abstract class HostileClient(HostileLab lab)
{
    private const string Content = "some content";

    private protected async Task RunAsync(EndpointRow row)
    {
        foreach (int middleboxes in row.Middleboxes)
        {
            EndpointEnding ending = row.Ending(middleboxes);
            bool harmless = ending.Endpoint == Endings.Success;
            var reports = new Reports(
                Endings.Nothing,
                middleboxes == 0 ? Endings.Nothing : ending.Nearest,
                middleboxes < 2 ? Endings.Nothing : ending.Between,
                harmless ? Endings.Nothing : ending.Endpoint, ending.Attacker, harmless ? "/echo" : ending.Served);
            await lab.CheckAsync(
                $"{row.Switches}, {middleboxes} middleboxes", reports, async () => (Endings.Nothing, await PostAsync(row.Switches.Split(' '), middleboxes)));
        }
    }

    private async Task<string> PostAsync(string[] switches, int middleboxes)
    {
        int body = Array.IndexOf(switches, "--body");
        string expected = body < 0 ? Content : PeerData.Read(switches[body + 1]);
        string[] request = switches.Contains("--send") ? [] : ["--get", "/echo", .. (body < 0 ? (string[])["--body", Content] : [])];
        string[] path = [.. ((TestMiddlebox[])[lab.Front, lab.Back])[..middleboxes].SelectMany(m => (string[])["--middlebox", $"{m.Address},1=r,2=r"])];
        (_, string output) = await Peer.ClientAsync(
            ["--server", $"tlmsp://localhost:{lab.Server.Address.Port}", "--context", "1", "--context", "2", "--timeout", "30", "--wait", "30",
            .. request, .. path, .. lab.ClientCertificate is null || switches.Contains("--cert") ? (string[])[] : Peer.Identity, .. switches]);
        string ending = PeerProcess.EndingOf(output);
        bool complete = output.Contains($" body='{expected[..Math.Min(400, expected.Length)]}'", StringComparison.Ordinal)
            && output.Contains($" body_len={expected.Length}{Environment.NewLine}", StringComparison.Ordinal);
        return ending != "ok" || complete ? ending : "no response";
    }
}
