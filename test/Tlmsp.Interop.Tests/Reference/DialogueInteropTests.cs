using System.Text;
using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>
/// Fourteen contexts on one connection, one for every thing that a middlebox can be allowed to do, with and without audit. What arrives at
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
    public Task Everybody_gets_what_was_granted_and_nothing_else(string path, string keys) => InteropTable.RecordAsync(
        InteropTable.Contexts, path, [.. Topic.All.Select(topic => topic.Column).Distinct()], () => TalkAsync(path, keys));

    private static async Task TalkAsync(string path, string keys)
    {
        Parties parties = Parties.Parse(path);
        await using RawPath middleboxes = await RawPath.StartAsync(
            parties, PathKeys.Parse(keys), DialogueConfiguration.Write,
            (owner, index, direction) => new TopicHandler(
                direction,
                works: index == (direction.ToServer ? 0 : parties.Middleboxes.Length - 1),
                (context, arrival) => owner.Saw(index, direction.ToServer, context, arrival)));

        Dictionary<byte, Arrival[]> atClient = [];
        Dictionary<byte, Arrival[]> atServer = [];
        await using var ends = new RawEnds(
            middleboxes, client => AskAsync(middleboxes, client, atClient), server => AnswerAsync(middleboxes, server, atServer));
        await ends.StartAsync();
        await ends.ClientSawAsync(": Closing");
        await ends.ServerSawAsync(ReferenceLog.Closed);
        if (parties.Client == Maker.Reference)
        {
            // Only our server answers close_notify.
            Assert.Contains(parties.Server == Maker.Ours ? ReferenceLog.Closed : ReferenceLog.Ended, ends.ClientOutput, StringComparison.Ordinal);
            atClient = FromLog(ends.ClientOutput);
        }

        if (parties.Server == Maker.Reference)
        {
            atServer = FromLog(ends.ServerOutput);
        }

        foreach (Topic topic in Topic.All)
        {
            Check(middleboxes, topic, toServer: true, atServer[topic.Id]);
            Check(middleboxes, topic, toServer: false, atClient[topic.Id]);
        }

        middleboxes.AssertNoFaults();
    }

    private static void Check(RawPath path, Topic topic, bool toServer, Arrival[] arrived)
    {
        Parties parties = path.Parties;
        Arrival[] before = topic.Arrivals(toServer, null, "");
        Arrival[] after = Due(path, topic, toServer, out int worker);
        bool fromLog = (toServer ? parties.Server : parties.Client) == Maker.Reference;
        Assert.Equal(fromLog ? after.Select(arrival => new Arrival(arrival.Text, arrival.Deleted)) : after, arrived);
        for (int i = 0; i < parties.Middleboxes.Length; i++)
        {
            Arrival[] ahead = i == worker ? before : after;
            Assert.Equal(topic.Seen(ahead), path.Seen(i, toServer, topic.Id));
        }
    }

    /// <summary>What is to arrive at the end of the path.</summary>
    private static Arrival[] Due(RawPath path, Topic topic, bool toServer, out int worker)
    {
        Maker[] middleboxes = path.Parties.Middleboxes;
        worker = toServer ? 0 : middleboxes.Length - 1;
        return topic.Arrivals(toServer, middleboxes.Length == 0 ? null : middleboxes[worker], $"middlebox {worker}");
    }

    private static async Task AskAsync(RawPath path, TlmspPeer client, Dictionary<byte, Arrival[]> got)
    {
        AssertAgreed(path, client);
        Assert.All(client.Session.Info.Middleboxes, middlebox => Assert.NotNull(middlebox.Certificate));
        foreach (Topic topic in Topic.All)
        {
            await client.SendAsync([.. topic.Sent(toServer: true).Select(text => (topic.Id, text))]);
            got[topic.Id] = await ReceiveAsync(path, client, topic, toServer: false);
        }

        await client.SendCloseNotifyAsync();
        Assert.Null(await client.ReceiveEndAsync());
    }

    private static async Task AnswerAsync(RawPath path, TlmspPeer server, Dictionary<byte, Arrival[]> got)
    {
        AssertAgreed(path, server);
        foreach (Topic topic in Topic.All)
        {
            got[topic.Id] = await ReceiveAsync(path, server, topic, toServer: true);
            await server.SendAsync([.. topic.Sent(toServer: false).Select(text => (topic.Id, text))]);
        }

        Assert.Null(await server.ReceiveEndAsync());
        Assert.True(server.Session.Reader.IsClosed, "the client's close_notify should have arrived");
        await server.SendCloseNotifyAsync();
    }

    private static void AssertAgreed(RawPath path, TlmspPeer end)
    {
        Assert.Equal(path.Keys.Group, end.Session.Info.Group);
        Assert.Equal(path.Keys.CipherSuite, end.Session.Info.CipherSuite);
        Assert.Equal(Topic.All.Select(topic => (topic.Id, topic.Audited)), end.Session.Info.Contexts.Select(context => (context.Id, context.Audited)));
        Assert.Equal(path.Addresses, end.Session.Info.Middleboxes.Select(middlebox => middlebox.Address.Text));
        Assert.All(end.Session.Info.Middleboxes, middlebox => Assert.Equal(Topic.Grant, middlebox.Grant));
    }

    /// <summary>Receives as many containers as are due.</summary>
    private static async Task<Arrival[]> ReceiveAsync(RawPath path, TlmspPeer end, Topic topic, bool toServer)
    {
        Dictionary<byte, string> names = end.Session.Info.Middleboxes.Index().ToDictionary(item => item.Item.Id, item => $"middlebox {item.Index}");
        names[0x01] = "client";
        names[0xfe] = "server";
        var arrivals = new Arrival[Due(path, topic, toServer, out _).Length];
        for (int i = 0; i < arrivals.Length; i++)
        {
            PeerContainer container = await end.ReceiveContainerAsync() ?? throw new InvalidOperationException($"ended in {topic}");
            Assert.Equal((topic.Id, topic.Audited), (container.Context, container.IsAudited));
            arrivals[i] = new Arrival(Encoding.ASCII.GetString(container.Data), container.IsDeleted, names[container.Origin], names[container.Author]);
        }

        return arrivals;
    }

    private static Dictionary<byte, Arrival[]> FromLog(string output) => ReferenceLog.Received(output)
        .GroupBy(container => container.Context)
        .ToDictionary(group => group.Key, group => group.Select(container => new Arrival(container.Text, container.Deleted)).ToArray());
}
