using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>One direction through the middlebox: records that arrive on one half leave on the other, one write per read.</summary>
internal sealed class RelayPump(
    ContainerRelay relay, Task<ReadResult>? handshakeRead, PipeReader input, PipeWriter output, IRelayQueue? queue)
{
    /// <summary>What is relayed before it is sent.</summary>
    public const int BatchBytes = 64 * 1024;

    private Task<ReadResult>? _pending = handshakeRead;
    private long _lastActivity = Environment.TickCount64;
    private long? _stuckSince;
    private volatile bool _released;
    private Action<byte, long, long>? _report;
    private IReadOnlyList<byte> _contexts = [];

    /// <summary>A read of the handshake that is still under way; null from its end on.</summary>
    public Task<ReadResult>? Pending => _pending;

    /// <summary>The fatal alert that passed in this direction, if any.</summary>
    public TlmspAlert? FatalAlert => relay.FatalAlert;

    /// <summary>What inspectors are shown; null without inspectors.</summary>
    public IRelayQueue? Queue => queue;

    /// <summary>Relays until the sender's or the receiver's connection ends. A full output holds the input back.</summary>
    /// <returns>True when the sender has ended in order, so that the other direction may finish; false when the path is broken.</returns>
    /// <exception cref="OperationCanceledException">The connection was ended from outside.</exception>
    /// <exception cref="TlmspException">The sender's side misbehaved.</exception>
    /// <exception cref="InspectorException">An inspector failed.</exception>
    public async Task<bool> RunAsync(CancellationToken stop, CancellationToken inspectorStop)
    {
        try
        {
            while (true)
            {
                ReadResult result = _pending is { } pending
                    ? await pending.WaitAsync(stop).ConfigureAwait(false)
                    : await input.ReadAsync(stop).ConfigureAwait(false);
                OnRead(result.IsCanceled);
                ReadOnlySequence<byte> buffer = result.Buffer;
                bool more = true;
                bool rest;
                try
                {
                    more = queue is null ? RelayBatch(ref buffer) : OpenBatch(ref buffer, queue);
                    rest = !buffer.IsEmpty;
                }
                finally
                {
                    input.AdvanceTo(buffer.Start, more ? buffer.Start : buffer.End);
                }

                if (queue is not null)
                {
                    await queue.InspectAsync(inspectorStop).ConfigureAwait(false);
                    queue.Release(relay, output);
                }

                Count();
                if (output.UnflushedBytes > 0 && (await output.FlushAsync(stop).ConfigureAwait(false)).IsCompleted)
                {
                    return false;
                }

                if (queue is { IsOver: true })
                {
                    return false;
                }

                if (relay.IsEnded)
                {
                    return relay.FatalAlert is null;
                }

                if (!more && result.IsCompleted)
                {
                    return rest ? throw new TlmspException(Misbehaviour.ClosedWithoutNotify, "inside a record") : true;
                }
            }
        }
        catch (Exception e) when (e is ConnectionResetException or ConnectionAbortedException)
        {
            return false;   // nobody is left to be told; the other side sees what it has not received
        }
        finally
        {
            queue?.Discard(relay);
        }
    }

    /// <summary>Has the pump look after what it could send without having received anything.</summary>
    public void Wake() => input.CancelPendingRead();

    /// <summary>Has what goes on counted.</summary>
    /// <param name="report">Called per context with containers and bytes.</param>
    /// <param name="contexts">The ids of the session's contexts, in order.</param>
    public void CountTo(Action<byte, long, long> report, IReadOnlyList<byte> contexts)
    {
        _report = report;
        _contexts = contexts;
        relay.Count();
    }

    /// <summary>Whether nothing has moved for some time.</summary>
    public bool IsIdle(long now, TimeSpan time) => now - Volatile.Read(ref _lastActivity) > time.TotalMilliseconds;

    /// <summary>Has the cipher objects dropped by the pump itself, which alone uses them, unless that was done already.</summary>
    public void ReleaseIfIdle(long now, TimeSpan time)
    {
        if (!_released && IsIdle(now, time))
        {
            input.CancelPendingRead();
        }
    }

    /// <summary>Whether what inspectors hold has kept the sender from sending for some time. Called now and then, by one thread.</summary>
    public bool IsStuck(long now, TimeSpan time)
    {
        if (queue is not { IsStuck: true })
        {
            _stuckSince = null;
            return false;
        }

        _stuckSince ??= now;
        return now - _stuckSince > time.TotalMilliseconds;
    }

    /// <summary>Gives the direction its full time again.</summary>
    public void Touch() => Volatile.Write(ref _lastActivity, Environment.TickCount64);

    /// <summary>Writes an alert of our own, right after what was sent before, unless that was the end. The pump must have stopped.</summary>
    public void WriteAlert(TlmspAlert alert, TlmspAlertLevel level = TlmspAlertLevel.Fatal)
    {
        if (relay.IsEnded)
        {
            return;
        }

        relay.WriteAlert(level, alert, contextId: 0, output);
    }

    private void Count()
    {
        for (int i = 0; _report is not null && i < _contexts.Count; i++)
        {
            (long containers, long bytes) = relay.TakeCount(i);
            if (containers > 0)
            {
                _report(_contexts[i], containers, bytes);
            }
        }
    }

    private void OnRead(bool isCanceled)
    {
        _pending = null;
        _released = isCanceled;
        if (isCanceled)
        {
            relay.Release();    // ReleaseIfIdle cancels; after Wake it costs little
            queue?.Trim();
        }
        else
        {
            Touch();
        }
    }

    /// <summary>What is relayed has passed every check, so it may be sent whatever comes after it.</summary>
    /// <returns>False when no whole record is left.</returns>
    private bool RelayBatch(ref ReadOnlySequence<byte> buffer)
    {
        while (output.UnflushedBytes < BatchBytes)
        {
            if (!relay.TryRelay(ref buffer, handler: null, output))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Nothing may reach the output, which cannot be taken back, before the inspectors have seen it.</summary>
    private bool OpenBatch(ref ReadOnlySequence<byte> buffer, IRelayQueue inspected)
    {
        long most = inspected.HeldBytes + BatchBytes;
        while (inspected.HeldBytes < most)
        {
            if (!inspected.TryTake(relay, ref buffer))
            {
                return false;
            }
        }

        return true;
    }
}
