using System.Net.Sockets;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>
/// The server inserts a middlebox that the client has not listed, beside one that it has: the client ends the connection and comes back
/// over the new path (handshake.md §1.5).
/// </summary>
public class DiscoveryInteropTests
{
    private const byte Context = 1;
    private static readonly Grant s_grant = Grant.Read(Context);

    /// <summary>A path, and the place of the middlebox that the server inserts.</summary>
    public static TheoryData<string, int> Paths
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (string path in Parties.Mixed)
            {
                for (int i = 0; i < Parties.Parse(path).Middleboxes.Length; i++)
                {
                    data.Add(path, i);
                }
            }

            return data;
        }
    }

    [ReferenceTheory]
    [MemberData(nameof(Paths))]
    public Task A_client_comes_back_over_the_path_that_the_server_wants(string path, int inserted) =>
        InteropTable.RecordAsync(InteropTable.Contexts, path, ["discovery"], () => DiscoverAsync(path, inserted));

    private static async Task DiscoverAsync(string path, int inserted)
    {
        Parties parties = Parties.Parse(path);
        await using RawPath middleboxes = await RawPath.StartAsync(
            parties, PathKeys.Parse(PathKeys.Ecdsa), owner => Configure(owner, inserted),
            (owner, index, direction) => new TopicHandler(
                direction, works: false, (context, arrival) => owner.Saw(index, direction.ToServer, context, arrival)));
        using TcpListener? listener = parties.Server == Maker.Ours ? middleboxes.Listen() : null;
        using PeerProcess? theirServer = listener is null ? await Reference.ServerAsync(middleboxes.ConfigurationFile) : null;
        Task serving = listener is null ? Task.CompletedTask : AnswerAsync(middleboxes, listener, inserted);

        if (parties.Client == Maker.Ours)
        {
            await AskAsync(middleboxes, inserted);
        }
        else
        {
            using PeerProcess client = Reference.Client(middleboxes.ConfigurationFile);
            await client.WaitForAsync("connection 1: Received container (length=6) in context 1");
        }

        await serving;
        if (theirServer is not null)
        {
            await theirServer.WaitForAsync("connection 1: Received container (length=8) in context 1");
        }

        for (int i = 0; i < parties.Middleboxes.Length; i++)
        {
            Assert.Equal([new Arrival("question")], middleboxes.Seen(i, toServer: true, Context));
            Assert.Equal([new Arrival("answer")], middleboxes.Seen(i, toServer: false, Context));
        }

        middleboxes.AssertNoFaults();
    }

    [ReferenceTheory]
    [InlineData("ours > ours > reference")]
    [InlineData("ours > reference > reference")]
    public Task Our_client_takes_no_middlebox_from_their_server_unless_told_to(string path) => InteropTable.RecordAsync(
        InteropTable.Refusals, $"{path}: our client does not want the inserted middlebox", ["the other side hears"], async () =>
        {
            await using RawPath middleboxes = await RawPath.StartAsync(
                Parties.Parse(path), PathKeys.Parse(PathKeys.Ecdsa), owner => Configure(owner, inserted: 0));
            using PeerProcess server = await Reference.ServerAsync(middleboxes.ConfigurationFile);
            TlmspClientOptions options = Client(middleboxes, inserted: 0);
            options.PathPolicy = new TlmspClientOptions().PathPolicy;

            TlmspException fault = await Assert.ThrowsAsync<TlmspException>(() => TlmspPeer.ConnectAsync(options));

            Assert.Equal((TlmspAlert.MiddleboxAuthorizationFailure, false), (fault.Alert, fault.FromPeer));
            await server.WaitForAsync(ReferenceLog.Alert(TlmspAlert.MiddleboxAuthorizationFailure));
        }, "alert 171");

    [ReferenceTheory]
    [InlineData("reference > ours > ours")]
    [InlineData("reference > reference > ours")]
    public Task Their_client_refuses_a_middlebox_that_it_does_not_know_with_alert_171(string path) => InteropTable.RecordAsync(
        InteropTable.Refusals, $"{path}: their client does not know the inserted middlebox", ["the other side hears"], async () =>
        {
            await using RawPath middleboxes = await RawPath.StartAsync(
                Parties.Parse(path), PathKeys.Parse(PathKeys.Ecdsa), owner => Configure(owner, inserted: 0));
            using TcpListener listener = middleboxes.Listen();
            TlmspServerOptions options = Server(middleboxes, inserted: 0);
            options.PathCompletion = _ => [new TlmspMiddlebox(TlmspAddress.Parse(middleboxes.Addresses[0]), Grant.Write(Context))];
            Task<TlmspException> refused = Assert.ThrowsAsync<TlmspException>(() => TlmspPeer.AcceptAsync(listener, options));

            using PeerProcess client = Reference.Client(middleboxes.ConfigurationFile);

            TlmspException fault = await refused;
            Assert.Equal((TlmspAlert.MiddleboxAuthorizationFailure, true), (fault.Alert, fault.FromPeer));
        }, "alert 171");

    private static void Configure(RawPath path, int inserted)
    {
        UclFile file = path.Configuration.Context(Context);
        string pass = file.Activity("pass", UclFile.Matches([Context], ".+", forward: true));
        file.Middleboxes.AddRange(path.Addresses.Select((address, index) => new UclMiddlebox(address, s_grant, [pass], [pass], index == inserted)));
        file.ClientFunctions.Add(file.Activity("ask", "at = 0", UclFile.Send(Context, "question")));
        file.ServerFunctions.Add(file.Activity("answer", UclFile.Matches([Context], "question"), UclFile.Send(Context, "answer")));
    }

    private static TlmspClientOptions Client(RawPath path, int inserted)
    {
        TlmspClientOptions options = path.Client(path.Configuration.Contexts, s_grant);
        options.Middleboxes.RemoveAt(inserted);
        options.PathPolicy = proposal =>
        {
            Assert.Equal([path.Addresses[inserted]], proposal.Inserted.Select(middlebox => middlebox.Address.Text));
            Assert.Empty(proposal.Removed);
            return null;
        };
        return options;
    }

    private static TlmspServerOptions Server(RawPath path, int inserted)
    {
        TlmspServerOptions options = path.Server();
        options.PathCompletion = offer =>
        [
            .. offer.Middleboxes.Take(inserted),
            new TlmspMiddlebox(TlmspAddress.Parse(path.Addresses[inserted]), s_grant),
            .. offer.Middleboxes.Skip(inserted),
        ];
        return options;
    }

    private static async Task AskAsync(RawPath path, int inserted)
    {
        await using TlmspPeer client = await TlmspPeer.DiscoverAsync(Client(path, inserted));
        AssertPath(path, client, inserted);
        await client.SendAsync(Context, "question");
        Assert.Equal($"{Context}: answer", await client.ReceiveTextAsync());
    }

    private static async Task AnswerAsync(RawPath path, TcpListener listener, int inserted)
    {
        TlmspServerOptions options = Server(path, inserted);
        Exception first = await Assert.ThrowsAnyAsync<Exception>(() => TlmspPeer.AcceptAsync(listener, options));
        // The reference's client resets the first connection with what is on its way to it unread, and its middlebox then may not get to
        // pass the alert on.
        bool mayBeCutShort = path.Parties.Client == Maker.Reference && path.Parties.Middleboxes.Contains(Maker.Reference);
        Assert.True(first is TlmspReconnectException || (mayBeCutShort && first is TlmspException { Misbehaviour: Misbehaviour.ClosedWithoutNotify }), first.Message);
        await using TlmspPeer server = await TlmspPeer.AcceptAsync(listener, options);
        AssertPath(path, server, inserted);
        Assert.Equal($"{Context}: question", await server.ReceiveTextAsync());
        await server.SendAsync(Context, "answer");
        await server.ReceiveEndAsync();
    }

    private static void AssertPath(RawPath path, TlmspPeer end, int inserted)
    {
        IReadOnlyList<TlmspPathMiddlebox> middleboxes = end.Session.Info.Middleboxes;
        Assert.Equal(path.Addresses, middleboxes.Select(middlebox => middlebox.Address.Text));
        Assert.All(middleboxes, middlebox => Assert.Equal(s_grant, middlebox.Grant));
        Assert.Equal(middleboxes.Select((_, index) => index == inserted), middleboxes.Select(middlebox => middlebox.Inserted));
    }
}
