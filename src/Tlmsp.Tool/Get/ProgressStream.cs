using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Get;

/// <summary>A file on its way out that tells how far it is.</summary>
internal sealed class ProgressStream(FileStream file, ToolConsole console, string what) : Stream
{
    private readonly Progress _progress = new(console, what, file.Length);

    public override bool CanRead => true;

    public override bool CanWrite => false;

    public override bool CanSeek => true;   // gives the request its Content-Length

    public override long Length => file.Length;

    public override long Position
    {
        get => file.Position;
        set => file.Position = value;
    }

    public override int Read(byte[] buffer, int offset, int count) => Told(file.Read(buffer, offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Told(await file.ReadAsync(buffer, cancellationToken).ConfigureAwait(false));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => file.Seek(offset, origin);

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _progress.Dispose();
            file.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Told(int count)
    {
        if (count > 0)
        {
            _progress.Add(count);
        }
        else
        {
            _progress.Dispose();
        }

        return count;
    }
}
