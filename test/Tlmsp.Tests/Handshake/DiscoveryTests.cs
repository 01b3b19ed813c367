using System.Buffers;
using Tlmsp.TestSupport;
using Tlmsp.Tests.Certificates;

namespace Tlmsp.Tests;

/// <summary>The server inserts a middlebox, and the client comes back over the new path (handshake.md §1.5).</summary>
public class DiscoveryTests
{
    private static readonly TlmspMiddlebox First = new(TestPaths.MiddleboxAddress(0), Grant.Read(1));
    private static readonly TlmspMiddlebox Second = new(TestPaths.MiddleboxAddress(1), Grant.Write(2));

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void An_inserted_middlebox_is_on_the_path_of_the_second_connection(bool listed, bool insertedFirst)
    {
        (TlmspClientOptions client, TlmspServerOptions server) = Options(listed, insertedFirst);
        TlmspDiscovery discovery = FirstConnection(client, server, listed);
        Assert.Equal(insertedFirst ? Second.Address : listed ? First.Address : Second.Address, discovery.FirstHop);

        TlmspMiddleboxOptions[] boxes = [.. discovery.Path.Select(
            middlebox => TestPaths.Middlebox(middlebox.Address == First.Address ? 0 : 1))];
        using InMemoryPath path = InMemoryPath.Again(client, discovery, server, boxes).Connect();
        path.ClientSends(1, "head"u8);
        path.ServerSends(2, "content"u8);

        Assert.Empty(path.Faults);
        Assert.Equal("head"u8, path.AtServer.Data(1));
        Assert.Equal("content"u8, path.AtClient.Data(2));
        Assert.Equal(discovery.SessionId, path.Server!.Info.SessionId);
        foreach (TlmspSessionInfo info in (TlmspSessionInfo[])[path.Client!.Info, path.Server.Info, path.Middleboxes[0]!.Info])
        {
            Assert.Equal(discovery.Path.Select(middlebox => (middlebox.Address, middlebox.Grant, middlebox.Inserted)),
                info.Middleboxes.Select(middlebox => (middlebox.Address, middlebox.Grant, middlebox.Inserted)));
        }

        Assert.True(path.Server.Info.Middleboxes.Single(middlebox => middlebox.Address == Second.Address).Inserted);
    }

    [Fact]
    public void A_client_refuses_other_paths_by_default()
    {
        (TlmspClientOptions client, TlmspServerOptions server) = Options(listed: true, insertedFirst: false);
        client.PathPolicy = TestPaths.Client(audited: false).PathPolicy;
        using InMemoryPath path = new InMemoryPath(client, server, TestPaths.Middlebox(0)).TryConnect();

        Assert.Equal(Misbehaviour.MiddleboxListRefused, path.Faults["client"].Misbehaviour);
        Assert.Contains(Second.Address.Text, path.Faults["client"].Message, StringComparison.Ordinal);
        Assert.Equal(TlmspAlert.MiddleboxAuthorizationFailure, path.Faults["server"].Alert);
    }

    [Fact]
    public void A_server_asks_its_policy_about_the_new_path_as_well()
    {
        (TlmspClientOptions client, TlmspServerOptions server) = Options(listed: false, insertedFirst: false);
        TlmspDiscovery discovery = FirstConnection(client, server, listed: false);
        server.MiddleboxPolicy = offer => offer.Middleboxes.Count == 0 ? null : $"not {offer.Middleboxes[0].Address}";
        using InMemoryPath path = InMemoryPath.Again(client, discovery, server, TestPaths.Middlebox(1)).TryConnect();

        Assert.Equal(Misbehaviour.MiddleboxListRefused, path.Faults["server"].Misbehaviour);
    }

    public static TheoryData<string> Lies => ["hash", "path", "listed", "session", "again", "late"];

