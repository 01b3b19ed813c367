using System.Buffers;

namespace Tlmsp.Http;

/// <summary>
/// Fills containers with runs of bytes: as few as possible, and none with bytes of two contexts. Holds a buffer only while one is begun.
/// </summary>
internal sealed class ContainerPacker : IDisposable
{
    private byte[]? _pending;
    private int _length;
    private byte _contextId;

    /// <summary>Takes a run of bytes; emits what is full, or of another context.</summary>
    public void Append(byte contextId, ReadOnlySpan<byte> bytes, IHttpContainerSink sink)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        if (_length > 0 && contextId != _contextId)
        {
            Flush(sink);
        }

        _contextId = contextId;
        int capacity = ContainerWriter.MaxPlaintext;
        while (!bytes.IsEmpty)
        {
            // A whole container's worth at hand needs no copy.
            if (_length == 0 && bytes.Length >= capacity)
            {
                sink.Emit(contextId, bytes[..capacity]);
                bytes = bytes[capacity..];
                continue;
            }

            _pending ??= ArrayPool<byte>.Shared.Rent(capacity);
            int run = Math.Min(bytes.Length, capacity - _length);
            bytes[..run].CopyTo(_pending.AsSpan(_length));
            _length += run;
            bytes = bytes[run..];
            if (_length == capacity)
            {
                _length = 0;
                sink.Emit(contextId, _pending.AsSpan(0, capacity));
            }
        }
    }

    /// <summary>Emits what is pending.</summary>
    public void Flush(IHttpContainerSink sink)
    {
        if (_length > 0)
        {
            int length = _length;
            _length = 0;
            sink.Emit(_contextId, _pending.AsSpan(0, length));
        }

        Dispose();
    }

    /// <summary>Gives the buffer back, unless something is pending.</summary>
    public void Dispose()
    {
        if (_pending is { } pending && _length == 0)
        {
            _pending = null;
            ArrayPool<byte>.Shared.Return(pending);
        }
    }
}
