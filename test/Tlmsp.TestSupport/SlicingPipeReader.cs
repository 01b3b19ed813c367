using System.Buffers;
using System.IO.Pipelines;

namespace Tlmsp.TestSupport;

/// <summary>Hands out what arrives a few bytes at a time, as if each few had come in a read of their own.</summary>
public sealed class SlicingPipeReader(PipeReader inner, int sliceBytes) : PipeReader
{
    private ReadOnlySequence<byte> _held;
    private long _shown;
    private bool _isHolding;
    private bool _isCompleted;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (!_isHolding)
        {
            ReadResult result = await inner.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (result.IsCanceled)
            {
                return result;
            }

            _isHolding = true;
            _held = result.Buffer;
            _isCompleted = result.IsCompleted;
        }

        _shown = Math.Min(_shown + sliceBytes, _held.Length);
        return new ReadResult(_held.Slice(0, _shown), isCanceled: false, _isCompleted && _shown == _held.Length);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_isHolding)
        {
            inner.AdvanceTo(consumed, examined);
            return;
        }

        long taken = _held.Slice(0, consumed).Length;
        if (_shown < _held.Length)
        {
            // The rest was not shown yet, so the reader underneath does not have to wait for more.
            _held = _held.Slice(taken);
            _shown -= taken;
            return;
        }

        _isHolding = false;
        _shown = _held.Length - taken;
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override bool TryRead(out ReadResult result) => throw new NotSupportedException();
}
