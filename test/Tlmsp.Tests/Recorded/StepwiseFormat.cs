using System.Globalization;
using System.Text.Json;

namespace Tlmsp.Tests.Recorded;

/// <summary>The format with every intermediate value: one session, "wire" in the order of writing, "computed" with the values.</summary>
internal static class StepwiseFormat
{
    public static void Read(JsonElement root, RecordedSessionFile file)
    {
        var hops = new SortedDictionary<int, (List<byte> ToServer, List<byte> ToClient)>();
        foreach (JsonElement write in RecordedSessionFile.Required(root, "wire").EnumerateArray())
        {
            int index = RecordedSessionFile.Required(write, "hop").GetInt32();
            if (!hops.TryGetValue(index, out (List<byte> ToServer, List<byte> ToClient) hop))
            {
                hops[index] = hop = ([], []);
            }

            bool toServer = RecordedSessionFile.Required(write, "dir").GetString() == "c2s";
            (toServer ? hop.ToServer : hop.ToClient).AddRange(RecordedSessionFile.Hex(RecordedSessionFile.Required(write, "data")));
        }

        foreach ((int index, (List<byte> toServer, List<byte> toClient)) in hops)
        {
            string from = index == 0 ? RecordedSession.Client : $"mbox{index}";
            string to = index == hops.Count - 1 ? RecordedSession.Server : $"mbox{index + 1}";
            file.Connections.Add(new RecordedConnection(from, to, [.. toServer], [.. toClient]));
        }

        foreach (JsonElement item in RecordedSessionFile.Required(root, "computed").EnumerateArray())
        {
            ReadComputed(item, file);
        }
    }

    private static void ReadComputed(JsonElement item, RecordedSessionFile file)
    {
        if (item.TryGetProperty("premaster_secret", out _))
        {
            file.Secrets.Add(new RecordedSecret(
                TlmspDialect.Client, TlmspDialect.Server, Hex("client_random"), Hex("server_random"), Hex("idlist_hash"),
                Hex("premaster_secret")!, Hex("master_secret")!));
        }
        else if (item.TryGetProperty("premaster_client_mb", out _))
        {
            byte id = Id(RecordedSessionFile.Required(item, "id"));
            file.Secrets.Add(new RecordedSecret(
                TlmspDialect.Client, id, null, null, null, Hex("premaster_client_mb")!, Hex("master_client_mb")!));
            file.Secrets.Add(new RecordedSecret(
                TlmspDialect.Server, id, null, null, null, Hex("premaster_server_mb")!, Hex("master_server_mb")!));
        }
        else if (item.TryGetProperty("reader_block", out _))
        {
            // records-keys.md §7.6: the slices that AEAD suites use.
            byte context = RecordedSessionFile.Required(item, "cid").GetByte();
            AddKey("client_reader_enc_key_i", context, Hex("reader_block")![16..32]);
            AddKey("server_reader_enc_key_i", context, Hex("reader_block")![48..64]);
            AddKey("client_writer_MAC_key_i", context, Hex("writer_block")![..16]);
            AddKey("server_writer_MAC_key_i", context, Hex("writer_block")![16..32]);
        }
        else if (Hex("synch_block") is { } synch)
        {
            AddKey("client_synch_mac_key", 0, synch[..16]);
            AddKey("server_synch_mac_key", 0, synch[16..32]);
        }
        else if (Hex("fragment") is { } fragment && item.TryGetProperty("plaintext", out JsonElement plaintext))
        {
            RecordedSessionFile.Add(file.Opened, RecordedSessionFile.Everybody).Add(
                new RecordedPlaintext(Convert.ToHexStringLower(fragment, 0, TlmspDialect.NonceLength), plaintext.GetString()));
        }

        byte[]? Hex(string name) => RecordedSessionFile.OptionalHex(item, name);

        void AddKey(string name, byte of, byte[] key) =>
            RecordedSessionFile.Add(file.Keys, RecordedSessionFile.Everybody).Add(new RecordedKey(name, of, Convert.ToHexStringLower(key)));
    }

    private static byte Id(JsonElement id) => id.ValueKind == JsonValueKind.Number
        ? id.GetByte()
        : byte.Parse(id.GetString()!, CultureInfo.InvariantCulture);
}
