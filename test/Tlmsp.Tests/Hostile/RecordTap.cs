using Tlmsp.TestSupport;

namespace Tlmsp.Tests.Hostile;

/// <summary>An attacker on one direction of one hop: sees every record, and replaces some by none, one or many.</summary>
internal sealed class RecordTap
{
    private readonly List<Rule> _rules = [];
    private int _seen;
    private bool _protected;

    private RecordTap(int seen) => _seen = seen;

    public static RecordTap On(InMemoryPipe pipe)
    {
        if (pipe.Tamper?.Target is RecordTap tap)
        {
            return tap;
        }

        tap = new RecordTap(pipe.Writes.Count);
        pipe.Tamper = tap.Take;
        return tap;
    }

    /// <summary>Replaces the first record that matches.</summary>
    public RecordTap Replace(Func<WireRecord, bool> match, Func<WireRecord, IEnumerable<byte[]>> change)
    {
        _rules.Add(new Rule(match, change));
        return this;
    }

    /// <summary>Replaces every record that matches.</summary>
    public RecordTap Always(Func<WireRecord, bool> match, Func<WireRecord, IEnumerable<byte[]>> change)
    {
        _rules.Add(new Rule(match, change) { Repeats = true });
        return this;
    }

    private byte[] Take(byte[] chunk) => [.. WireRecord.Split(chunk).SelectMany(Take1).SelectMany(record => record)];

    private IEnumerable<byte[]> Take1(byte[] bytes)
    {
        var record = new WireRecord(bytes, HasSessionId: _seen++ > 0, _protected && bytes[0] == (byte)RecordType.Handshake);
        _protected |= record.Type == RecordType.ChangeCipherSpec;
        if (_rules.Find(rule => (rule.Repeats || !rule.Used) && rule.Match(record)) is not { } rule)
        {
            return [bytes];
        }

        rule.Used = true;
        return [.. rule.Change(record)];
    }

    private sealed record Rule(Func<WireRecord, bool> Match, Func<WireRecord, IEnumerable<byte[]>> Change)
    {
        public bool Repeats { get; init; }

        public bool Used { get; set; }
    }
}

/// <summary>What attackers on a hop do most.</summary>
internal static class RecordTapExtensions
{
    /// <summary>The direction of a hop that leads to the server; hop 0 is next to the client.</summary>
    public static InMemoryPipe ToServer(this InMemoryPath path, int hop = 0) => path.Hops[hop].ToServer;

    /// <summary>The direction of a hop that leads to the client.</summary>
    public static InMemoryPipe ToClient(this InMemoryPath path, int hop = 0) => path.Hops[hop].ToClient;

    /// <summary>Gives the first handshake message of a type another body.</summary>
    public static void Rewrite(this InMemoryPipe pipe, HandshakeType type, Func<byte[], byte[]> change) =>
        RecordTap.On(pipe).Replace(record => record.Message == type, record => [record.WithMessage(change(record.MessageBody))]);

    /// <summary>Replaces the record of the first handshake message of a type.</summary>
    public static void Replace(this InMemoryPipe pipe, HandshakeType type, Func<WireRecord, IEnumerable<byte[]>> change) =>
        RecordTap.On(pipe).Replace(record => record.Message == type, change);

    /// <summary>Replaces the first record of a type.</summary>
    public static void Replace(this InMemoryPipe pipe, RecordType type, Func<WireRecord, IEnumerable<byte[]>> change) =>
        RecordTap.On(pipe).Replace(record => record.Type == type, change);

    /// <summary>Replaces Finished (0) or a MiddleboxFinished (1, 2, …).</summary>
    public static void ReplaceProtected(this InMemoryPipe pipe, int place, Func<WireRecord, IEnumerable<byte[]>> change)
    {
        int seen = 0;
        RecordTap.On(pipe).Replace(record => record.IsProtected && seen++ == place, change);
    }

    /// <summary>Gives the first container another form.</summary>
    public static void RewriteData(this InMemoryPipe pipe, Func<byte[], byte[]> change) =>
        pipe.Replace(RecordType.ApplicationData, record => [record.With(change(record.Body))]);
}
