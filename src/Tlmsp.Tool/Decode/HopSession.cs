namespace Tlmsp.Tool.Decode;

/// <summary>What the hellos of a captured connection and the key logs say together.</summary>
internal sealed class HopSession(IReadOnlyList<KeyLogEntry> entries)
{
    public ClientHello? Client { get; private set; }

    public ServerHello? Server { get; private set; }

    /// <summary>Known after both hellos.</summary>
    public SessionPath? Path { get; private set; }

    /// <summary>Known after both hellos; may hold nothing.</summary>
    public KeyLogKeys? Keys { get; private set; }

    public void OnClientHello(ClientHello hello) => Client ??= hello;

    /// <exception cref="FormatException">The key logs contradict each other.</exception>
    public void OnServerHello(ServerHello hello)
    {
        if (Server is not null || Client?.Contexts is not { } contexts || hello.Tlmsp is not { } tlmsp
            || TlmspCipherSuite.FromId(hello.CipherSuite) is not { } suite)
        {
            return;
        }

        Server = hello;
        Path = new SessionPath(tlmsp.SessionId, suite, contexts, tlmsp.Middleboxes);
        Keys = new KeyLogKeys(entries, Client.Random, tlmsp.SessionId);
    }

    /// <summary>The receiving side of a direction, right after its ChangeCipherSpec.</summary>
    /// <param name="direction">The direction.</param>
    /// <param name="sender">The entity at the sending end of this hop, which its protected records name.</param>
    /// <returns>Null without keys, or when the sender is not on the path.</returns>
    public ListingFlow? MakeFlow(Direction direction, byte sender)
    {
        if (Path is not { } path || Keys?.Of(direction, path) is not { } keys)
        {
            return null;
        }

        int receiver = path.PositionOf(sender) + (direction == Direction.ClientToServer ? 1 : -1);
        if (path.PositionOf(sender) < 0 || receiver < 0 || receiver >= path.Entities.Length)
        {
            return null;
        }

        byte self = path.Entities[receiver];
        byte destination = direction == Direction.ClientToServer ? TlmspDialect.Server : TlmspDialect.Client;
        SecretKey?[] checkKeys = [.. path.Upstream(self, direction).Select(entity => Keys.Pair(entity, destination))];
        return new ListingFlow(path, self, direction, keys, checkKeys);
    }
}
