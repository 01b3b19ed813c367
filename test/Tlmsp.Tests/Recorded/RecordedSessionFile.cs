using System.Globalization;
using System.Text.Json;

namespace Tlmsp.Tests.Recorded;

/// <summary>What passed on one connection between neighbours.</summary>
internal sealed record RecordedHop(string From, string To, byte[] ToServer, byte[] ToClient);

/// <summary>A container as a party's log has it; the data may be cut.</summary>
internal sealed record RecordedData(string Op, string? Side, byte Context, int Length, byte[] Data, bool Deleted);

/// <summary>A recorded session: wire bytes per hop, and the premaster secret of every pair. Two file formats lead here.</summary>
internal sealed class RecordedSessionFile
{
    private const byte Client = 1;
    private const byte Server = 254;

    /// <summary>In path order; empty when a hop has more than one connection, as after a discovery.</summary>
    public List<RecordedHop> Hops { get; } = [];

    public bool HasSeveralConnections { get; private set; }

    /// <summary>By the ids of the two parties, the endpoint first.</summary>
    public Dictionary<(byte A, byte B), byte[]> Premasters { get; } = [];

    public Dictionary<(byte A, byte B), byte[]> Masters { get; } = [];

    /// <summary>Key slices that the endpoints had in use.</summary>
    public HashSet<string> EndpointKeys { get; } = [];

    public Dictionary<string, List<RecordedData>> Data { get; } = [];

    public Dictionary<string, byte> Ids { get; } = [];

    public static RecordedSessionFile Load(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        var session = new RecordedSessionFile();
        if (document.RootElement.TryGetProperty("wire", out _))
        {
            session.ReadStepwise(document.RootElement);
        }
        else
        {
            session.ReadCapture(document.RootElement);
        }

        return session;
    }

    private void ReadCapture(JsonElement root)
    {
        foreach (JsonProperty entity in root.GetProperty("entity_ids").EnumerateObject())
        {
            Ids[entity.Name] = entity.Value.GetByte();
        }

        var hops = new List<RecordedHop>();
        foreach (JsonElement hop in root.GetProperty("hops").EnumerateArray())
        {
            hops.Add(new RecordedHop(
                hop.GetProperty("from").GetString()!, hop.GetProperty("to").GetString()!,
                Join(hop.GetProperty("client_to_server")), Join(hop.GetProperty("server_to_client"))));
        }

        OrderHops(hops);
        foreach (JsonProperty entity in root.GetProperty("secrets").EnumerateObject())
        {
            foreach (JsonElement item in entity.Value.EnumerateArray())
            {
                ReadSecret(item, isEndpoint: entity.Name is "client" or "server");
            }
        }

        foreach (JsonProperty entity in root.GetProperty("application_data").EnumerateObject())
        {
            Data[entity.Name] = [.. entity.Value.EnumerateArray().Select(item => new RecordedData(
                item.GetProperty("op").GetString()!, item.GetProperty("side").GetString(), item.GetProperty("context").GetByte(),
                item.GetProperty("length").GetInt32(), item.TryGetProperty("data", out JsonElement data) ? Hex(data) : [],
                item.TryGetProperty("deleted", out JsonElement deleted) && deleted.GetBoolean()))];
        }
    }

    private void ReadSecret(JsonElement item, bool isEndpoint)
    {
        switch (item.GetProperty("ev").GetString())
        {
            case "master_secret":
                Premasters[(Client, Server)] = Hex(item.GetProperty("premaster"));
                Masters[(Client, Server)] = Hex(item.GetProperty("master_secret"));
                break;
            case "mbox_master_secret":
                var pair = (item.GetProperty("a").GetByte(), item.GetProperty("b").GetByte());
                Premasters[pair] = Hex(item.GetProperty("premaster"));
                Masters[pair] = Hex(item.GetProperty("master_secret"));
                break;
            case "key_active" when isEndpoint:
                EndpointKeys.Add($"{item.GetProperty("name").GetString()}={item.GetProperty("key").GetString()}");
                break;
        }
    }

    private void ReadStepwise(JsonElement root)
    {
        var hops = new SortedDictionary<int, (List<byte> ToServer, List<byte> ToClient)>();
        foreach (JsonElement write in root.GetProperty("wire").EnumerateArray())
        {
            int index = write.GetProperty("hop").GetInt32();
            if (!hops.TryGetValue(index, out (List<byte> ToServer, List<byte> ToClient) hop))
            {
                hops[index] = hop = ([], []);
            }

            (write.GetProperty("dir").GetString() == "c2s" ? hop.ToServer : hop.ToClient).AddRange(Hex(write.GetProperty("data")));
        }

        foreach ((int index, (List<byte> toServer, List<byte> toClient)) in hops)
        {
            Hops.Add(new RecordedHop($"{index}", $"{index + 1}", [.. toServer], [.. toClient]));
        }

        foreach (JsonElement item in root.GetProperty("computed").EnumerateArray())
        {
            if (item.TryGetProperty("premaster_secret", out JsonElement premaster))
            {
                Premasters[(Client, Server)] = Hex(premaster);
                Masters[(Client, Server)] = Hex(item.GetProperty("master_secret"));
            }
            else if (item.TryGetProperty("premaster_client_mb", out JsonElement withClient))
            {
                JsonElement idField = item.GetProperty("id");
                byte id = idField.ValueKind == JsonValueKind.Number
                    ? idField.GetByte()
                    : byte.Parse(idField.GetString()!, CultureInfo.InvariantCulture);
                Premasters[(Client, id)] = Hex(withClient);
                Masters[(Client, id)] = Hex(item.GetProperty("master_client_mb"));
                Premasters[(Server, id)] = Hex(item.GetProperty("premaster_server_mb"));
                Masters[(Server, id)] = Hex(item.GetProperty("master_server_mb"));
            }
        }
    }

    /// <summary>From the client, hop by hop, to the server.</summary>
    private void OrderHops(List<RecordedHop> hops)
    {
        string at = "client";
        while (at != "server")
        {
            RecordedHop[] next = [.. hops.Where(hop => hop.From == at)];
            if (next.Length != 1 || Hops.Contains(next[0]))
            {
                HasSeveralConnections = true;
                return;
            }

            Hops.Add(next[0]);
            at = next[0].To;
        }

        HasSeveralConnections = Hops.Count != hops.Count;
    }

    private static byte[] Join(JsonElement chunks) => [.. chunks.EnumerateArray().SelectMany(Hex)];

    private static byte[] Hex(JsonElement text) => Convert.FromHexString(text.GetString()!);
}
