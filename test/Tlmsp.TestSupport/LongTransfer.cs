using System.Net;

namespace Tlmsp.TestSupport;

/// <summary>A transfer longer than all buffers on its way, and how far its sender has come.</summary>
public sealed class LongTransfer
{
    public const long Length = 200_000_000;
    private long _sent;

    public long Sent => Interlocked.Read(ref _sent);

    public async Task SendAsync(Func<ReadOnlyMemory<byte>, ValueTask> send)
    {
        byte[] chunk = new byte[100_000];
        for (long sent = 0; sent < Length; sent += chunk.Length)
        {
            Interlocked.Add(ref _sent, chunk.Length);   // before, so that a reader is never ahead
            await send(chunk);
        }
    }

    /// <summary>Waits until nothing has moved for a second, or everything is sent.</summary>
    public async Task<long> WaitUntilHeldBackAsync()
    {
        long before = -1;
        for (int seconds = 0; seconds < 60 && (Sent != before || before == 0); seconds++)
        {
            before = Sent;
            await Task.Delay(1000);
        }

        return before;
    }
}

/// <summary>The transfer as the content of a request.</summary>
public sealed class LongContent(LongTransfer transfer) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        transfer.SendAsync(chunk => stream.WriteAsync(chunk));

    protected override bool TryComputeLength(out long length)
    {
        length = LongTransfer.Length;
        return true;
    }
}
