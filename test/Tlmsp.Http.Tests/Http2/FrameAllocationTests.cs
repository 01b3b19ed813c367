using System.Buffers;

namespace Tlmsp.Http.Tests.Http2;

/// <summary>What splitting and joining costs in memory once a connection runs.</summary>
public class FrameAllocationTests
{
    private const int Rounds = 1000;
    private static readonly HttpProfile s_profile = HttpProfile.Five;

    [Fact]
    public void Frames_and_streams_are_split_and_joined_without_allocation()
    {
        var joiner = new Http2Joiner(HttpDirection.Request, new Http2Streams(), s_profile, HttpFramerLimits.Default);
        var path = new Path(joiner);
        using var splitter = new Http2Splitter(HttpDirection.Request, new Http2Streams(), s_profile, HttpFramerLimits.Default);
        byte[] data = Frames.Make(0, 0, 1, new byte[16_384]);
        byte[] update = Frames.Make(8, 0, 1, 0, 0, 0, 9);
        byte[] reset = Frames.Make(3, 0, 3, 0, 0, 0, 8);
        byte[] head = Frames.Headers(3);
        splitter.Write(Frames.ClientStart, path);
        splitter.Write(Frames.Headers(1), path);
        uint stream = 3;
        Run(Rounds);    // also fills the memory of resets

        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(Rounds);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(2L * Rounds * (data.Length + update.Length + reset.Length + head.Length) + Frames.ClientStart.Length + 12, path.Bytes);
        Assert.Equal(0, allocated);

        void Run(int rounds)
        {
            for (int i = 0; i < rounds; i++, stream += 2)
            {
                System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(5), stream);
                System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(reset.AsSpan(5), stream);
                splitter.Write(head, path);
                splitter.Write(data, path);
                splitter.Write(update, path);
                splitter.Write(reset, path);
                splitter.Flush(path);
            }
        }
    }

    /// <summary>Takes each container straight to the other end.</summary>
    private sealed class Path(Http2Joiner joiner) : IHttpContainerSink
    {
        private readonly ArrayBufferWriter<byte> _joined = new(64 * 1024);

        public long Bytes { get; private set; }

        public void Emit(byte contextId, ReadOnlySpan<byte> plaintext)
        {
            joiner.Accept(s_profile.RoleOf(contextId, HttpDirection.Request), contextId, plaintext, _joined);
            Bytes += _joined.WrittenCount;
            _joined.ResetWrittenCount();
        }
    }
}