    [Theory]
    [MemberData(nameof(Lies))]
    public void A_second_hello_that_is_not_what_was_asked_for_is_refused(string lie)
    {
        (TlmspClientOptions client, TlmspServerOptions server) = Options(listed: true, insertedFirst: false);
        var time = new ManualTime();
        server.Trust.TimeProvider = time;
        TlmspDiscovery truth = FirstConnection(client, server, listed: true);
        if (lie == "again")
        {
            using InMemoryPath once = SecondConnection(client, truth, server).Connect();
        }

        time.Now += TimeSpan.FromMinutes(lie == "late" ? 2 : 0);
        IReadOnlyList<MiddleboxEntry> path = lie == "path" ? [truth.Entries[0], truth.Entries[1] with { Grant = Grant.Read(2) }] : truth.Entries;
        IReadOnlyList<MiddleboxEntry> listed = lie == "listed" ? [truth.Listed[0] with { Grant = Grant.Read(2) }] : truth.Listed;
        byte[] hash = [.. truth.Hash];
        hash[0] ^= (byte)(lie == "hash" ? 1 : 0);
        var told = new TlmspDiscovery(truth.SessionId ^ (lie == "session" ? 1u : 0), hash, listed, path, client.ServerAddress);
        using InMemoryPath second = SecondConnection(client, told, server).TryConnect();

        Assert.Equal(Misbehaviour.BadDiscovery, second.Faults["server"].Misbehaviour);
        Assert.Equal(TlmspAlert.DecodeError, second.Faults["client"].Alert);
        Assert.True(second.Faults["client"].FromPeer);
    }

    [Fact]
    public void There_is_one_round_only()
    {
        (TlmspClientOptions client, TlmspServerOptions server) = Options(listed: false, insertedFirst: false);
        TlmspDiscovery discovery = FirstConnection(client, server, listed: false);
        TlmspServerOptions other = TestPaths.Server();      // of the same name, and knows of no discovery
        using InMemoryPath path = InMemoryPath.Again(client, discovery, other, TestPaths.Middlebox(1)).TryConnect();

        Assert.Equal(Misbehaviour.BadDiscovery, path.Faults["server"].Misbehaviour);
    }

