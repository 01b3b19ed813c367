using System.Text;
using Tlmsp.TestSupport;

namespace Tlmsp.Tests.KeyLog;

public class KeyLogTests
{
    [Fact]
    public void Each_party_logs_the_keys_it_holds_and_no_others()
    {
        var logs = new CollectingKeyLog[4];
        TlmspClientOptions client = TestPaths.Client(audited: false, Grant.Parse("1=r"), Grant.Parse("2=rw"));
        TlmspServerOptions server = TestPaths.Server();
        TlmspMiddleboxOptions[] boxes = [TestPaths.Middlebox(0), TestPaths.Middlebox(1)];
        TlmspOptions[] all = [client, server, .. boxes];
        for (int i = 0; i < all.Length; i++)
        {
            all[i].KeyLog = logs[i] = new CollectingKeyLog();
        }

        using InMemoryPath path = new InMemoryPath(client, server, boxes).Connect();

        byte first = path.Client!.Info.Middleboxes[0].Id;
        byte second = path.Client.Info.Middleboxes[1].Id;
        Assert.Equal(Contexts(0, 1, 2), Readers(logs[0]));
        Assert.Equal(Contexts(0, 1, 2), Writers(logs[0]));
        Assert.Equal(Contexts(0, 1), Readers(logs[2]));
        Assert.Equal(Contexts(0), Writers(logs[2]));
        Assert.Equal(Contexts(0, 2), Readers(logs[3]));
        Assert.Equal(Contexts(0, 2), Writers(logs[3]));
        Assert.Equal(Pairs((0x01, 0xfe), (0x01, first), (0x01, second)), PairsOf(logs[0]));
        Assert.Equal(Pairs((0x01, 0xfe), (0xfe, first), (0xfe, second)), PairsOf(logs[1]));
        Assert.Equal(Pairs((0x01, first), (0xfe, first)), PairsOf(logs[2]));
        Assert.Equal([0x01, 0xfe, first, second], logs.Select(log => Assert.Single(log.Entries.Select(entry => entry.Party).Distinct())));
        Assert.All(logs.SelectMany(log => log.Entries), entry => Assert.Equal(path.Client.Info.SessionId, entry.SessionId));

        // What two parties both hold is the same key.
        foreach (IGrouping<(KeyLogLabel, ushort), KeyLogEntry> key in logs.SelectMany(log => log.Entries).GroupBy(entry => (entry.Label, entry.Subject)))
        {
            Assert.Single(key.Select(entry => Convert.ToHexString(entry.Key)).Distinct());
            Assert.True(key.Count() > 1, $"{key.Key} is held by one party only");
        }
    }

    [Fact]
    public void The_keys_of_different_kinds_directions_and_contexts_differ()
    {
        var log = new CollectingKeyLog();
        TlmspClientOptions client = TestPaths.Client(audited: false, Grant.Read(1));
        client.KeyLog = log;

        using InMemoryPath path = new InMemoryPath(client, TestPaths.Server(), TestPaths.Middlebox(0)).Connect();

        string[] keys = [.. log.Entries.Select(entry => Convert.ToHexString(entry.Key))];
        Assert.Equal(2 * 2 + 2 + 3 * 4, keys.Length);
        Assert.Equal(keys.Length, keys.Distinct().Count());
    }

    [Fact]
    public void A_line_is_what_the_documentation_says()
    {
        byte[] random = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        byte[] line = new byte[KeyLogEntry.MaxLength];

        int length = KeyLogEntry.Write(line, KeyLogLabel.ServerReaderEnc, random, 0x98d2475e, 0x3c, [2], Convert.FromHexString("00112233445566778899aabbccddeeff"));

        Assert.Equal(
            "TLMSP_SERVER_READER_ENC 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 98d2475e 3c 02 00112233445566778899aabbccddeeff\n",
            Encoding.ASCII.GetString(line, 0, length));
    }

