using Microsoft.AspNetCore.Connections;
using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>
/// The reference's tools send each message of a flight by itself and leave it to the system when, so that flights wait for delayed
/// acknowledgements. What we send does not, also when it comes from them in pieces: each flight leaves in one write, on sockets that send
/// at once.
/// </summary>
public class WritesInteropTests
{
    private const byte Context = 1;

    public static TheoryData<string> Paths => [.. Parties.Mixed];

    [ReferenceTheory]
    [MemberData(nameof(Paths))]
    public Task Our_endpoints_take_one_write_per_flight_and_one_per_message(string path) =>
        InteropTable.RecordAsync(InteropTable.Contexts, path, ["writes"], () => CountAsync(path));

    private static async Task CountAsync(string path)
    {
        await using RawPath middleboxes = await RawPath.StartAsync(Parties.Parse(path), PathKeys.Parse(PathKeys.Ecdsa), owner =>
        {
            UclFile file = owner.Configuration.Context(Context);
            string pass = file.Activity("pass", UclFile.Matches([Context], ".+", forward: true));
            file.Middleboxes.AddRange(owner.Addresses.Select(address => new UclMiddlebox(address, Grant.Read(Context), [pass], [pass])));
            file.ClientFunctions.Add(file.Activity("ask", "at = 0", UclFile.Send(Context, "question")));
            file.ServerFunctions.Add(file.Activity("answer", UclFile.Matches([Context], "question"), UclFile.Send(Context, "answer")));
        });
        RawEnds ends = null!;
        await using (ends = new RawEnds(
            middleboxes,
            async client =>
            {
                Assert.Equal(3, ends.ClientWrites.Count);
                await client.SendAsync(Context, "question");
                Assert.Equal($"{Context}: answer", await client.ReceiveTextAsync());
                Assert.Equal(4, ends.ClientWrites.Count);
            },
            async server =>
            {
                Assert.Equal(3, ends.ServerWrites.Count);
                Assert.Equal($"{Context}: question", await server.ReceiveTextAsync());
                await server.SendAsync(Context, "answer");
                Assert.Equal(4, ends.ServerWrites.Count);
                await server.ReceiveEndAsync();
            }))
        {
            await ends.StartAsync();
            await ends.ClientSawAsync("Received container (length=6) in context 1");
        }
    }

    [ReferenceTheory]
    [InlineData("ours > reference > ours")]
    [InlineData("ours > ours > reference > ours")]
    [InlineData("ours > reference > ours > ours")]
    [InlineData("ours > reference > reference > ours")]
    public async Task Kestrel_HttpClient_and_our_middlebox_take_one_write_per_flight_request_and_response(string path)
    {
        Maker[] makers = Parties.Parse(path).Middleboxes;
        var serverWrites = new WriteLog();
        var clientWrites = new WriteLog();
        await using TestServer server = await TestServer.StartAsync(
            tlmsp =>
            {
                tlmsp.Middleboxes.Policy = _ => null;
                tlmsp.AllowReferenceMiddleboxes = true;
            },
            listening: listen => listen.Use(next => connection =>
            {
                serverWrites.Watch(connection);
                connection.Transport = new LoggingDuplexPipe(connection.Transport, serverWrites);
                return next(connection);
            }));
        await using HttpPath middleboxes = await HttpPath.StartAsync(server.Address, makers);
        TlmspClientOptions options = TlmspPeer.ClientOptions(server.Address, middleboxes.Middleboxes);
        options.AllowReferenceMiddleboxes = true;
        using HttpClient client = TlmspPeer.HttpClient(options, server.Address, clientWrites);
        // The flight of a box nearer the client has no answer: what the client sends next could catch up with it, and leave with it.
        clientWrites.BeforeWrite = writes => writes == 1 && makers[^1] == Maker.Ours
            ? middleboxes.Transports[^1].ToServer.WaitForAsync(1 + makers.Length)
            : Task.CompletedTask;

        await EchoAsync(client);
        Assert.Equal((4, 4), (clientWrites.Count, serverWrites.Count));
        Assert.True(serverWrites.NoDelay);
        foreach (TestTransport transport in middleboxes.Transports)
        {
            // Behind one of theirs heads and content come in two pieces, and may leave in two.
            Assert.InRange(transport.ToClient.Count, 4, 5);
            Assert.InRange(transport.ToServer.Count, 5 + Array.IndexOf(makers, Maker.Ours), 6 + Array.IndexOf(makers, Maker.Ours));
            Assert.True(transport.ToClient.NoDelay && transport.ToServer.NoDelay);
        }

        await EchoAsync(client);
        Assert.Equal((5, 5), (clientWrites.Count, serverWrites.Count));
    }

    private static async Task EchoAsync(HttpClient client)
    {
        using HttpResponseMessage response = await client.PostAsync("/echo", new ByteArrayContent("x"u8.ToArray()));
        Assert.Equal("x", await response.Content.ReadAsStringAsync());
    }
}