    [Fact]
    public void A_completion_that_changes_the_clients_list_is_the_applications_error()
    {
        (TlmspClientOptions client, TlmspServerOptions server) = Options(listed: true, insertedFirst: false);
        server.PathCompletion = _ => [First with { Grant = Grant.Read(2) }, Second];
        using var path = new InMemoryPath(client, server, TestPaths.Middlebox(0));

        InvalidOperationException e = Assert.Throws<InvalidOperationException>(path.TryConnect);
        Assert.Contains(First.Address.Text, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("inserted under our id", Misbehaviour.DuplicateMiddleboxId)]
    [InlineData("ours changed", Misbehaviour.MiddleboxListMismatch)]
    [InlineData("ours twice", Misbehaviour.MiddleboxListMismatch)]
    [InlineData("not marked", Misbehaviour.MiddleboxListMismatch)]
    [InlineData("unknown context", Misbehaviour.BadGrant)]
    [InlineData("no host", Misbehaviour.BadAddress)]
    [InlineData("too many", Misbehaviour.LimitExceeded)]
    public void An_answer_that_the_server_may_not_give_is_refused(string answer, Misbehaviour expected)
    {
        TlmspClientOptions client = TestPaths.Client(audited: false, First.Grant);
        client.PathPolicy = _ => null;
        using var handshake = new TlmspClientHandshake(client);
        MiddleboxEntry own = handshake.Listed[0];
        byte free = (byte)(own.Id == 0x50 ? 0x51 : 0x50);
        var inserted = new MiddleboxEntry(free, Second.Address, Second.Grant, Inserted: true);
        MiddleboxEntry[] path = answer switch
        {
            "inserted under our id" => [inserted with { Id = own.Id }],
            "ours changed" => [own with { Grant = Grant.Write(1) }, inserted],
            "ours twice" => [own, own with { Id = free }],
            "not marked" => [own, inserted with { Inserted = false }],
            "unknown context" => [own, inserted with { Grant = Grant.Read(9) }],
            "no host" => [own, inserted with { Address = TlmspAddress.FromWire(TlmspAddressType.Url, "tlmsp://@"u8) }],
            _ => [own, .. Enumerable.Range(0, 8).Select(i => inserted with { Id = (byte)(0x60 + i == own.Id ? 0x70 : 0x60 + i) })],
        };

        TlmspException e = Assert.Throws<TlmspException>(() => AnsweredPath.Check(
            handshake, new TlmspServerExtension(1, client.ClientAddress, client.ServerAddress, path)));
        Assert.Equal(expected, e.Misbehaviour);
    }

    [Fact]
    public void A_transparent_middlebox_needs_no_second_connection()
    {
        TlmspClientOptions client = TestPaths.Client(audited: false, First.Grant);
        TlmspPathProposal? asked = null;
        client.PathPolicy = proposal =>
        {
            asked = proposal;
            return null;
        };
        using var handshake = new TlmspClientHandshake(client);
        MiddleboxEntry own = handshake.Listed[0];
        var transparent = new MiddleboxEntry(
            (byte)(own.Id == 0x50 ? 0x51 : 0x50), Second.Address, Second.Grant, Inserted: true, Transparent: true);

        Assert.False(
            AnsweredPath.Check(handshake, new TlmspServerExtension(1, client.ClientAddress, client.ServerAddress, [own, transparent])));
        Assert.Equal([Second.Address], asked!.Inserted.Select(middlebox => middlebox.Address));
        Assert.Empty(asked.Removed);
    }

    [Fact]
    public void A_transparent_middlebox_takes_nothing_more_from_the_client_before_the_servers_answer()
    {
        TlmspMiddleboxOptions options = TestPaths.Middlebox(0);
        options.Transparent = true;
        using var client = new TlmspClientHandshake(TestPaths.Client(audited: false));
        using var middlebox = new TlmspMiddleboxHandshake(options);
        var hello = new ArrayBufferWriter<byte>();
        var toClient = new ArrayBufferWriter<byte>();
        client.Start(hello);
        byte[] again = hello.WrittenSpan.ToArray();
        again[2] = 3;   // only the first record of a connection says 0301
        var input = new ReadOnlySequence<byte>((byte[])[.. hello.WrittenSpan, .. again]);

        TlmspException e = Assert.Throws<TlmspException>(() => middlebox.ProcessClient(ref input, toClient, new ArrayBufferWriter<byte>()));

        Assert.Equal(Misbehaviour.UnexpectedHandshakeMessage, e.Misbehaviour);
        Assert.Equal((byte)TlmspAlert.UnexpectedMessage, toClient.WrittenSpan[^1]);
        Assert.Equal(client.Options.ServerAddress, middlebox.NextHop);
    }

    private static InMemoryPath SecondConnection(TlmspClientOptions client, TlmspDiscovery discovery, TlmspServerOptions server) =>
        InMemoryPath.Again(client, discovery, server, TestPaths.Middlebox(0), TestPaths.Middlebox(1));

    private static (TlmspClientOptions Client, TlmspServerOptions Server) Options(bool listed, bool insertedFirst)
    {
        TlmspClientOptions client = listed ? TestPaths.Client(audited: false, First.Grant) : TestPaths.Client(audited: false);
        client.PathPolicy = proposal => proposal.Inserted.All(
            middlebox => middlebox.Address == Second.Address && middlebox.Grant.Equals(Second.Grant))
            ? null
            : "unexpected";
        TlmspServerOptions server = TestPaths.Server();
        server.PathCompletion = offer => insertedFirst ? [Second, .. offer.Middleboxes] : [.. offer.Middleboxes, Second];
        return (client, server);
    }

    private static TlmspDiscovery FirstConnection(TlmspClientOptions client, TlmspServerOptions server, bool listed)
    {
        using InMemoryPath path = new InMemoryPath(client, server, listed ? [TestPaths.Middlebox(0)] : []).TryConnect();

        Assert.True(path.IsReconnectNeeded);
        Assert.DoesNotContain("client", path.Faults.Keys);
        Assert.DoesNotContain("server", path.Faults.Keys);
        Assert.Null(path.Client);
        Assert.Null(path.Server);
        return path.ClientHandshake.Discovery!;
    }
}
