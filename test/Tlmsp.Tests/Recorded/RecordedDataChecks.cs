namespace Tlmsp.Tests.Recorded;

/// <summary>Compares the containers of the wire with what each party recorded: the plaintexts it handled, and its log.</summary>
internal sealed class RecordedDataChecks(RecordedSessionFile file)
{
    private readonly List<Traffic> _traffic = [];

    /// <summary>The containers of one hop of one session, opened with all keys.</summary>
    public void Add(RecordedHandshake handshake, int hop, Direction direction, RecordedContainer[] containers)
    {
        bool toServer = direction == Direction.ClientToServer;
        bool isCut = handshake.Session.Stream(hop, direction).Cut.Length > 0;
        (int sender, int receiver) = toServer ? (hop, hop + 1) : (hop + 1, hop);
        _traffic.Add(new Traffic(handshake, sender, IsReceived: false, toServer ? "server" : "client", containers, isCut));
        _traffic.Add(new Traffic(handshake, receiver, IsReceived: true, toServer ? "client" : "server", containers, isCut));
    }

    public void Run()
    {
        foreach (IGrouping<string, Traffic> party in _traffic.GroupBy(traffic => traffic.Party))
        {
            if (file.HasPlaintexts)
            {
                CheckOpened(party.Key, [.. party.Where(traffic => traffic.IsReceived)]);
                CheckSealed(party.Key, [.. party.Where(traffic => !traffic.IsReceived)]);
            }

            if (file.Data.TryGetValue(party.Key, out List<RecordedData>? log) && log.Count > 0)
            {
                foreach (IGrouping<(bool, string), Traffic> side in party.GroupBy(traffic => (traffic.IsReceived, traffic.Side)))
                {
                    CheckLog([.. side], log);
                }
            }
        }

        if (file.Opened.TryGetValue(RecordedSessionFile.Everybody, out List<RecordedPlaintext>? plaintexts))
        {
            CheckPlaintexts(plaintexts, _traffic.SelectMany(traffic => traffic.Containers), "on the path");
        }
    }

    /// <summary>What a party opened is what came to it; what it did not open any more came last.</summary>
    private void CheckOpened(string party, Traffic[] received)
    {
        List<RecordedPlaintext> opened = file.Opened.GetValueOrDefault(party, []);
        CheckPlaintexts(opened, received.SelectMany(traffic => traffic.Readable), $"to {party}");
        HashSet<string> nonces = [.. opened.Select(item => item.Nonce)];
        foreach (Traffic traffic in received)
        {
            RecordedContainer[] readable = [.. traffic.Readable];
            int known = Array.FindLastIndex(readable, container => nonces.Contains(container.NonceText));
            Assert.All(
                readable.Take(known + 1),
                container => Assert.True(nonces.Contains(container.NonceText), $"{party} skipped {container.NonceText}"));
        }
    }

    private void CheckSealed(string party, Traffic[] sent)
    {
        ILookup<string, string?> byNonce = file.Sealed.GetValueOrDefault(party, []).ToLookup(item => item.Nonce, item => item.Plaintext);
        foreach (RecordedContainer container in sent.SelectMany(traffic => traffic.Made))
        {
            Assert.True(byNonce.Contains(container.NonceText), $"{party} did not record what it made: nonce {container.NonceText}");
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

    /// <summary>The log of one operation on one side, line by line. Logs cut long data, and hold none that the party cannot read.</summary>
    private void CheckLog(Traffic[] side, List<RecordedData> log)
    {
        string op = side[0].IsReceived ? "received" : "sending";
        RecordedData[] lines = [.. log.Where(line => line.Op == op && (side[0].IsEndpoint || line.Side == side[0].Side))];
        int at = 0;
        foreach (Traffic traffic in side)
        {
            foreach (RecordedContainer container in traffic.Containers)
            {
                if (at < lines.Length && Matches(lines[at], container, traffic))
                {
                    at++;
                }
                else if (!IsUnlogged(container, traffic))
                {
                    string line = at < lines.Length ? $"line {at} is {lines[at]}" : "the log ends";
                    Assert.Fail($"{traffic.Party}, {op}: {line}, the wire has {Describe(container)}");
                }
            }
        }

        // A party logs before it writes, and its last record may not have been recorded as a whole.
        bool mayBeLonger = !side[0].IsReceived && side.Any(traffic => traffic.IsCut);
        Assert.True(at == lines.Length || mayBeLonger, $"{side[0].Party}, {op}: {lines.Length - at} lines more than containers");
    }

    private static bool Matches(RecordedData line, RecordedContainer container, Traffic traffic)
    {
        if (line.Context != container.Context || line.Deleted != container.IsDeleted)
        {
            return false;
        }

        return !traffic.CanRead(container)
            || ((line.Length is null || line.Length == container.Plaintext.Length) && container.Plaintext.AsSpan().StartsWith(line.Data));
    }

    /// <summary>
    /// Endpoints do not log alerts that their library took or made itself, nor middleboxes their own. What a party never opened, because it
    /// was ended before, is not in its log either.
    /// </summary>
    private bool IsUnlogged(RecordedContainer container, Traffic traffic)
    {
        bool isOwn = !traffic.IsReceived && container.Origin == traffic.Self;
        return (container.Type == RecordType.Alert && (traffic.IsEndpoint || isOwn))
            || (traffic.IsReceived && file.HasPlaintexts && traffic.CanRead(container)
                && !file.Opened.GetValueOrDefault(traffic.Party, []).Exists(item => item.Nonce == container.NonceText));
    }

    private static string Describe(RecordedContainer container) =>
        $"{container.Type} of {container.Plaintext.Length} bytes in context {container.Context}{(container.IsDeleted ? ", deleted" : "")}";

    /// <summary>What one party received or sent on one side in one session.</summary>
    private sealed record Traffic(
        RecordedHandshake Handshake, int Position, bool IsReceived, string Side, RecordedContainer[] Containers, bool IsCut)
    {
        public string Party => Handshake.Session.NameAt(Position);

        public byte Self => Handshake.EntityAt(Position);

        public bool IsEndpoint => Handshake.IsEndpoint(Position);

        public IEnumerable<RecordedContainer> Readable => Containers.Where(CanRead);

        public IEnumerable<RecordedContainer> Made => Containers.Where(container => container.Author == Self);

        public bool CanRead(RecordedContainer container) => Handshake.Path.AccessOf(Self, container.Context) >= TlmspAccess.Read;
    }
}
