using System.Net.Sockets;
using System.Text;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>What the reference's tools cannot do, whoever they talk to: so that nobody looks for the fault here.</summary>
public class TheirFailuresInteropTests
{
    private const byte Context = 1;

    [ReferenceFact]
    public Task Their_middlebox_loses_the_container_behind_one_that_it_cut_in_two_and_our_server_notices() => InteropTable.RecordAsync(
        InteropTable.TheirFailures, "ours > reference > ours: a change in the middle of a container, with more behind it", ["what happens"], async () =>
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

            await client.SendAsync((Context, "hay needle"), (Context, "lost"), (Context, "last"));

            var arrived = new List<string>();
            TlmspException fault = await Assert.ThrowsAsync<TlmspException>(async () =>
            {
                while (await server.ReceiveContainerAsync() is { } container)
                {
                    arrived.Add(Encoding.ASCII.GetString(container.Data));
                }
            });
            Assert.Equal(["hay ", "NEEDLE", ""], arrived);
            Assert.Equal(Misbehaviour.BadFragmentTag, fault.Misbehaviour);
        }, "their middlebox drops the next container; our server notices and ends the connection with alert 177");

    [CurlTheory]
    [InlineData("curl")]
    [InlineData("curl-upstream")]
    public Task Their_curl_crashes_without_TLMSP(string curl) => InteropTable.RecordAsync(
        InteropTable.TheirFailures, $"{curl}: HTTPS without --tlmsp", ["what happens"], async () =>
        {
            const int SegmentationFault = 128 + 11;
            await using TestServer server = await TestServer.StartAsync();

            using PeerProcess process = Reference.Curl(curl, "--cacert", Reference.RootFile, "-sS", "-m", "20", server.Address.OriginalString);

            Assert.Equal(SegmentationFault, await process.WaitForExitAsync());
        }, "segmentation fault");

    [CurlTheory]
    [InlineData("curl")]
    [InlineData("curl-upstream")]
    public Task Their_curl_cannot_send_more_than_a_container_at_once(string curl) => InteropTable.RecordAsync(
        InteropTable.TheirFailures, $"{curl}: 16 356 bytes of content without Expect", ["what happens"], async () =>
        {
            const int SendError = 55;
            await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Mapping = HttpMappingMode.EtsiCurl);
            await using HttpPath path = await HttpPath.StartAsync(server.Address, []);

            using PeerProcess process = Reference.Curl(
                curl, "--tlmsp", path.ConfigurationFile, "--cacert", Reference.RootFile, "-sS", "-m", "20",
                "-H", "Expect:", "-d", new string('x', ContainerWriter.MaxPlaintext + 1), new Uri(server.Address, "/echo").OriginalString);

            Assert.Equal(SendError, await process.WaitForExitAsync());
        }, "fails by itself, with code 55");
}
