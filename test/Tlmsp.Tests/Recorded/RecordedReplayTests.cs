using System.Text;
using System.Text.Json.Nodes;
using Tlmsp.Tests.Golden;

namespace Tlmsp.Tests.Recorded;

/// <summary>The replay can fail: whatever is changed in a file of a good session, it notices.</summary>
public class RecordedReplayTests
{
    private const string File = "c_2mbox_read_audited.json";
    private const int ToServer = 0;
    private const int ToClient = 1;

    [Fact]
    public void An_unchanged_session_passes() => Replay(_ => { });

    [Theory]
    [InlineData("client", "master_secret", "premaster")]
    [InlineData("mbox1", "mbox_master_secret", "premaster")]
    [InlineData("server", "master_secret", "master_secret")]
    [InlineData("mbox2", "mbox_master_secret", "master_secret")]
    [InlineData("client", "key_active", "key")]
    [InlineData("mbox1", "key_active", "key")]
    [InlineData("server", "key_active", "key")]
    public void A_changed_secret_is_noticed(string party, string kind, string field) => Fails(session =>
    {
        JsonNode item = session["secrets"]![party]!.AsArray().First(item => (string?)item!["ev"] == kind)!;
        item[field] = Flipped((string)item[field]!, 5);
    });

    [Theory]
    [InlineData("client", 0)]
    [InlineData("client", 2)]
    [InlineData("mbox1", 0)]
    [InlineData("mbox1", 1)]
    [InlineData("mbox2", 2)]
    [InlineData("server", 1)]
    [InlineData("server", 3)]
    public void A_changed_line_of_a_log_is_noticed(string party, int line)
    {
        Fails(session =>
        {
            JsonNode item = session["application_data"]![party]![line]!;
            item["length"] = (int)item["length"]! + 1;
            item["context"] = 3 - (int)item["context"]!;
        });
        Fails(session => session["application_data"]![party]!.AsArray().RemoveAt(line));
    }

    [Fact]
    public void A_changed_entity_id_is_noticed() => Fails(session => session["entity_ids"]!["mbox1"] = 99);

    /// <summary>Single bits all over what passed on the wire, handshake and data.</summary>
    [Fact]
    public void A_changed_byte_of_the_wire_is_noticed()
    {
        for (int hop = 0; hop < 3; hop++)
        {
            foreach (int direction in (ReadOnlySpan<int>)[ToServer, ToClient])
            {
                int writes = Writes(Load(), hop, direction).Count;
                for (int write = 0; write < writes; write++)
                {
                    int length = ((string)Writes(Load(), hop, direction)[write]!).Length;
                    for (int at = write; at < length; at += 1 + length / 3)
                    {
                        Fails(session =>
                        {
                            JsonArray all = Writes(session, hop, direction);
                            all[write] = Flipped((string)all[write]!, at);
                        });
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(0, ToServer)]
    [InlineData(1, ToServer)]
    [InlineData(2, ToServer)]
    [InlineData(1, ToClient)]
    [InlineData(2, ToClient)]
    public void A_missing_container_is_noticed(int hop, int direction) => Fails(session =>
    {
        JsonArray writes = Writes(session, hop, direction);
        writes.RemoveAt(writes.Count - 2);
    });

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_missing_hop_is_noticed(int hop) => Fails(session => session["hops"]!.AsArray().RemoveAt(hop));

    [Theory]
    [InlineData("", "JSON")]
    [InlineData("nothing", "JSON")]
    [InlineData("[]", "Object")]
    [InlineData("{}", "'hops'")]
    [InlineData("""{"hops":[],"secrets":{}}""", "no connections")]
    [InlineData("""{"hops":[{"from":"client","to":"server","client_to_server":["zz"],"server_to_client":[]}],"secrets":{}}""", "hex")]
    [InlineData("""{"wire":[]}""", "'computed'")]
    public void A_file_that_is_no_recording_says_so(string content, string expected)
    {
        byte[] json = Encoding.UTF8.GetBytes(content);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => RecordedSessionFile.Parse(json, "x.json"));
        Assert.StartsWith("x.json is not a recorded session.", e.Message, StringComparison.Ordinal);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_suite_that_is_not_implemented_is_a_reason_not_to_replay()
    {
        RecordedSessionFile file = Parse(session =>
        {
            foreach (JsonNode? hop in session["hops"]!.AsArray())
            {
                JsonArray writes = hop!["server_to_client"]!.AsArray();
                writes[0] = ((string)writes[0]!).Replace("00c02f00", "00c02700", StringComparison.Ordinal);
            }
        });
        Assert.Equal("suite c027 is not implemented", RecordedReplay.WhyNotCovered(file));
        RecordedReplay.CheckRefused(file);
    }

    [Fact]
    public void A_second_handshake_is_a_reason_not_to_replay()
    {
        RecordedSessionFile file = Parse(session =>
        {
            JsonArray writes = Writes(session, 0, ToClient);
            uint sessionId = RecordedSessionFile.Load(GoldenFolder.File(File)).Sessions[0].ServerHello!.Tlmsp!.SessionId;
            writes.Add($"1603030020{sessionId:x8}{new string('0', 2 * 28)}");
        });
        Assert.Equal("a second handshake on the same connection", RecordedReplay.WhyNotCovered(file));
        RecordedReplay.CheckRefused(file);
    }

    [Fact]
    public void A_session_that_is_replayed_has_nothing_that_the_product_refuses()
    {
        RecordedSessionFile file = Parse(_ => { });
        Assert.Null(RecordedReplay.WhyNotCovered(file));
        Assert.ThrowsAny<Exception>(() => RecordedReplay.CheckRefused(file));
    }

    private static void Fails(Action<JsonNode> change) => Assert.ThrowsAny<Exception>(() => Replay(change));

    private static void Replay(Action<JsonNode> change)
    {
        RecordedSessionFile file = Parse(change);
        RecordedReplay.CheckHandshakes(file);
        RecordedReplay.CheckRecords(file);
    }

    private static RecordedSessionFile Parse(Action<JsonNode> change)
    {
        JsonNode session = Load();
        change(session);
        return RecordedSessionFile.Parse(Encoding.UTF8.GetBytes(session.ToJsonString()), File);
    }

    private static JsonNode Load() => JsonNode.Parse(System.IO.File.ReadAllBytes(GoldenFolder.File(File)))!;

    private static JsonArray Writes(JsonNode session, int hop, int direction) =>
        session["hops"]![hop]![direction == ToServer ? "client_to_server" : "server_to_client"]!.AsArray();

    private static string Flipped(string hex, int at) => $"{hex[..at]}{(char)(hex[at] ^ 1)}{hex[(at + 1)..]}";
}
