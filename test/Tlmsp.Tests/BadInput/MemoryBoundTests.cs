using System.Buffers;
using System.Buffers.Binary;
using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;
using Tlmsp.Tests.Messages;

namespace Tlmsp.Tests.BadInput;

/// <summary>
/// What a peer can make us allocate before anybody has authenticated anybody is bounded by what it sends. Bytes allocated are an upper
/// bound of bytes held.
/// </summary>
public class MemoryBoundTests
{
    private const int PerByte = 24;
    private const int PerByteOfLongPaths = 48;
    private const int Fixed = 64 * 1024;

    private static readonly Dictionary<string, Func<byte[]>> s_hellos = new()
    {
        ["251 middleboxes"] = () => Hello(251, 1, "tlmsp://a.example"),
        ["31 middleboxes with addresses of 2048 bytes"] = () => Hello(31, 1, $"tlmsp://a.example/{new string('a', 2030)}"),
        ["120 middleboxes with 255 grants each"] = () => Hello(120, 255, "tlmsp://a"),
        ["255 contexts with purposes of 240 bytes"] = () => Hello(1, 255, "tlmsp://a", new string('p', 240)),
        ["16000 empty extensions"] = () => Change(hello => hello.Extensions.AddRange(
            Enumerable.Range(0x1000, 16_000).Select(type => ((ushort)type, Array.Empty<byte>())))),
        ["32000 cipher suites"] = () => Change(hello => hello.Suites = new byte[64_000]),
        ["32000 groups"] = () => Change(hello => hello.Replace(10, [0xf9, 0xfe, .. new byte[0xf9fe]])),
        ["32000 signature schemes"] = () => Change(hello => hello.Replace(13, [0xf9, 0xfe, .. new byte[0xf9fe]])),
        ["15000 host names"] = () => Change(hello => hello.Replace(
            0, [0xea, 0x60, .. Enumerable.Repeat(new byte[] { 0, 0, 1, 97 }, 15_000).SelectMany(one => one)])),
        ["a hello of an ordinary size"] = () => Change(_ => { }),
    };

    private static readonly Dictionary<string, Func<byte[]>> s_certificates = new()
    {
        ["32 KB that are no certificate"] = () => Certificates(new byte[32_000]),
        ["64 KB that are no certificate"] = () => Certificates(new byte[64_000]),
        ["16 certificates of 2 KB"] = () => Certificates([.. Enumerable.Repeat(new byte[2000], 16)]),
        ["8000 certificates of one byte"] = () => Certificates([.. Enumerable.Repeat(new byte[1], 8000)]),
        ["20000 empty certificates"] = () => Certificates([.. Enumerable.Repeat(Array.Empty<byte>(), 20_000)]),
        ["16 good certificates"] = () => Certificates([.. Enumerable.Repeat(TestCertificates.Get("server.example").Leaf.RawData, 16)]),
    };

    public static TheoryData<string> Hellos => [.. s_hellos.Keys];

    public static TheoryData<string> CertificateLists => [.. s_certificates.Keys];

    [Theory]
    [MemberData(nameof(Hellos))]
    public void A_hello_at_a_server(string name)
    {
        byte[] record = Record(0x0301, s_hellos[name]());
        Bound(record.Length, () =>
        {
            using var server = new TlmspServerHandshake(new PathOptions("", audited: false).Server);
            return Feed(server.Process, record);
        });
    }

    /// <summary>With every limit raised as far as it goes the path of 251 is set up, and held until the peer is done or late.</summary>
    [Theory]
    [MemberData(nameof(Hellos))]
    public void A_hello_at_a_server_without_limits(string name)
    {
        byte[] record = Record(0x0301, s_hellos[name]());
        Bound(record.Length, () =>
        {
            TlmspServerOptions options = new PathOptions("", audited: false).Server;
            options.Limits.MaxMiddleboxes = TlmspDialect.MaxMiddleboxes;
            using var server = new TlmspServerHandshake(options);
            return Feed(server.Process, record);
        }, PerByteOfLongPaths);
    }

    [Theory]
    [MemberData(nameof(Hellos))]
    public void A_hello_at_a_middlebox(string name)
    {
        byte[] record = Record(0x0301, s_hellos[name]());
        Bound(record.Length, () =>
        {
            using var middlebox = new TlmspMiddleboxHandshake(new PathOptions("1=r", audited: false).Middleboxes[0]);
            var toServer = new ArrayBufferWriter<byte>();
            return Feed(
                (ref ReadOnlySequence<byte> input, IBufferWriter<byte> toClient) => middlebox.ProcessClient(ref input, toClient, toServer),
                record);
        });
    }

