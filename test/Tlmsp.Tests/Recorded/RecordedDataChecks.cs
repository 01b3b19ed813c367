namespace Tlmsp.Tests.Recorded;

/// <summary>Compares the containers of the wire with what each party recorded: the plaintexts it handled, and its log.</summary>
internal sealed class RecordedDataChecks(RecordedHandshake handshake)
{
    private readonly Dictionary<(int Hop, Direction Direction), RecordedContainer[]> _wire = [];

    /// <summary>The containers of one hop, opened with all keys.</summary>
    public void Add(int hop, Direction direction, RecordedContainer[] containers) => _wire[(hop, direction)] = containers;

    public void Run()
    {
        for (int position = 0; position <= handshake.ServerPosition; position++)
        {
            string name = handshake.Session.NameAt(position);
            CheckOpened(position, name);
            CheckSealed(position, name);
            if (handshake.Session.File.Data.TryGetValue(name, out List<RecordedData>? log) && log.Count > 0)
            {
                CheckLog(position, Direction.ClientToServer, log);
                CheckLog(position, Direction.ServerToClient, log);
            }
        }

        if (handshake.Session.File.Opened.TryGetValue(RecordedSessionFile.Everybody, out List<RecordedPlaintext>? plaintexts))
        {
            CheckPlaintexts(plaintexts, _wire.Values.SelectMany(containers => containers), "on the path");
        }
    }

    private RecordedContainer[] Arriving(int position, Direction direction) =>
        _wire.GetValueOrDefault((direction == Direction.ClientToServer ? position - 1 : position, direction), []);

    private RecordedContainer[] Leaving(int position, Direction direction) =>
        _wire.GetValueOrDefault((direction == Direction.ClientToServer ? position : position - 1, direction), []);

    private bool CanRead(int position, RecordedContainer container) =>
        handshake.Path.AccessOf(handshake.EntityAt(position), container.Context) >= TlmspAccess.Read;

    /// <summary>What a party opened is what came to it; what it did not open any more came last.</summary>
    private void CheckOpened(int position, string name)
    {
        if (!handshake.Session.File.Opened.TryGetValue(name, out List<RecordedPlaintext>? opened))
        {
            return;
        }

        RecordedContainer[][] arriving =
            [.. new[] { Direction.ClientToServer, Direction.ServerToClient }.Select(direction =>
                Arriving(position, direction).Where(container => CanRead(position, container)).ToArray())];
        CheckPlaintexts(opened, arriving.SelectMany(containers => containers), $"to {name}");
        foreach (RecordedContainer[] containers in arriving)
        {
            CheckOnlyTailIsMissing(opened, containers, $"to {name}");
        }
    }

    private void CheckSealed(int position, string name)
    {
        if (!handshake.Session.File.Sealed.TryGetValue(name, out List<RecordedPlaintext>? plaintexts))
        {
            return;
        }

        byte self = handshake.EntityAt(position);
        RecordedContainer[] made =
            [.. new[] { Direction.ClientToServer, Direction.ServerToClient }.SelectMany(direction =>
                Leaving(position, direction).Where(container => container.Author == self))];
        ILookup<string, string?> byNonce = plaintexts.ToLookup(item => item.Nonce, item => item.Plaintext);
        foreach (RecordedContainer container in made)
        {
            Assert.True(byNonce.Contains(container.NonceText), $"{name} did not record what it made: nonce {container.NonceText}");
            Assert.All(byNonce[container.NonceText], plaintext => CheckPlaintext(plaintext, container));
        }
    }

    /// <summary>Every recorded plaintext belongs to a container of the wire, and is what we read there.</summary>
    private static void CheckPlaintexts(List<RecordedPlaintext> recorded, IEnumerable<RecordedContainer> wire, string where)
    {
        ILookup<string, RecordedContainer> byNonce = wire.ToLookup(container => container.NonceText);
        foreach (RecordedPlaintext item in recorded)
        {
            Assert.True(byNonce.Contains(item.Nonce), $"no container with nonce {item.Nonce} {where}");
            Assert.All(byNonce[item.Nonce], container => CheckPlaintext(item.Plaintext, container));
        }
    }

