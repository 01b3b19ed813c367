namespace Tlmsp.Tool.Tests;

/// <summary>Capture files: the same conversation in every kind of frame, and what captures lack.</summary>
public sealed class DecodeCaptureTests : ToolTest
{
    private const int Client = 51000;
    private const int Server = 7001;
    private const byte Syn = 2;
    private const byte Ack = 16;
    private const string Section = "0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000";

    public static TheoryData<string> Kinds => [.. CaptureWriter.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Every_kind_of_capture_gives_the_same_listing_although_segments_are_cut_repeated_and_out_of_order(string kind)
    {
        using var path = new CapturedPath(Folder);
        var writer = new CaptureWriter(kind);
        Play(writer, path, scramble: true);

        ToolRun run = await DecodeAsync(path, writer);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("1 connections that begin like TLS, 1 others", run.Error, StringComparison.Ordinal);
        Assert.Contains($":{Client} -> ", run.Lines[0], StringComparison.Ordinal);
        Assert.Contains("secret content", run.Out, StringComparison.Ordinal);
        Assert.Contains("an answer", run.Out, StringComparison.Ordinal);
        Assert.Matches("6 containers; MACs: [0-9]+ ok, 0 FAILED, 0 without key; 0 faults", run.Lines[^1]);
        Assert.Matches("^ +1 +0\\.[0-9]{6} -> handshake", run.Lines[1]);
    }

    [Fact]
    public async Task A_capture_that_began_late_or_reversed_finds_the_client_by_its_hello()
    {
        using var path = new CapturedPath(Folder);
        var writer = new CaptureWriter("pcap raw IPv4");
        Play(writer, path, scramble: false, syn: false);

        ToolRun run = await DecodeAsync(path, writer);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("127.0.0.1:51000 -> 127.0.0.1:7001", run.Lines[0], StringComparison.Ordinal);
        Assert.Contains("0 without key; 0 faults", run.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_on_the_same_ports_one_after_the_other_are_told_apart()
    {
        using var path = new CapturedPath(Folder);
        var writer = new CaptureWriter("pcap raw IPv4");
        Play(writer, path, scramble: false);
        Play(writer, path, scramble: false, start: 77_000);

        ToolRun run = await DecodeAsync(path, writer);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(2, run.Lines.Count(line => line.StartsWith("== 127.0.0.1:51000", StringComparison.Ordinal)));
        Assert.Contains("12 containers", run.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_packets_and_packets_in_part_are_said()
    {
        using var path = new CapturedPath(Folder);
        var gap = new CaptureWriter("pcap raw IPv4");
        Play(gap, path, scramble: false, drop: 3);
        var cut = new CaptureWriter("pcap raw IPv4");
        Play(cut, path, scramble: false, keep: 100);

        ToolRun withGap = await DecodeAsync(path, gap);
        ToolRun inPart = await DecodeAsync(path, cut);

        Assert.Contains("packets are missing from the capture", withGap.Error, StringComparison.Ordinal);
        Assert.Contains("packets were captured in part; capture whole ones (tcpdump -s 0)", inPart.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("FAULT", withGap.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_ends_inside_a_packet_is_read_as_far_as_it_goes()
    {
        using var path = new CapturedPath(Folder);
        foreach (string kind in (string[])["pcap raw IPv4", "pcapng raw IPv4"])
        {
            var writer = new CaptureWriter(kind);
            Play(writer, path, scramble: false);
            File.WriteAllBytes(PathOf("hop.pcap"), writer.ToFile()[..^7]);

            ToolRun run = await ToolRun.OfAsync(["decode", PathOf("hop.pcap"), "--key-log", path.KeyLog("client")]);

            Assert.Equal(0, run.ExitCode);
            Assert.Contains("ends inside a packet", run.Error, StringComparison.Ordinal);
            Assert.Contains("ClientHello", run.Out, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Only_the_port_that_was_asked_for_shows()
    {
        using var path = new CapturedPath(Folder);
        var writer = new CaptureWriter("pcap raw IPv4");
        Play(writer, path, scramble: false);
        File.WriteAllBytes(PathOf("hop.pcap"), writer.ToFile());

        ToolRun other = await ToolRun.OfAsync(["decode", PathOf("hop.pcap"), "--port", "1"]);
        ToolRun asked = await ToolRun.OfAsync(["decode", PathOf("hop.pcap"), "--port", "7001"]);

        Assert.Contains("0 connections", other.Error, StringComparison.Ordinal);
        Assert.Contains("1 connections", asked.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "too short to be a capture")]
    [InlineData("4854545020474554202f20485454502f312e310d0a0d0a0d0a0d0a", "neither a pcap nor a pcapng file")]
    [InlineData("0a0d0d0a1c000000000000000100000000000000000000001c000000", "has no byte order")]
    [InlineData("0a0d0d0a0b0000004d3c2b1a01000000ffffffffffffffff1c000000", "claims to be 11 bytes long")]
    [InlineData(Section + "0600000020000000000000000000000000000000000000000000000020000000", "names interface 0")]
    [InlineData(Section + "010000000c0000000c000000", "the interface block at 28 is too short")]
    public async Task A_file_that_is_no_capture_is_a_usage_error(string hex, string message)
    {
        File.WriteAllBytes(PathOf("odd"), Convert.FromHexString(hex));

        ToolRun run = await ToolRun.OfAsync(["decode", PathOf("odd")]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damaged_packets_crash_nothing()
    {
        using var path = new CapturedPath(Folder);
        var random = new Random(4711);
        foreach (string kind in CaptureWriter.Kinds)
        {
            var writer = new CaptureWriter(kind);
            Play(writer, path, scramble: false);
            byte[] file = writer.ToFile();
            for (int i = 0; i < 40; i++)
            {
                byte[] damaged = [.. file];
                for (int flips = 0; flips < 8; flips++)
                {
                    damaged[random.Next(24, damaged.Length)] = (byte)random.Next(256);
                }

                File.WriteAllBytes(PathOf("hop.pcap"), damaged);
                ToolRun run = await ToolRun.OfAsync(["decode", PathOf("hop.pcap"), "--key-log", path.KeyLog("client")]);
                Assert.InRange(run.ExitCode, 0, 2);
            }
        }
    }

    private async Task<ToolRun> DecodeAsync(CapturedPath path, CaptureWriter writer)
    {
        File.WriteAllBytes(PathOf("hop.pcap"), writer.ToFile());
        return await ToolRun.OfAsync(
            ["decode", PathOf("hop.pcap"), "--key-log", path.KeyLog("client"), "--key-log", path.KeyLog("server")]);
    }

    /// <summary>Writes hop 0 as segments of at most 300 bytes, sequence numbers wrapping on the way.</summary>
    private static void Play(
        CaptureWriter writer, CapturedPath path, bool scramble, bool syn = true, uint start = uint.MaxValue - 700, int drop = -1,
        int keep = int.MaxValue)
    {
        uint up = start;
        uint down = start + 5_000_000;
        if (syn)
        {
            writer.Segment(Client, Server, up++, Syn, []);
            writer.Segment(Server, Client, down++, Syn | Ack, []);
        }

        if (scramble)
        {
            writer.Noise();
            writer.Segment(Client, 80, 1, Ack, "GET / HTTP/1.1"u8);
        }

        (List<byte[]> toServer, List<byte[]> toClient) = path.Hop(0);
        int number = 0;
        byte[] hello = toServer[0];
        byte[] answer = [.. toClient.SelectMany(write => write)];
        byte[] rest = [.. toServer.Skip(1).SelectMany(write => write)];
        Send(Client, Server, ref up, hello);
        Send(Server, Client, ref down, answer);
        Send(Client, Server, ref up, rest);

        void Send(int from, int to, ref uint sequence, byte[] bytes)
        {
            var segments = new List<(uint Sequence, byte[] Data)>();
            for (int at = 0; at < bytes.Length; at += 300)
            {
                byte[] data = bytes[at..Math.Min(at + 300, bytes.Length)];
                segments.Add((sequence, data));
                sequence += (uint)data.Length;
            }

            if (scramble && segments.Count > 2)
            {
                (segments[0], segments[1]) = (segments[1], segments[0]);                    // out of order
                segments.Add(segments[2]);                                                  // repeated
                segments.Insert(3, (segments[1].Sequence, [.. segments[1].Data, .. segments[0].Data[..50]]));   // overlapping
            }

            foreach ((uint at, byte[] data) in segments)
            {
                if (number++ != drop)
                {
                    writer.Segment(from, to, at, Ack, data, keep);
                }
            }
        }
    }
}
