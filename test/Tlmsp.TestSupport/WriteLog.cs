using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Tlmsp.Http;

namespace Tlmsp.TestSupport;

/// <summary>The writes of one party to one connection, by size. A write is a flush that carries bytes, which is one send.</summary>
public sealed class WriteLog
{
    private readonly List<long> _sizes = [];
    private readonly SemaphoreSlim _added = new(0);

    /// <summary>Awaited before a write of an endpoint, with the number of writes so far: fixes an order that is otherwise open.</summary>
    public Func<int, Task>? BeforeWrite { get; set; }

    public long[] Sizes
    {
        get
        {
            lock (_sizes)
            {
                return [.. _sizes];
            }
        }
    }

    public int Count => Sizes.Length;

    /// <summary>True when every socket sends what is written at once: then no write waits for an acknowledgement of the one before.</summary>
    public bool NoDelay { get; private set; } = true;

    /// <summary>Takes note of how a connection's socket sends.</summary>
    public void Watch(ConnectionContext connection) =>
        NoDelay &= connection.Features.Get<IConnectionSocketFeature>() is { Socket.NoDelay: true };

    public void Add(long size)
    {
        if (size > 0)
        {
            lock (_sizes)
            {
                _sizes.Add(size);
            }

            _added.Release();
        }
    }

    /// <summary>Waits until there have been so many writes; for one waiter at a time.</summary>
    public async Task WaitForAsync(int count)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (Count < count)
        {
            await _added.WaitAsync(timeout.Token);
        }
    }
}

/// <summary>An endpoint's transport that logs writes.</summary>
public sealed class LoggingTransport(ITlmspTransport inner, WriteLog log) : ITlmspTransport, IBufferWriter<byte>
{
    private long _unflushed;

    public PipeReader Input => inner.Input;

    public IBufferWriter<byte> Output => this;

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (_unflushed > 0 && log.BeforeWrite is { } before)
        {
            await before(log.Count);
        }

        log.Add(_unflushed);
        _unflushed = 0;
        await inner.FlushAsync(cancellationToken);
    }

    public void Advance(int count)
    {
        _unflushed += count;
        inner.Output.Advance(count);
    }

    public Memory<byte> GetMemory(int sizeHint = 0) => inner.Output.GetMemory(sizeHint);

    public Span<byte> GetSpan(int sizeHint = 0) => inner.Output.GetSpan(sizeHint);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

/// <summary>A connection of Kestrel's that logs writes, and may hand out what arrives a few bytes at a time.</summary>
public sealed class LoggingDuplexPipe(IDuplexPipe inner, WriteLog log, int? sliceBytes = null) : IDuplexPipe
{
    public PipeReader Input { get; } = sliceBytes is { } slice ? new SlicingPipeReader(inner.Input, slice) : inner.Input;

    public PipeWriter Output { get; } = new LoggingPipeWriter(inner.Output, log);

    private sealed class LoggingPipeWriter(PipeWriter inner, WriteLog log) : PipeWriter
    {
        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes) => inner.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null)
        {
            log.Add(inner.UnflushedBytes);
            inner.Complete(exception);
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            log.Add(inner.UnflushedBytes);
            return inner.FlushAsync(cancellationToken);
        }
    }
}