    private static void CheckPlaintext(string? recorded, RecordedContainer container)
    {
        if (recorded is not null)
        {
            Assert.Equal(recorded, Convert.ToHexStringLower(container.Plaintext));
        }
    }

    private static void CheckOnlyTailIsMissing(List<RecordedPlaintext> recorded, RecordedContainer[] containers, string where)
    {
        HashSet<string> nonces = [.. recorded.Select(item => item.Nonce)];
        int known = Array.FindLastIndex(containers, container => nonces.Contains(container.NonceText));
        Assert.All(containers.Take(known + 1), container => Assert.True(nonces.Contains(container.NonceText), $"{container.NonceText} {where} skipped"));
    }

    private void CheckLog(int position, Direction direction, List<RecordedData> log)
    {
        bool toServer = direction == Direction.ClientToServer;
        if (toServer ? position > 0 : position < handshake.ServerPosition)
        {
            CheckLines(position, Arriving(position, direction), log, "received", toServer ? "client" : "server", isCut: false);
        }

        if (toServer ? position < handshake.ServerPosition : position > 0)
        {
            // A party logs before it writes, and its last record may not have been recorded as a whole.
            bool isCut = handshake.Session.Stream(toServer ? position : position - 1, direction).Cut.Length > 0;
            CheckLines(position, Leaving(position, direction), log, "sending", toServer ? "server" : "client", isCut);
        }
    }

    /// <summary>The log of one operation on one side, line by line. Logs cut long data, and hold none that the party cannot read.</summary>
    private void CheckLines(int position, RecordedContainer[] wire, List<RecordedData> log, string op, string side, bool isCut)
    {
        RecordedData[] lines = [.. log.Where(line => line.Op == op && (handshake.IsEndpoint(position) || line.Side == side))];
        int at = 0;
        foreach (RecordedContainer container in wire)
        {
            if (at < lines.Length && Matches(position, lines[at], container))
            {
                at++;
            }
            else if (!IsUnlogged(position, container, isReceived: op == "received"))
            {
                string line = at < lines.Length ? $"line {at} is {lines[at]}" : "the log ends";
                Assert.Fail($"{handshake.Session.NameAt(position)}, {op}: {line}, the wire has {Describe(container)}");
            }
        }

        Assert.True(at == lines.Length || isCut, $"{handshake.Session.NameAt(position)}, {op}: {lines.Length - at} lines more than on the wire");
    }

    private bool Matches(int position, RecordedData line, RecordedContainer container)
    {
        if (line.Context != container.Context || line.Deleted != container.IsDeleted)
        {
            return false;
        }

        return !CanRead(position, container)
            || ((line.Length is null || line.Length == container.Plaintext.Length)
                && line.Data.Length <= container.Plaintext.Length && container.Plaintext.AsSpan().StartsWith(line.Data));
    }

    /// <summary>
    /// Endpoints do not log alerts that their library took or made itself, nor middleboxes their own. What a party never opened, because it
    /// was ended before, is not in its log either.
    /// </summary>
    private bool IsUnlogged(int position, RecordedContainer container, bool isReceived)
    {
        bool isOwn = container.Origin == handshake.EntityAt(position);
        return (container.Type == RecordType.Alert && (handshake.IsEndpoint(position) || (!isReceived && isOwn)))
            || (isReceived && handshake.Session.File.Opened.TryGetValue(handshake.Session.NameAt(position), out List<RecordedPlaintext>? opened)
                && CanRead(position, container) && opened.TrueForAll(item => item.Nonce != container.NonceText));
    }

    private static string Describe(RecordedContainer container) =>
        $"{container.Type} of {container.Plaintext.Length} bytes in context {container.Context}, {(container.IsDeleted ? "deleted" : "not deleted")}";
}
