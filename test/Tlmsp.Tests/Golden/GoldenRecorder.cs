using System.Text;
using System.Text.Json;
using Tlmsp.TestSupport;
using Tlmsp.Tests.Recorded;

namespace Tlmsp.Tests.Golden;

/// <summary>Runs a golden session and writes it down in the format of the recorded sessions.</summary>
internal static class GoldenRecorder
{
    private const int MaxLogged = 320;      // as in the logs of the reference's tools

    /// <returns>The text of the file.</returns>
    public static string Record(GoldenSession session)
    {
        using var run = new GoldenRun(session);
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, IndentSize = 1, NewLine = "\n" }))
        {
            json.WriteStartObject();
            WriteHead(json, session, run);
            json.WritePropertyName("hops");
            WriteHops(json, run);
            json.WritePropertyName("application_data");
            WriteData(json, run);
            json.WritePropertyName("secrets");
            WriteSecrets(json, run);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void WriteHead(Utf8JsonWriter json, GoldenSession session, GoldenRun run)
    {
        TlmspSessionInfo info = run.Path.Client!.Info;
        json.WriteString("description", session.Description);
        json.WriteString("cipher_suite", info.CipherSuite.Name);
        json.WriteString("group", info.Group.Name);
        json.WriteStartObject("entity_ids");
        json.WriteNumber(RecordedSession.Client, TlmspDialect.Client);
        for (int i = 0; i < info.Middleboxes.Count; i++)
        {
            json.WriteNumber(GoldenRun.MiddleboxName(i), info.Middleboxes[i].Id);
        }

        json.WriteNumber(RecordedSession.Server, TlmspDialect.Server);
        json.WriteEndObject();
        string contexts = string.Join(
            ", ", info.Contexts.Select(context => $"{context.Id} '{context.Purpose}'{(context.Audited ? " audited" : "")}"));
        string middleboxes = string.Concat(info.Middleboxes.Select(middlebox => $"; {middlebox.Address} {middlebox.Grant}"));
        json.WriteString("config", $"contexts {contexts}{middleboxes}; seed '{session.Seed}'");
    }

    private static void WriteHops(Utf8JsonWriter json, GoldenRun run)
    {
        json.WriteStartArray();
        if (run.First is { } first)
        {
            WriteHops(json, first, connection: 0);
        }

        WriteHops(json, run.Path, connection: run.First is null ? 0 : 1);
        json.WriteEndArray();
    }

    private static void WriteHops(Utf8JsonWriter json, InMemoryPath path, int connection)
    {
        for (int hop = 0; hop < path.Hops.Length; hop++)
        {
            json.WriteStartObject();
            json.WriteString("from", hop == 0 ? RecordedSession.Client : GoldenRun.MiddleboxName(hop - 1));
            json.WriteString("to", hop == path.Hops.Length - 1 ? RecordedSession.Server : GoldenRun.MiddleboxName(hop));
            json.WriteNumber("connection", connection);
            WriteWrites(json, "client_to_server", path.Hops[hop].ToServer);
            WriteWrites(json, "server_to_client", path.Hops[hop].ToClient);
            json.WriteEndObject();
        }
    }

    private static void WriteWrites(Utf8JsonWriter json, string name, InMemoryPipe pipe)
    {
        json.WriteStartArray(name);
        foreach (byte[] write in pipe.Writes)
        {
            json.WriteStringValue(Convert.ToHexStringLower(write));
        }

        json.WriteEndArray();
    }

    private static void WriteData(Utf8JsonWriter json, GoldenRun run)
    {
        json.WriteStartObject();
        foreach ((string party, List<RecordedData> log) in run.Log)
        {
            json.WriteStartArray(party);
            foreach (RecordedData line in log)
            {
                json.WriteStartObject();
                json.WriteString("op", line.Op);
                json.WriteString("side", line.Side);
                json.WriteNumber("context", line.Context);
                json.WriteNumber("length", line.Length!.Value);
                json.WriteString("data", Convert.ToHexStringLower(line.Data.AsSpan(0, Math.Min(line.Data.Length, MaxLogged))));
                if (line.Deleted)
                {
                    json.WriteBoolean("deleted", true);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteSecrets(Utf8JsonWriter json, GoldenRun run)
    {
        InMemoryPath path = run.Path;
        TlmspHandshake client = path.ClientHandshake;
        TlmspHandshake server = path.ServerHandshake;
        json.WriteStartObject();
        WriteEndpoint(json, RecordedSession.Client, client, run.ClientGroup);
        for (int i = 0; i < path.MiddleboxHandshakes.Length; i++)
        {
            TlmspMiddleboxHandshake middlebox = path.MiddleboxHandshakes[i];
            json.WriteStartArray(GoldenRun.MiddleboxName(i));
            WritePair(json, TlmspDialect.Client, middlebox.Self, middlebox.ClientSecret!, run.MiddleboxGroups[i].Premasters[0],
                client.ClientRandom, middlebox.Own.ToClientRandom);
            WritePair(json, TlmspDialect.Server, middlebox.Self, middlebox.ServerSecret!, run.MiddleboxGroups[i].Premasters[1],
                server.ServerRandom, middlebox.Own.ToServerRandom);
            WritePairKeys(json, TlmspDialect.Client, middlebox.ClientSecret!);
            WritePairKeys(json, TlmspDialect.Server, middlebox.ServerSecret!);
            WriteContextKeys(json, middlebox.Path, middlebox.Keys!.Value);
            json.WriteEndArray();
        }

        WriteEndpoint(json, RecordedSession.Server, server, run.ServerGroup);
        json.WriteEndObject();
    }

    /// <summary>An endpoint derives what it shares with the other one first, then with each middlebox in list order.</summary>
    private static void WriteEndpoint(Utf8JsonWriter json, string name, TlmspHandshake endpoint, RecordingGroup group)
    {
        json.WriteStartArray(name);
        Assert.Equal(1 + endpoint.Peers.Count, group.Premasters.Count);
        WritePair(
            json, TlmspDialect.Client, TlmspDialect.Server, endpoint.FarSecret!, group.Premasters[0],
            endpoint.ClientRandom, endpoint.ServerRandom);
        for (int i = 0; i < endpoint.Peers.Count; i++)
        {
            MiddleboxPeer peer = endpoint.Peers[i];
            WritePair(
                json, endpoint.Self, peer.Id, peer.Secret!, group.Premasters[1 + i],
                endpoint.IsClient ? endpoint.ClientRandom : endpoint.ServerRandom,
                endpoint.IsClient ? peer.ToClientRandom : peer.ToServerRandom);
        }

        WritePairKeys(json, endpoint.Far, endpoint.FarSecret!);
        foreach (MiddleboxPeer peer in endpoint.Peers)
        {
            WritePairKeys(json, peer.Id, peer.Secret!);
        }

        WriteContextKeys(json, endpoint.Path, endpoint.Keys!.Value);
        json.WriteEndArray();
    }

    private static void WritePair(Utf8JsonWriter json, byte a, byte b, PairSecret pair, byte[] premaster, byte[] aRandom, byte[] bRandom)
    {
        bool ofEndpoints = b == TlmspDialect.Server;
        json.WriteStartObject();
        json.WriteString("ev", ofEndpoints ? "master_secret" : "mbox_master_secret");
        json.WriteNumber("a", a);
        json.WriteNumber("b", b);
        json.WriteString("premaster", Convert.ToHexStringLower(premaster));
        json.WriteString(ofEndpoints ? "client_random" : "a_random", Convert.ToHexStringLower(aRandom));
        json.WriteString(ofEndpoints ? "server_random" : "b_random", Convert.ToHexStringLower(bRandom));
        json.WriteString("master_secret", Convert.ToHexStringLower(pair.Master));
        json.WriteEndObject();
    }

    private static void WritePairKeys(Utf8JsonWriter json, byte other, PairSecret pair)
    {
        WriteKey(json, "A_to_B_Encryption_key", "other", other, pair.AToB);
        WriteKey(json, "B_to_A_Encryption_key", "other", other, pair.BToA);
    }

    private static void WriteContextKeys(Utf8JsonWriter json, SessionPath path, (DirectionKeys ToServer, DirectionKeys ToClient) keys)
    {
        WriteKey(json, "client_synch_mac_key", "cid", 0, keys.ToServer.Synch);
        WriteKey(json, "server_synch_mac_key", "cid", 0, keys.ToClient.Synch);
        for (int slot = 0; slot < path.SlotCount; slot++)
        {
            byte context = path.ContextAt(slot);
            WriteKey(json, "client_reader_enc_key_i", "cid", context, keys.ToServer.Reader(slot));
            WriteKey(json, "server_reader_enc_key_i", "cid", context, keys.ToClient.Reader(slot));
            WriteKey(json, "client_writer_MAC_key_i", "cid", context, keys.ToServer.Writer(slot));
            WriteKey(json, "server_writer_MAC_key_i", "cid", context, keys.ToClient.Writer(slot));
        }
    }

    private static void WriteKey(Utf8JsonWriter json, string name, string ofName, byte of, SecretKey? key)
    {
        if (key is not null)
        {
            json.WriteStartObject();
            json.WriteString("ev", "key_active");
            json.WriteString("name", name);
            json.WriteNumber(ofName, of);
            json.WriteString("key", Convert.ToHexStringLower(key.Bytes));
            json.WriteEndObject();
        }
    }
}
