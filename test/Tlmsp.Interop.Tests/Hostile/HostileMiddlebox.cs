using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>Runs rows with the peer as a hostile middlebox between our HttpClient and our Kestrel server, and middleboxes of ours around it.</summary>
public abstract class HostileMiddlebox(HostileLab lab)
{
    private const string Content = "some content";

    private protected async Task RunAsync(MiddleboxRow row)
    {
        using PeerProcess middlebox = await Peer.MiddleboxAsync(lab.HostilePort, row.Switches.Split(' '));
        foreach (string path in row.Paths)
        {
            MiddleboxEnding ending = row.Ending(path);
            var reports = new Reports(
                Endings.AtHttpClient(ending.Client, row.Phase), ending.Front, ending.Back, ending.Server, Endings.Nothing, ending.Served);
            await lab.CheckAsync($"{row}, on {path}", reports, async () => (await PostAsync(row, path, ending), Endings.Nothing));
        }
    }

    private async Task<string> PostAsync(MiddleboxRow row, string path, MiddleboxEnding ending)
    {
        using HttpClient client = lab.Server.Client(tlmsp =>
        {
            tlmsp.HandshakeTimeout = TimeSpan.FromSeconds(ending.Client == Endings.TimedOut ? 2 : 60);
            tlmsp.Audited = row.Audited;
            tlmsp.ClientCertificate = lab.ClientCertificate;
            for (int i = 0; i < path.Length; i++)
            {
                bool hostile = path[i] == 'p';
                string address = hostile ? $"tlmsp://localhost:{lab.HostilePort}" : i < path.IndexOf('p') ? lab.Front.Address : lab.Back.Address;
                tlmsp.Middleboxes.Add(address, Grant.Parse(hostile ? row.Grant : "1=r,2=r"));
            }
        });
        client.Timeout = TimeSpan.FromSeconds(ending.Client == Endings.HttpClientTimeout ? 2 : 30);
        try
        {
            using HttpResponseMessage response = await client.PostAsync("/echo", new StringContent(Content));
            string text = await response.Content.ReadAsStringAsync();
            return text == Content ? Endings.Success : $"{(int)response.StatusCode} {text}";
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return Endings.AtHttpClient(e);
        }
    }
}
