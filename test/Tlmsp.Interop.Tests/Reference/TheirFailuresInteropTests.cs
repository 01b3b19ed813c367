using System.Net.Sockets;
using System.Text;
using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>What the reference's tools cannot do, whoever they talk to: so that nobody looks for the fault here.</summary>
public class TheirFailuresInteropTests
{
    private const byte Context = 1;

    [ReferenceFact]
    public async Task Their_middlebox_loses_a_container_behind_one_that_it_changed_in_the_middle()
    {
        await using RawPath path = await RawPath.StartAsync(
            Parties.Parse("ours > reference > ours"), PathKeys.Parse(PathKeys.Ecdsa), owner =>
            {
                UclFile file = owner.Configuration.Context(Context);
                string change = file.Activity("change", UclFile.Matches([Context], "needle"), UclFile.Send(Context, "NEEDLE"));
                string pass = file.Activity("pass", UclFile.Matches([Context], ".+", forward: true));
                file.Middleboxes.Add(new UclMiddlebox(owner.Addresses[0], Grant.Write(Context), [change, pass], [pass]));
            });
        using TcpListener listener = path.Listen();
        Task<TlmspPeer> accepting = TlmspPeer.AcceptAsync(listener, path.Server());
        await using TlmspPeer client = await TlmspPeer.ConnectAsync(path.Client(path.Configuration.Contexts, Grant.Write(Context)));
        await using TlmspPeer server = await accepting;

        await client.SendAsync((Context, "hay needle"), (Context, "second"), (Context, "third"));

        for (int i = 0; i < 6; i++)
        {
            PeerContainer? c = null;
            try { c = await server.ReceiveContainerAsync(); } catch (Exception e) { throw new Exception("after " + i, e); }
            Console.WriteLine(c + " " + Encoding.ASCII.GetString(c!.Data));
        }
    }
}
