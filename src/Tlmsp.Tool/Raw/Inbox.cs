using System.Buffers;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Raw;

/// <summary>What has arrived per context and was not asked for yet. One side adds, the other takes.</summary>
internal sealed class Inbox
{
    private readonly Lock _lock = new();
    private readonly Dictionary<byte, ArrayBufferWriter<byte>> _data = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _ended;

    public void Add(byte context, ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            if (!_data.TryGetValue(context, out ArrayBufferWriter<byte>? buffer))
            {
                _data[context] = buffer = new ArrayBufferWriter<byte>();
            }

            buffer.Write(data);
            Signal();
        }
    }

    /// <summary>Nothing more arrives.</summary>
    public void End()
    {
        lock (_lock)
        {
            _ended = true;
            Signal();
        }
    }

    /// <summary>Takes up to <paramref name="count"/> bytes of a context, at least one.</summary>
    /// <exception cref="FailedException">The other side has closed.</exception>
    /// <exception cref="TimeoutException">Nothing came in time.</exception>
    public async Task<byte[]> TakeAsync(byte context, int count, TimeSpan timeout, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_data.TryGetValue(context, out ArrayBufferWriter<byte>? buffer) && buffer.WrittenCount > 0)
                {
                    byte[] taken = buffer.WrittenSpan[..Math.Min(count, buffer.WrittenCount)].ToArray();
                    byte[] rest = buffer.WrittenSpan[taken.Length..].ToArray();
                    buffer.ResetWrittenCount();
                    buffer.Write(rest);
                    return taken;
                }

                if (_ended)
                {
                    throw new FailedException($"The other side closed, and {count} more bytes were expected in context {context}.");
                }

                changed = _changed.Task;
            }

            await WaitAsync(changed, $"data in context {context}", timeout, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until nothing more arrives.</summary>
    /// <exception cref="TimeoutException">It did not end in time.</exception>
    public async Task WaitForEndAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_ended)
                {
                    return;
                }

                changed = _changed.Task;
            }

            await WaitAsync(changed, "the other side to close", timeout, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task WaitAsync(Task changed, string what, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            await changed.WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"waited {timeout.TotalSeconds} s for {what}", e);
        }
    }

    private void Signal()
    {
        TaskCompletionSource changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }
}
