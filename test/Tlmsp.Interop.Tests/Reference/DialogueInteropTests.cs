using System.Net.Sockets;
using System.Text;
using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>
/// Twelve contexts on one connection, one for every thing that a middlebox can be allowed to do, with and without audit. What arrives at
/// either end, who made it, and what the middleboxes saw, is the same whoever made the parties.
/// </summary>
public class DialogueInteropTests
{
    public static TheoryData<string, string> Paths
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string path in Parties.Mixed)
            {
                data.Add(path, PathKeys.Rsa);
                data.Add(path, PathKeys.Ecdsa);
            }

            return data;
        }
    }

    [ReferenceTheory]
    [MemberData(nameof(Paths))]
    public async Task Everybody_gets_what_was_granted_and_nothing_else(string path, string keys)
    {
        Parties parties = Parties.Parse(path);
        await using RawPath middleboxes = await RawPath.StartAsync(
            parties, PathKeys.Parse(keys), DialogueConfiguration.Write,
            (owner, index, direction) => new TopicHandler(
                direction,
                works: index == (direction.ToServer ? 0 : parties.Middleboxes.Length - 1),
                (context, arrival) => owner.Saw(index, direction.ToServer, context, arrival)));

        (Ends ends, PeerProcess? server, PeerProcess? client) = await TalkAsync(middleboxes);
        using (server)
        using (client)
        {
            foreach (Topic topic in Topic.All)
            {
                Check(middleboxes, topic, toServer: true, ends.AtServer);
                Check(middleboxes, topic, toServer: false, ends.AtClient);
            }
        }

        middleboxes.AssertNoFaults();
    }

    private static void Check(RawPath path, Topic topic, bool toServer, Func<byte, Arrival[]> at)
    {
        Parties parties = path.Parties;
        int count = parties.Middleboxes.Length;
        int worker = toServer ? 0 : count - 1;
        Arrival[] before = topic.Arrivals(toServer, null, "");
        Arrival[] after = count == 0 ? before : topic.Arrivals(toServer, parties.Middleboxes[worker], $"middlebox {worker}");
        bool fromLog = (toServer ? parties.Server : parties.Client) == Maker.Reference;
        Assert.Equal(fromLog ? after.Select(arrival => new Arrival(arrival.Text, arrival.Deleted)) : after, at(topic.Id));
        for (int i = 0; i < count; i++)
        {
            Arrival[] ahead = i == worker ? before : after;
            Assert.Equal(topic.Seen(ahead), path.Seen(i, toServer, topic.Id));
        }
    }

    /// <summary>Leads the whole dialogue.</summary>
    private static async Task<(Ends Ends, PeerProcess? Server, PeerProcess? Client)> TalkAsync(RawPath path)
    {
        using TcpListener? listener = path.Parties.Server == Maker.Ours ? path.Listen() : null;
        PeerProcess? server = listener is null ? await Reference.ServerAsync(path.ConfigurationFile) : null;
        Task<Func<byte, Arrival[]>>? answering = listener is null ? null : AnswerAsync(path, listener);
        PeerProcess? client = null;
        Func<byte, Arrival[]> atClient;
        if (path.Parties.Client == Maker.Ours)
        {
            atClient = await AskAsync(path);
        }
        else
        {
            client = Reference.Client(path.ConfigurationFile, path.Keys.IsP256);
            await client.WaitForAsync(": Closing");
            // Only our server answers close_notify.
            Assert.Contains(listener is null ? ReferenceLog.Ended : ReferenceLog.Closed, client.Output, StringComparison.Ordinal);
            atClient = FromLog(client);
        }

        if (server is not null)
        {
            await server.WaitForAsync(ReferenceLog.Closed);
        }

        return (new Ends(atClient, answering is null ? FromLog(server!) : await answering), server, client);
    }

    private static async Task<Func<byte, Arrival[]>> AskAsync(RawPath path)
    {
        await using TlmspPeer client = await TlmspPeer.ConnectAsync(path.Client(Topic.All.Select(topic => topic.Context), Topic.Grant));
        AssertAgreed(path, client);
        Assert.All(client.Session.Info.Middleboxes, middlebox => Assert.NotNull(middlebox.Certificate));
        var got = new Dictionary<byte, Arrival[]>();
        foreach (Topic topic in Topic.All)
        {
            await client.SendAsync([.. topic.Sent(toServer: true).Select(text => (topic.Id, text))]);
            got[topic.Id] = await ReceiveAsync(path, client, topic, toServer: false);
        }

        await client.SendCloseNotifyAsync();
        Assert.Null(await client.ReceiveEndAsync());
        return context => got[context];
    }

    private static async Task<Func<byte, Arrival[]>> AnswerAsync(RawPath path, TcpListener listener)
    {
        await using TlmspPeer server = await TlmspPeer.AcceptAsync(listener, path.Server());
        AssertAgreed(path, server);
        var got = new Dictionary<byte, Arrival[]>();
        foreach (Topic topic in Topic.All)
        {
            got[topic.Id] = await ReceiveAsync(path, server, topic, toServer: true);
            await server.SendAsync([.. topic.Sent(toServer: false).Select(text => (topic.Id, text))]);
        }

        Assert.Null(await server.ReceiveEndAsync());
        Assert.True(server.Session.Reader.IsClosed, "the client's close_notify should have arrived");
        await server.SendCloseNotifyAsync();
        return context => got[context];
    }

    private static void AssertAgreed(RawPath path, TlmspPeer end)
    {
        Assert.Equal(path.Keys.Group, end.Session.Info.Group);
        Assert.Equal(path.Keys.CipherSuite, end.Session.Info.CipherSuite);
        Assert.Equal(Topic.All.Select(topic => (topic.Id, topic.Audited)), end.Session.Info.Contexts.Select(context => (context.Id, context.Audited)));
        Assert.Equal(path.Addresses, end.Session.Info.Middleboxes.Select(middlebox => middlebox.Address.Text));
        Assert.All(end.Session.Info.Middleboxes, middlebox => Assert.Equal(Topic.Grant, middlebox.Grant));
    }

    /// <summary>Receives until the question or the answer is there.</summary>
    private static async Task<Arrival[]> ReceiveAsync(RawPath path, TlmspPeer end, Topic topic, bool toServer)
    {
        Dictionary<byte, string> names = end.Session.Info.Middleboxes.Index().ToDictionary(item => item.Item.Id, item => $"middlebox {item.Index}");
        names[0x01] = "client";
        names[0xfe] = "server";
        var arrivals = new List<Arrival>();
        for (string text = ""; !text.EndsWith(toServer ? "ion" : "er", StringComparison.Ordinal);)
        {
            PeerContainer container = await end.ReceiveContainerAsync() ?? throw new InvalidOperationException($"ended in {topic}");
            Assert.Equal(topic.Id, container.Context);
            Assert.Equal(topic.Audited, container.IsAudited);
            text = Encoding.ASCII.GetString(container.Data);
            arrivals.Add(new Arrival(text, container.IsDeleted, names[container.Origin], names[container.Author]));
            Assert.Equal(container.IsInserted, !container.IsDeleted && container.Origin is not (0x01 or 0xfe));
        }

        return [.. arrivals];
    }

    private static Func<byte, Arrival[]> FromLog(PeerProcess process)
    {
        List<LoggedContainer> received = ReferenceLog.Received(process.Output);
        return context => [.. received.Where(container => container.Context == context).Select(container => new Arrival(container.Text, container.Deleted))];
    }

    /// <summary>What arrived, by context.</summary>
    private sealed record Ends(Func<byte, Arrival[]> AtClient, Func<byte, Arrival[]> AtServer);
}
