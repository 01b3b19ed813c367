using System.Text.RegularExpressions;

namespace Tlmsp.Tool.Tests;

public sealed partial class DecodeTests : ToolTest
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task With_the_keys_of_both_ends_every_container_of_every_hop_shows_and_every_MAC_is_checked(int hop)
    {
        using var path = new CapturedPath(Folder);

        ToolRun run = await DecodeAsync(path, path.Files(hop), "client", "server");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("a head of the cl", run.Out, StringComparison.Ordinal);
        Assert.Contains("for the server a", run.Out, StringComparison.Ordinal);
        Assert.Contains(hop == 2 ? "hidden content" : "secret content", run.Out, StringComparison.Ordinal);
        Assert.Contains("an answer", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("no key", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("sealed", run.Out, StringComparison.Ordinal);
        Assert.Matches("6 containers; MACs: [0-9]+ ok, 0 FAILED, 0 without key; 0 faults", run.Lines[^1]);
        Assert.Contains("keys of client, server", run.Out, StringComparison.Ordinal);
        Assert.Contains(
            $"path client -> {path.Boxes[0]} tlmsp://m0.example:7000 (1=r) -> {path.Boxes[1]} tlmsp://m1.example:7001 (2=rw) ->",
            run.Out, StringComparison.Ordinal);
        if (hop == 2)
        {
            Assert.Contains($"ctx 2  14 B  from client, made by {path.Boxes[1]} audited", run.Out, StringComparison.Ordinal);
            Assert.Contains($"ctx 2  0 B  from {path.Boxes[1]} deleted audited", run.Out, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_records_come_in_the_order_of_a_conversation()
    {
        using var path = new CapturedPath(Folder);

        ToolRun run = await DecodeAsync(path, path.Files(1), "client");

        string[] titles = [.. run.Lines.Select(line => RecordPattern().Match(line)).Where(match => match.Success)
            .Select(match => $"{match.Groups[1]} {match.Groups[2]}{match.Groups[3]}")];
        Assert.Equal(
        [
            "-> ClientHello", "<- ServerHello", "<- Certificate", "<- ServerKeyExchange", "<- ServerHelloDone",
            "<- MiddleboxHello", "<- MiddleboxCertificate", "<- MiddleboxKeyExchange", "<- MiddleboxHelloDone",
            "-> MiddleboxHello", "-> MiddleboxCertificate", "-> MiddleboxKeyExchange", "-> MiddleboxHelloDone",
            "-> ClientKeyExchange", "-> MiddleboxKeyConfirmation", "-> MiddleboxKeyMaterial", "-> MiddleboxKeyMaterial",
            "<- MiddleboxKeyMaterial", "<- MiddleboxKeyConfirmation", "<- MiddleboxKeyMaterial",
            "-> ccs", "-> Finished", "-> MiddleboxFinished", "-> MiddleboxFinished",
            "<- ccs", "<- Finished", "<- MiddleboxFinished", "<- MiddleboxFinished",
        ], titles);
    }

    [Fact]
    public async Task With_the_keys_of_a_middlebox_what_it_could_not_read_is_sealed()
    {
        using var path = new CapturedPath(Folder);

        ToolRun first = await DecodeAsync(path, path.Files(0), "box0");
        ToolRun second = await DecodeAsync(path, path.Files(2), "box1");

        Assert.Equal((0, 0), (first.ExitCode, second.ExitCode));
        Assert.Contains("a head of the cl", first.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("content", first.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("for the server", first.Out, StringComparison.Ordinal);
        Assert.Contains("ctx 2  14 B  from client audited  (sealed)", first.Out, StringComparison.Ordinal);
        Assert.Contains("ctx 3  20 B  from client  (sealed)", first.Out, StringComparison.Ordinal);
        const string macs = "writer no key  reader-check(client) ok  check(client) no key";
        Assert.Contains($"tag ok  {macs}", first.Out, StringComparison.Ordinal);
        Assert.Contains($"tag no key  {macs}", first.Out, StringComparison.Ordinal);

        Assert.Contains("hidden content", second.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("a head of", second.Out, StringComparison.Ordinal);
        Assert.Contains(
            $"tag ok  writer ok  reader-check({path.Boxes[1]}) ok  check({path.Boxes[1]}) ok", second.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_keys_the_structure_shows()
    {
        using var path = new CapturedPath(Folder);

        ToolRun run = await DecodeAsync(path, path.Files(0));

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("no key log has keys of this session", run.Out, StringComparison.Ordinal);
        Assert.Contains("by client (sealed)", run.Out, StringComparison.Ordinal);
        Assert.Contains("ctx 1  20 B  from client  (sealed)", run.Out, StringComparison.Ordinal);
        Assert.Matches("6 containers; MACs: 0 ok, 0 FAILED, 0 without key; 0 faults", run.Lines[^1]);
    }

    // The layout of a container with 20 bytes of data: records-keys.md §2.6.
    [Theory]
    [InlineData(20, "tag FAILED  writer FAILED  reader-check(client) FAILED  check(client) ok")]    // ciphertext
    [InlineData(55, "tag ok  writer FAILED  reader-check(client) ok  check(client) ok")]            // writer MAC
    [InlineData(73, "tag ok  writer ok  reader-check(client) FAILED  check(client) FAILED")]        // RCM, which the CM covers
    [InlineData(90, "tag ok  writer ok  reader-check(client) FAILED  check(client) FAILED")]        // their nonce
    [InlineData(101, "tag ok  writer ok  reader-check(client) ok  check(client) FAILED")]           // CM
    public async Task A_flipped_byte_shows_as_the_MACs_that_it_breaks_and_the_next_container_is_good(int at, string verdicts)
    {
        using var path = new CapturedPath(Folder);
        (List<byte[]> toServer, _) = path.Hop(0);
        int first = toServer[..^4].Sum(write => write.Length);     // the four containers are the last writes

        ToolRun run = await DecodeAsync(path, path.Files(0, bytes => Flip(bytes, first + 9 + at)), "client", "server");

        Assert.Equal(1, run.ExitCode);
        int container = Array.FindIndex(run.Lines, line => line.Contains("ctx 1  20 B  from client", StringComparison.Ordinal));
        Assert.Equal(verdicts, run.Lines[container + 1].Trim());
        Assert.Equal(at == 20, run.Lines[container].EndsWith("(does not authenticate)", StringComparison.Ordinal));
        Assert.Contains("secret content", run.Out, StringComparison.Ordinal);
        Assert.Matches($"{verdicts.Split("FAILED").Length - 1} FAILED, 0 without key; 0 faults", run.Lines[^1]);
    }

    [Theory]
    [InlineData(5, "FAULT WrongSessionId")]         // the session id
    [InlineData(9, "FAULT UnknownContext")]         // the context
    [InlineData(10, "FAULT MalformedContainer")]    // the flags
    [InlineData(1, "FAULT BadRecordVersion")]       // the record's version
    [InlineData(0, "FAULT UnknownRecordType")]
    public async Task A_byte_that_breaks_the_structure_shows_as_the_fault_and_nothing_behind_it_is_examined(int at, string fault)
    {
        using var path = new CapturedPath(Folder);
        (List<byte[]> toServer, _) = path.Hop(0);
        int first = toServer[..^4].Sum(write => write.Length);

        ToolRun run = await DecodeAsync(path, path.Files(0, bytes => Flip(bytes, first + at)), "client", "server");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(fault, run.Out, StringComparison.Ordinal);
        Assert.Equal(3, run.Lines.Count(line => line.Contains("not examined, after a fault", StringComparison.Ordinal)));
        Assert.DoesNotContain("secret content", run.Out, StringComparison.Ordinal);
        Assert.Contains("an answer", run.Out, StringComparison.Ordinal);    // the other direction is another matter
    }

    [Fact]
    public async Task A_damaged_handshake_record_is_a_fault()
    {
        using var path = new CapturedPath(Folder);
        int hello = path.Hop(0).ToServer[0].Length;
        int finished = path.Hop(0).ToServer[..^4].Sum(write => write.Length);

        ToolRun last = await DecodeAsync(path, path.Files(0, bytes => Flip(bytes, finished - 1)), "client", "server");
        ToolRun first = await DecodeAsync(path, path.Files(0, bytes => Flip(bytes, hello - 1)), "client", "server");

        Assert.Equal((1, 1), (last.ExitCode, first.ExitCode));
        Assert.Contains("FAULT BadRecordTag", last.Out, StringComparison.Ordinal);
        Assert.Contains("FAULT", first.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_that_end_inside_a_record_are_counted()
    {
        using var path = new CapturedPath(Folder);

        ToolRun run = await DecodeAsync(path, path.Files(0, bytes => bytes[..^10]), "client");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("bytes to the server are no whole record: the capture ends inside it", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_direction_alone_shows_what_can_be_known()
    {
        using var path = new CapturedPath(Folder);
        string[] files = path.Files(0);

        ToolRun run = await DecodeAsync(path, files[..2], "client");

        Assert.Contains("ClientHello", run.Out, StringComparison.Ordinal);
        Assert.Equal(1, run.ExitCode);      // without ServerHello the rest has no session
    }

    [Fact]
    public async Task The_data_is_cut_where_asked()
    {
        using var path = new CapturedPath(Folder);

        ToolRun run = await DecodeAsync(path, [.. path.Files(0), "--max-bytes", "5"], "client", "server");

        Assert.Contains("| 0000  61 20 68 65 61                                   a hea", run.Out, StringComparison.Ordinal);
        Assert.Contains("15 more bytes", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_key_log_is_said_and_used_as_far_as_it_goes()
    {
        using var path = new CapturedPath(Folder);
        File.AppendAllText(path.KeyLog("client"), "TLMSP_CLIENT_READER_ENC damaged\n");

        ToolRun run = await DecodeAsync(path, path.Files(0), "client", "server");

        Assert.Equal(0, run.ExitCode);
        Assert.Matches(@"warning: .*client\.log, line [0-9]+ is malformed and was skipped", run.Error);
        Assert.Contains("0 without key", run.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Colour_marks_verdicts_on_a_terminal_only()
    {
        using var path = new CapturedPath(Folder);
        string[] args = ["decode", .. path.Files(0), "--key-log", path.KeyLog("client")];

        Assert.Contains("tag \e[32mok\e[0m", (await ToolRun.OfAsync(args, colour: true)).Out, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', (await ToolRun.OfAsync(args)).Out);
    }

    [Theory]
    [InlineData("Name a capture file, or the bytes")]
    [InlineData("Name a capture file, or the bytes", "x.pcap", "--to-server", "x")]
    [InlineData("'missing.pcap' cannot be read", "missing.pcap")]
    [InlineData("The key log 'missing.log' cannot be read", "--to-server", "x", "--key-log", "missing.log")]
    public async Task What_makes_no_sense_is_exit_status_2(string message, params string[] args)
    {
        ToolRun run = await ToolRun.OfAsync(["decode", .. args]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    private static Task<ToolRun> DecodeAsync(CapturedPath path, string[] files, params string[] parties) =>
        ToolRun.OfAsync(["decode", .. files, .. parties.SelectMany(party => (string[])["--key-log", path.KeyLog(party)])]);

    [GeneratedRegex(@"(->|<-) (?:handshake +\d+ B  (\w+)|(ccs) )")]
    private static partial Regex RecordPattern();

    private static byte[] Flip(byte[] bytes, int at)
    {
        byte[] flipped = [.. bytes];
        flipped[at] ^= 0x40;
        return flipped;
    }
}
