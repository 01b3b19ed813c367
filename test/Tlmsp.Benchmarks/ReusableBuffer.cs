using System.Buffers;

namespace Tlmsp.Benchmarks;

/// <summary>A buffer that is written, read as a sequence, and emptied, without ever being replaced once it is large enough.</summary>
internal sealed class ReusableBuffer : IBufferWriter<byte>
{
    private byte[] _array = new byte[256 * 1024];
    private int _length;

    public ReadOnlySequence<byte> Written => new(_array, 0, _length);

    public void Clear() => _length = 0;

    public void Advance(int count) => _length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _array.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _array.AsSpan(_length);
    }

    private void Reserve(int sizeHint)
    {
        if (_array.Length - _length < Math.Max(sizeHint, 1))
        {
            Array.Resize(ref _array, Math.Max(2 * _array.Length, _length + sizeHint));
        }
    }
}
