using System.Buffers;
using System.Buffers.Binary;
using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;

namespace Tlmsp.Tests.Records;

/// <summary>No nonce occurs twice under one key. All writers of a direction share one reader and one writer key per context.</summary>
public class NonceTests
{
    private const int Each = 1 << 18;

    /// <summary>
    /// 2^20 containers in one direction: the client's own, each of them changed by one middlebox and again by the next, and as many that
    /// this one inserts. All are sealed under the same keys of context 1.
    /// </summary>
    [Fact]
    public void No_nonce_occurs_twice_in_2_to_the_20_containers()
    {
        using InMemoryPath path = new PathOptions("1=rw|1=rw", audited: false).Make().Connect();
        var fragments = new UInt128[4 * Each];
        var forwarding = new UInt128[4 * Each];
        int count = 0;
        var hops = new ArrayBufferWriter<byte>[] { new(1 << 18), new(1 << 18), new(1 << 18) };
        var handler = new HostileMiddlebox.Always(RelayAction.Modify, "x"u8.ToArray());
        for (int sent = 0; sent < Each;)
        {
            Array.ForEach(hops, hop => hop.ResetWrittenCount());
            for (int i = 0; i < 1024; i++, sent++)
            {
                path.Client!.Writer.Write(1, "x"u8, hops[0]);
                path.Middleboxes[1]!.ClientToServer.Insert(1, "y"u8, hops[2]);
            }

            for (int i = 0; i < 2; i++)
            {
                var input = new ReadOnlySequence<byte>(hops[i].WrittenMemory);
                while (path.Middleboxes[i]!.ClientToServer.TryRelay(ref input, handler, hops[i + 1]))
                {
                }

                Assert.True(input.IsEmpty);
            }

            foreach (ArrayBufferWriter<byte> hop in hops)
            {
                Collect(hop.WrittenSpan, fragments, forwarding, ref count);
            }
        }

        Assert.Equal(4 * Each, count);
        AssertDistinct(fragments);
        AssertDistinct(forwarding);

        // Reader and writer keys take the fragments' nonces, synch and pair keys those of the forwarding MACs; every author has its own.
        byte[] authors = [.. fragments.Select(nonce => (byte)(nonce >> 88)).Distinct()];
        Assert.Equal(path.Server!.Info.Middleboxes.Select(middlebox => middlebox.Id).Append(TlmspDialect.Client).Order(), authors.Order());
    }

    /// <summary>The two halves of a middlebox, and two sessions, start anywhere.</summary>
    [Fact]
    public void Every_half_starts_somewhere_else()
    {
        var starts = new HashSet<UInt128>();
        Span<byte> nonce = stackalloc byte[TlmspDialect.NonceLength];
        for (int i = 0; i < 1000; i++)
        {
            new CounterNonceSource(0x6b, TlmspRandom.System).Next(nonce);
            Assert.Equal(0x6b, nonce[0]);
            starts.Add(Read(nonce));
        }

        Assert.Equal(1000, starts.Count);
    }

    [Fact]
    public void A_counter_that_wraps_keeps_the_entity_and_goes_on()
    {
        var source = new CounterNonceSource(0x6b, new AllOnes());
        byte[] first = new byte[TlmspDialect.NonceLength];
        byte[] second = new byte[TlmspDialect.NonceLength];
        source.Next(first);
        source.Next(second);
        Assert.Equal("6b0000000000000000000000", Convert.ToHexStringLower(first));
        Assert.Equal("6b0000000000000000000001", Convert.ToHexStringLower(second));
    }

    private static void Collect(ReadOnlySpan<byte> records, UInt128[] fragments, UInt128[] forwarding, ref int count)
    {
        const int fromEnd = 28;     // nonce and check MAC are the last of a container without trail
        while (!records.IsEmpty)
        {
            int end = RecordHeader.Size + BinaryPrimitives.ReadUInt16BigEndian(records[3..]);
            ReadOnlySpan<byte> container = records[(RecordHeader.Size + TlmspDialect.SessionIdLength)..end];
            int mInfo = (container[1] & 0xc0) == 0 ? 0 : 2;
            fragments[count] = Read(container.Slice(5 + mInfo, TlmspDialect.NonceLength));
            forwarding[count++] = Read(container.Slice(container.Length - fromEnd, TlmspDialect.NonceLength));
            records = records[end..];
        }
    }

    private static UInt128 Read(ReadOnlySpan<byte> nonce) =>
        new(BinaryPrimitives.ReadUInt32BigEndian(nonce), BinaryPrimitives.ReadUInt64BigEndian(nonce[4..]));

    private static void AssertDistinct(UInt128[] nonces)
    {
        Array.Sort(nonces);
        for (int i = 1; i < nonces.Length; i++)
        {
            if (nonces[i] == nonces[i - 1])
            {
                Assert.Fail($"nonce {nonces[i]:x} occurs twice");
            }
        }
    }

    private sealed class AllOnes : TlmspRandom
    {
        public override void Fill(Span<byte> buffer) => buffer.Fill(0xff);
    }
}
