using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>Runs rows with the peer as a hostile server, our HttpClient and up to two middleboxes of ours between them.</summary>
public abstract class HostileServer(HostileLab lab)
{
    private const string Page = "a page of the peer";

    private protected async Task RunAsync(EndpointRow row)
    {
        string[] switches = row.Switches.Split(' ');
        int page = Array.IndexOf(switches, "--page");
        string expected = page < 0 ? Page : PeerData.Read(switches[page + 1]);
        string[] answer = switches.Contains("--reply") || page >= 0 ? [] : ["--page", Page];
        using PeerProcess server = await Peer.ServerAsync(lab.HostilePort, [.. answer, .. switches]);
        foreach (int middleboxes in row.Middleboxes)
        {
            EndpointEnding ending = row.Ending(middleboxes);
            // With two, the one behind is next to the server.
            var reports = new Reports(
                Endings.AtHttpClient(ending.Endpoint, row.Phase),
                middleboxes switch { 0 => Endings.Nothing, 1 => ending.Nearest, _ => ending.Between },
                middleboxes < 2 ? Endings.Nothing : ending.Nearest,
                Endings.Nothing, ending.Attacker, Endings.Nothing);
            bool mustWait = ending.Endpoint.Contains(Endings.TimedOut, StringComparison.Ordinal);
            await lab.CheckAsync($"{row.Switches}, {middleboxes} middleboxes", reports, () => GetAsync(server, middleboxes, expected, mustWait));
        }
    }

    private async Task<(string Client, string Peer)> GetAsync(PeerProcess server, int middleboxes, string expected, bool mustWait)
    {
        int start = server.Output.Length;
        string client;
        using (var http = new HttpClient(TestServer.Handler(tlmsp =>
        {
            tlmsp.HandshakeTimeout = mustWait ? TimeSpan.FromSeconds(2) : TimeSpan.FromSeconds(60);
            foreach (TestMiddlebox middlebox in ((TestMiddlebox[])[lab.Front, lab.Back])[..middleboxes])
            {
                tlmsp.Middleboxes.Add(middlebox.Address, Grant.Parse("1=r,2=r"));
            }
        })) { Timeout = TimeSpan.FromSeconds(30) })
        {
            try
            {
                client = await http.GetStringAsync(new Uri($"https://localhost:{lab.HostilePort}")) == expected ? Endings.Success : "wrong content";
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                client = Endings.AtHttpClient(e);
            }
        }

        return (client, await server.EndingAsync(start));
    }
}
