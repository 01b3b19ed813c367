using System.Text.Json;

namespace Tlmsp.Tests.Recorded;

/// <summary>What passed on one connection between neighbours.</summary>
internal sealed record RecordedConnection(string From, string To, byte[] ToServer, byte[] ToClient);

/// <summary>A container as a party's log has it; the data may be cut.</summary>
internal sealed record RecordedData(string Op, string? Side, byte Context, int? Length, byte[] Data, bool Deleted);

/// <summary>What one party recorded about a pair; A is the endpoint, or the client. A file without the randoms holds one session.</summary>
internal sealed record RecordedSecret(
    byte A, byte B, byte[]? ARandom, byte[]? BRandom, byte[]? IdListHash, byte[] Premaster, byte[] Master);

/// <summary>A key that a party had in use: client_reader_enc_key_i of context 2, A_to_B_Encryption_key with entity 254.</summary>
internal sealed record RecordedKey(string Name, byte Of, string Key);

/// <summary>The plaintext that a party put into or got out of a container, by nonce; null where a file was trimmed.</summary>
internal sealed record RecordedPlaintext(string Nonce, string? Plaintext);

/// <summary>A file of recorded sessions: wire bytes per connection, the premaster secret of every pair. Two formats lead here.</summary>
internal sealed class RecordedSessionFile
{
    /// <summary>Stands for all parties, in the format that does not tell them apart.</summary>
    public const string Everybody = "";

    private List<RecordedSession>? _sessions;

    public List<RecordedConnection> Connections { get; } = [];

    public List<RecordedSecret> Secrets { get; } = [];

    /// <summary>Entity ids by name of the party.</summary>
    public Dictionary<string, byte> Ids { get; } = [];

    /// <summary>By name of the party.</summary>
    public Dictionary<string, HashSet<RecordedKey>> Keys { get; } = [];

    public Dictionary<string, List<RecordedPlaintext>> Sealed { get; } = [];

    public Dictionary<string, List<RecordedPlaintext>> Opened { get; } = [];

    public Dictionary<string, List<RecordedData>> Data { get; } = [];

    /// <summary>The parties recorded what they sealed and opened, each for itself.</summary>
    public bool HasPlaintexts => Sealed.Count > 0 || Opened.Keys.Any(entity => entity != Everybody);

    /// <summary>Events were left out to keep the file small.</summary>
    public bool IsTrimmed { get; private set; }

    /// <summary>One, or more where a client connected again.</summary>
    /// <exception cref="InvalidDataException">The connections do not make up paths from a client to a server.</exception>
    public IReadOnlyList<RecordedSession> Sessions => _sessions ??= RecordedSession.Of(this);

    /// <exception cref="InvalidDataException">The file is not of either format; the message says what is wrong with it.</exception>
    public static RecordedSessionFile Load(string path) => Parse(File.ReadAllBytes(path), Path.GetFileName(path));

    /// <param name="json">The content of a file.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <exception cref="InvalidDataException">The content is not of either format; the message says what is wrong with it.</exception>
    public static RecordedSessionFile Parse(ReadOnlyMemory<byte> json, string name)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            var file = new RecordedSessionFile();
            if (document.RootElement.TryGetProperty("wire", out _))
            {
                StepwiseFormat.Read(document.RootElement, file);
            }
            else
            {
                file.ReadCapture(document.RootElement);
            }