    [Theory]
    [MemberData(nameof(CertificateLists))]
    public void A_certificate_list_of_a_server(string name)
    {
        byte[] body = s_certificates[name]();
        int length = 0;
        Bound(() => length, () =>
        {
            using InMemoryPath path = new PathOptions("", audited: false).Make();
            path.ToClient().Rewrite(HandshakeType.Certificate, _ => body);
            byte[] flight = [];
            InMemoryPipe pipe = path.ToClient();
            Func<byte[], byte[]?> tamper = pipe.Tamper!;
            pipe.Tamper = bytes =>
            {
                flight = tamper(bytes)!;
                return null;
            };
            path.TryConnect();
            length = flight.Length;
            return Feed(path.ClientHandshake.Process, flight);
        });
    }

    [Fact]
    public void A_length_that_lies_reserves_nothing()
    {
        byte[] head = [22, 3, 1, 0xff, 0xdc, 1];
        Bound(0, () =>
        {
            using var server = new TlmspServerHandshake(new PathOptions("", audited: false).Server);
            return Feed(server.Process, head);
        });
    }

    /// <summary>60 KB that come byte by byte are not copied again with every byte.</summary>
    [Fact]
    public void A_slow_peer_costs_no_more_than_a_fast_one()
    {
        byte[] record = Record(0x0301, s_hellos["31 middleboxes with addresses of 2048 bytes"]());
        Bound(record.Length, () =>
        {
            using var server = new TlmspServerHandshake(new PathOptions("", audited: false).Server);
            var answer = new ArrayBufferWriter<byte>();
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int length = 1; length < record.Length; length++)
            {
                var input = new ReadOnlySequence<byte>(record, 0, length);
                if (server.Process(ref input, answer) != HandshakeStatus.NeedMoreData || input.Length != length)
                {
                    Assert.Fail($"something was made of the first {length} bytes");
                }
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }, fixedBytes: 0, perByte: 0);
    }

    [Fact]
    public void One_byte_per_record_ends_with_the_first_record()
    {
        byte[] message = s_hellos["a hello of an ordinary size"]();
        byte[] records = [.. message.SelectMany(one => (byte[])[22, 3, 1, 0, 1, one])];
        Bound(records.Length, () =>
        {
            using var server = new TlmspServerHandshake(new PathOptions("", audited: false).Server);
            long allocated = Feed(server.Process, records, out long left);
            Assert.Equal(records.Length - 6, left);
            return allocated;
        });
    }

    private delegate HandshakeStatus Process(ref ReadOnlySequence<byte> input, IBufferWriter<byte> output);

    private static long Feed(Process process, byte[] bytes) => Feed(process, bytes, out _);

    private static long Feed(Process process, byte[] bytes, out long left)
    {
        var input = new ReadOnlySequence<byte>(bytes);
        var output = new ArrayBufferWriter<byte>(1 << 17);
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            process(ref input, output);
        }
        catch (TlmspException)
        {
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        left = input.Length;
        return allocated;
    }

    private static void Bound(int length, Func<long> run, int perByte = PerByte, int fixedBytes = Fixed) =>
        Bound(() => length, run, perByte, fixedBytes);

    /// <summary>The second run counts: the first one also loads types and fills caches.</summary>
    private static void Bound(Func<int> length, Func<long> run, int perByte = PerByte, int fixedBytes = Fixed)
    {
        run();
        long allocated = run();
        Assert.InRange(allocated, 0, (long)perByte * length() + fixedBytes);
    }

    private static byte[] Hello(int middleboxes, int contexts, string address, string purpose = "")
    {
        byte[] ids = [.. Enumerable.Range(1, contexts).Select(id => (byte)id)];
        MiddleboxEntry[] entries =
            [.. Enumerable.Range(2, middleboxes).Select(id => new MiddleboxEntry((byte)id, TlmspAddress.Parse(address), Grant.Read(ids)))];
        return Tlmsp.ClientHello.Write(
            new byte[32], [0xc02b], "server.example", [0x1d], [0x403],
            new TlmspClientExtension(TlmspAddress.Parse("tlmsp://c"), TlmspAddress.Parse("tlmsp://server.example"), entries),
            ids.Select(id => new TlmspContext(id, purpose)));
    }

    private static byte[] Change(Action<HelloParts> change)
    {
        var parts = new HelloParts(ClientHello.Read(Hello(0, 1, "tlmsp://a").AsSpan(HandshakeMessage.HeaderLength)));
        change(parts);
        return parts.ToMessage();
    }

    private static byte[] Certificates(params byte[][] chain) =>
        CertificateMessage.Write(chain.Select(certificate => (ReadOnlyMemory<byte>)certificate))[HandshakeMessage.HeaderLength..];

    private static byte[] Record(ushort version, byte[] message)
    {
        byte[] record = [22, (byte)(version >> 8), (byte)version, 0, 0, .. message];
        BinaryPrimitives.WriteUInt16BigEndian(record.AsSpan(3), checked((ushort)message.Length));
        return record;
    }
}
