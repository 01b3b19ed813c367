using System.Buffers;
using System.IO.Pipelines;

namespace Tlmsp.AspNetCore;

/// <summary>Tells how many bytes the reader of a pipe has consumed.</summary>
internal sealed class ConsumptionReader(PipeReader inner, Action<long> consumed) : PipeReader
{
    private ReadOnlySequence<byte> _buffer;

    public override bool TryRead(out ReadResult result)
    {
        bool read = inner.TryRead(out result);
        _buffer = result.Buffer;
        return read;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ValueTask<ReadResult> read = inner.ReadAsync(cancellationToken);
        return read.IsCompletedSuccessfully ? new(Keep(read.Result)) : AwaitAsync(read);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        Count(consumed);
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    private async ValueTask<ReadResult> AwaitAsync(ValueTask<ReadResult> read) => Keep(await read.ConfigureAwait(false));

    private ReadResult Keep(ReadResult result)
    {
        _buffer = result.Buffer;
        return result;
    }

    private void Count(SequencePosition to)
    {
        long length = _buffer.IsEmpty ? 0 : _buffer.Slice(_buffer.Start, to).Length;
        _buffer = default;
        if (length > 0)
        {
            consumed(length);
        }
    }
}