            return file.Connections.Count > 0 ? file : throw new InvalidDataException("It has no connections.");
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or InvalidDataException)
        {
            throw new InvalidDataException($"{name} is not a recorded session. {e.Message}", e);
        }
    }

    internal static byte[] Hex(JsonElement text) => Convert.FromHexString(text.GetString()!);

    internal static JsonElement Required(JsonElement item, string name) => item.TryGetProperty(name, out JsonElement value)
        ? value
        : throw new InvalidDataException($"There is no '{name}' in {Shorten(item.GetRawText())}");

    internal static byte[]? OptionalHex(JsonElement item, string name) =>
        Optional(item, name) is { ValueKind: JsonValueKind.String } text ? Hex(text) : null;

    private static JsonElement? Optional(JsonElement item, string name) =>
        item.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string Shorten(string text) => text.Length <= 100 ? text : text[..100] + "…";

    private void ReadCapture(JsonElement root)
    {
        IsTrimmed = Optional(root, "secrets_omitted") is not null;
        foreach (JsonElement hop in Required(root, "hops").EnumerateArray())
        {
            var connection = new RecordedConnection(
                Required(hop, "from").GetString()!, Required(hop, "to").GetString()!,
                Join(hop, "client_to_server"), Join(hop, "server_to_client"));
            if (connection.ToServer.Length + connection.ToClient.Length > 0)
            {
                Connections.Add(connection);
            }
        }

        foreach (JsonProperty entity in Required(root, "secrets").EnumerateObject())
        {
            foreach (JsonElement item in entity.Value.EnumerateArray())
            {
                ReadSecret(entity.Name, item);
            }
        }

        foreach (JsonProperty entity in Optional(root, "entity_ids")?.EnumerateObject() ?? default)
        {
            Ids[entity.Name] = entity.Value.GetByte();
        }

        if (Optional(root, "application_data") is { } data)
        {
            foreach (JsonProperty entity in data.EnumerateObject())
            {
                Data[entity.Name] = [.. entity.Value.EnumerateArray().Select(ReadData)];
            }
        }
    }

    private static RecordedData ReadData(JsonElement item) => new(
        Required(item, "op").GetString()!, Optional(item, "side")?.GetString(), Required(item, "context").GetByte(),
        Optional(item, "length")?.GetInt32(), OptionalHex(item, "data") ?? [], Optional(item, "deleted")?.GetBoolean() ?? false);

    private void ReadSecret(string entity, JsonElement item)
    {
        switch (Required(item, "ev").GetString())
        {
            case "master_secret" when OptionalHex(item, "premaster") is { } premaster:
                Secrets.Add(new RecordedSecret(
                    TlmspDialect.Client, TlmspDialect.Server, OptionalHex(item, "client_random"), OptionalHex(item, "server_random"),
                    OptionalHex(item, "idlist_hash"), premaster, Hex(Required(item, "master_secret"))));
                break;
            case "mbox_master_secret" when OptionalHex(item, "premaster") is { } premaster:
                Secrets.Add(new RecordedSecret(
                    Required(item, "a").GetByte(), Required(item, "b").GetByte(),
                    OptionalHex(item, "a_random"), OptionalHex(item, "b_random"),
                    OptionalHex(item, "idlist_hash"), premaster, Hex(Required(item, "master_secret"))));
                break;
            case "key_active":
                byte of = (Optional(item, "cid") ?? Optional(item, "other")) is { } id && id.TryGetByte(out byte value) ? value : (byte)0;
                Add(Keys, entity).Add(new RecordedKey(Required(item, "name").GetString()!, of, Required(item, "key").GetString()!));
                break;
            case "encrypt" when Optional(item, "kind")?.GetString() == "container":
                Add(Sealed, entity).Add(ReadPlaintext(item));
                break;
            case "decrypt" when Optional(item, "kind")?.GetString() == "container":
                Add(Opened, entity).Add(ReadPlaintext(item));
                break;
        }
    }

    private static RecordedPlaintext ReadPlaintext(JsonElement item) =>
        new(Required(item, "nonce").GetString()!, Optional(item, "plaintext")?.GetString());

    internal static T Add<T>(Dictionary<string, T> all, string entity)
        where T : new()
    {
        if (!all.TryGetValue(entity, out T? one))
        {
            all[entity] = one = new T();
        }

        return one;
    }

    private static byte[] Join(JsonElement hop, string name) => [.. Required(hop, name).EnumerateArray().SelectMany(Hex)];
}