    [Theory]
    [InlineData("TLMSP_CLIENT_READER_ENC")]
    [InlineData("TLMSP_CLIENT_READER_ENC RANDOM 98d2475e 01 02")]
    [InlineData("TLMSP_CLIENT_READER_ENC RANDOM 98d2475e 01 02 0011")]
    [InlineData("TLMSP_CLIENT_READER_ENC RANDOM 98d2475e 01 02 00112233445566778899aabbccddeefg")]
    [InlineData("TLMSP_CLIENT_READER_ENC RANDOM 98d2475 01 02 00112233445566778899aabbccddeeff")]
    [InlineData("TLMSP_CLIENT_READER_ENC RANDOM 98d2475e 01 0102 00112233445566778899aabbccddeeff")]
    [InlineData("TLMSP_PAIR_ENC RANDOM 98d2475e 01 02 00112233445566778899aabbccddeeff")]
    [InlineData("TLMSP_PAIR_ENC RANDOM 98d2475e 01 01fe 00112233445566778899aabbccddeeff more")]
    [InlineData("TLMSP_PAIR_ENC 0001 98d2475e 01 01fe 00112233445566778899aabbccddeeff")]
    public void A_malformed_line_is_told_from_somebody_elses(string line)
    {
        Assert.False(KeyLogEntry.TryRead(line.Replace("RANDOM", new string('a', 64), StringComparison.Ordinal), out KeyLogEntry? entry));
        Assert.Null(entry);
        Assert.True(KeyLogEntry.TryRead("CLIENT_RANDOM 0011 2233", out entry));
        Assert.Null(entry);
        Assert.True(KeyLogEntry.TryRead("# a comment", out entry));
        Assert.Null(entry);
    }

    [Fact]
    public void Two_values_for_one_key_are_refused()
    {
        KeyLogEntry entry = new(KeyLogLabel.ClientSynchMac, new string('a', 64), 1, 1, 0, new byte[16]);
        KeyLogEntry same = entry with { Party = 0xfe };
        KeyLogEntry other = entry with { Key = [1, .. new byte[15]] };
        byte[] random = Convert.FromHexString(entry.ClientRandom);

        Assert.Equal([0x01, 0xfe], new KeyLogKeys([entry, same], random, 1).Parties);
        Assert.Throws<FormatException>(() => new KeyLogKeys([entry, other], random, 1));
        Assert.Empty(new KeyLogKeys([entry], random, 2).Parties);
    }

    private static ushort[] Contexts(params ushort[] ids) => ids;

    private static ushort[] Readers(CollectingKeyLog log) => OfBothDirections(log, KeyLogLabel.ClientReaderEnc, KeyLogLabel.ServerReaderEnc);

    private static ushort[] Writers(CollectingKeyLog log) => OfBothDirections(log, KeyLogLabel.ClientWriterMac, KeyLogLabel.ServerWriterMac);

    private static ushort[] OfBothDirections(CollectingKeyLog log, KeyLogLabel client, KeyLogLabel server)
    {
        ushort[] toServer = Subjects(log, client);
        Assert.Equal(toServer, Subjects(log, server));
        return toServer;
    }

    private static ushort[] Subjects(CollectingKeyLog log, KeyLogLabel label) =>
        [.. log.Entries.Where(entry => entry.Label == label).Select(entry => entry.Subject).Order()];

    private static ushort[] Pairs(params (byte A, byte B)[] pairs) =>
        [.. pairs.SelectMany(pair => (ushort[])[(ushort)(pair.A << 8 | pair.B), (ushort)(pair.B << 8 | pair.A)]).Order()];

    private static ushort[] PairsOf(CollectingKeyLog log) => Subjects(log, KeyLogLabel.PairEnc);
}

/// <summary>Keeps the lines in memory.</summary>
internal sealed class CollectingKeyLog : TlmspKeyLog
{
    private readonly List<string> _lines = [];

    public IReadOnlyList<KeyLogEntry> Entries => [.. _lines.Select(line =>
    {
        Assert.True(KeyLogEntry.TryRead(line, out KeyLogEntry? entry));
        return entry!;
    })];

    public override void Write(ReadOnlySpan<byte> lines)
    {
        string text = Encoding.ASCII.GetString(lines);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        _lines.AddRange(text.TrimEnd('\n').Split('\n'));
    }
}
