using System.Buffers;

namespace Tlmsp.Http;

/// <summary>A first-in, first-out byte buffer on a pooled array, which goes back to the pool whenever it is empty.</summary>
internal sealed class PooledBuffer : IBufferWriter<byte>, IDisposable
{
    private byte[] _array = [];
    private int _start;
    private int _end;

    public int Length => _end - _start;

    public ReadOnlyMemory<byte> Memory => _array.AsMemory(_start, Length);

    public int CopyTo(Span<byte> destination)
    {
        int count = Math.Min(Length, destination.Length);
        _array.AsSpan(_start, count).CopyTo(destination);
        Consume(count);
        return count;
    }

    public void Consume(int count)
    {
        _start += count;
        if (_start == _end)
        {
            Dispose();
        }
    }

    /// <summary>Appends bytes; in contrast to the extension of that name it makes room once.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            Reserve(bytes.Length);
            bytes.CopyTo(_array.AsSpan(_end));
            _end += bytes.Length;
        }
    }

    public void Advance(int count) => _end += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _array.AsMemory(_end);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _array.AsSpan(_end);
    }

    public void Dispose()
    {
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
        }

        _array = [];
        _start = 0;
        _end = 0;
    }

    private void Reserve(int count)
    {
        if (_array.Length - _end >= count)
        {
            return;
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(4096, Length + count));
        int length = Length;
        _array.AsSpan(_start, length).CopyTo(larger);
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
        }

        _array = larger;
        _start = 0;
        _end = length;
    }
}
