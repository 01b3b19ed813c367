using System.Buffers;
using System.Diagnostics;
using Tlmsp.TestSupport;

namespace Tlmsp.Benchmarks;

/// <summary>
/// Containers of 16000 bytes from the client to the server, all parties on one thread, and what each container allocates. Beside
/// stands the reference stack's figure on such a machine, or the bare cryptography in the same run.
/// </summary>
internal static class InMemoryBulk
{
    private const int Size = 16_000;
    private const byte Context = 2;

    public static void Run(Report report, TimeSpan time)
    {
        var modifier = new Modifier();
        Measure(report, time, "0 middleboxes", null, 300, 191);
        Measure(report, time, "1 middlebox, no access", null, null, 135, Grant.Read(1));
        Measure(report, time, "1 middlebox, reader", null, 200, 120, Grant.Read(Context));
        Measure(report, time, "1 middlebox, writer untouched", null, null, null, Grant.Write(Context));
        Measure(report, time, "1 middlebox, writer modifying", modifier, null, null, Grant.Write(Context));
        Measure(report, time, "2 middleboxes, no access", null, null, null, Grant.Read(1), Grant.Read(1));
        Measure(report, time, "2 middleboxes, readers", null, null, null, Grant.Read(Context), Grant.Read(Context));
        Measure(report, time, "2 middleboxes, writers untouched", null, null, null, Grant.Write(Context), Grant.Write(Context));
        Measure(report, time, "2 middleboxes, writers modifying", modifier, null, null, Grant.Write(Context), Grant.Write(Context));
        RelayAlone(report, time);
        SmallContainers(report, time);
    }

    private static void Measure(
        Report report, TimeSpan time, string name, IContainerRelayHandler? handler, double? target, double? reference, params Grant[] grants)
    {
        using InMemoryPath path = new BenchPath(audited: false, grants).Connect();
        using var bare = new BareCrypto(Size);
        var line = new Line(path, handler, Size);
        (double seconds, double atLeast, double quotient) = Paired.Measure(line.Pass, bare.SendAndReceive, time);
        report.Add("bulk", name, Size / seconds / 1e6, "MB/s", target, reference);
        report.Add("bulk, against the endpoints' bare cryptography", name, 1e6 * seconds, "us", null, 1e6 * atLeast, quotient);
        report.Add("allocated per container", name, line.AllocatedPerContainer(), "B", 0, null);
    }

    /// <summary>What one middlebox without access costs by itself: the same records are relayed again and again.</summary>
    private static void RelayAlone(Report report, TimeSpan time)
    {
        // A relay checks sequence numbers, so each container passes once: batches are made outside the measured time.
        using InMemoryPath path = new BenchPath(audited: false, Grant.Read(1)).Connect();
        byte[] data = new byte[Size];
        var made = new ReusableBuffer();
        var relayed = new ReusableBuffer();
        var perContainer = new List<double>();
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < time)
        {
            made.Clear();
            for (int i = 0; i < 256; i++)
            {
                path.Client!.Writer.Write(Context, data, made);
            }

            relayed.Clear();
            ReadOnlySequence<byte> input = made.Written;
            long from = Stopwatch.GetTimestamp();
            while (path.Middleboxes[0]!.ClientToServer.TryRelay(ref input, null, relayed))
            {
            }

            perContainer.Add(Stopwatch.GetElapsedTime(from).TotalSeconds / 256);
        }

        perContainer.Sort();
        report.Add("bulk", "relay alone, no access", Size / perContainer[perContainer.Count / 2] / 1e6, "MB/s", 1000, null);
    }

    private static void SmallContainers(Report report, TimeSpan time)
    {
        using InMemoryPath path = new BenchPath(audited: false).Connect();
        foreach (int size in (int[])[64, 1024, 4000])
        {
            using var bare = new BareCrypto(size);
            (double seconds, double atLeast, double quotient) = Paired.Measure(new Line(path, null, size).Pass, bare.SendAndReceive, time);
            report.Add("container, sender and receiver", $"{size} bytes", 1e6 * seconds, "us", null, 1e6 * atLeast, quotient);
        }
    }

    /// <summary>Client, middleboxes and server in a row, one container at a time.</summary>
    private sealed class Line(InMemoryPath path, IContainerRelayHandler? handler, int size)
    {
        private readonly ReusableBuffer[] _hops = [.. path.Hops.Select(_ => new ReusableBuffer())];
        private readonly Sink _sink = new();
        private readonly byte[] _data = new byte[size];

        /// <summary>Allocations of the steady path, after everything has been used once.</summary>
        public double AllocatedPerContainer()
        {
            const int count = 10_000;
            Pass();
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < count; i++)
            {
                Pass();
            }

            return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)count;
        }

        public void Pass()
        {
            long before = _sink.Bytes;
            _hops[0].Clear();
            path.Client!.Writer.Write(Context, _data, _hops[0]);
            for (int i = 0; i < path.Middleboxes.Length; i++)
            {
                _hops[i + 1].Clear();
                ReadOnlySequence<byte> relayed = _hops[i].Written;
                path.Middleboxes[i]!.ClientToServer.TryRelay(ref relayed, handler, _hops[i + 1]);
            }

            ReadOnlySequence<byte> input = _hops[^1].Written;
            path.Server!.Reader.TryRead(ref input, _sink);
            if (_sink.Bytes != before + _data.Length)
            {
                throw new InvalidOperationException("The container did not arrive.");
            }
        }
    }

    private sealed class Sink : IContainerReceiver
    {
        public long Bytes { get; private set; }

        public void OnContainer(in ReceivedContainer container) => Bytes += container.Plaintext.Length;
    }

    /// <summary>Changes every container: the same length, the first byte another.</summary>
    private sealed class Modifier : IContainerRelayHandler
    {
        public RelayAction OnContainer(in RelayedContainer container, IBufferWriter<byte> replacement)
        {
            Span<byte> room = replacement.GetSpan(container.Plaintext.Length);
            container.Plaintext.CopyTo(room);
            room[0] ^= 1;
            replacement.Advance(container.Plaintext.Length);
            return RelayAction.Modify;
        }
    }
}
