using System.Buffers;

namespace Tlmsp;

/// <content>Opening and sending on apart from each other, for a middlebox that has to wait before it decides.</content>
public sealed partial class ContainerRelay
{
    private const int KeptFree = 256;
    private readonly Stack<HeldContainer> _free = new();
    private AlertMonitor _openedAlerts;     // what was opened may be sent on much later

    /// <summary>
    /// Takes at most one record from the start of <paramref name="input"/> and checks it. Its containers are handed over one by one; each is
    /// to be sent on, in order, or to be given back with <see cref="Discard"/> when the connection ends.
    /// </summary>
    /// <param name="input">What was received; sliced past the record that was taken.</param>
    /// <param name="hold">Takes the containers.</param>
    /// <returns>False when no whole record is there yet.</returns>
    /// <exception cref="TlmspException">A check failed: alert both neighbours and close.</exception>
    /// <exception cref="InvalidOperationException">An earlier call failed.</exception>
    public bool TryOpen(ref ReadOnlySequence<byte> input, Action<HeldContainer> hold)
    {
        ArgumentNullException.ThrowIfNull(hold);
        if (_failed)
        {
            throw new InvalidOperationException("The connection has failed; nothing more can be relayed.");
        }

        var record = default(RecordReader);
        _failed = true;
        try
        {
            if (!record.TryRead(ref input, _path.SessionId))
            {
                _failed = false;
                return false;
            }

            Span<byte> buffer = record.Buffer;
            for (int at = ContainerParts.Headroom; at < buffer.Length;)
            {
                at = Open(ref record, buffer, at, hold);
            }

            _failed = false;
            return true;
        }
        finally
        {
            record.Done();
        }
    }

    /// <summary>Sends a container on as it is.</summary>
    public void Forward(HeldContainer container, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(container);
        ArgumentNullException.ThrowIfNull(output);
        OnSent(container.Opened);
        Pass(container.Opened, output);
        Discard(container);
    }

    /// <summary>Sends other content in a container's place; needs write access to its context.</summary>
    /// <param name="container">The container.</param>
    /// <param name="plaintext">What does not fit is inserted behind it. None is a container that endpoints skip.</param>
    /// <param name="output">Receives records for the other half; to be flushed by the caller.</param>
    /// <exception cref="InvalidOperationException">It may not be changed.</exception>
    public void Modify(HeldContainer container, ReadOnlySpan<byte> plaintext, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(container);
        ArgumentNullException.ThrowIfNull(output);
        CheckWritable(container.CanWrite, container.ContextId);
        OnSent(container.Opened);
        int first = Math.Min(plaintext.Length, TlmspDialect.MaxPlaintext);
        _outgoing.Modify(container.Opened, plaintext[..first], output);
        if (first < plaintext.Length)
        {
            Insert(container.ContextId, plaintext[first..], output);
        }

        Discard(container);
    }

    /// <summary>Takes back a container that is not sent on, because nothing is any more.</summary>
    public void Discard(HeldContainer container)
    {
        ArgumentNullException.ThrowIfNull(container);
        container.Clear();
        if (_free.Count < KeptFree)
        {
            _free.Push(container);
        }
    }

    /// <summary>Opens one container; the last one of a record, which mostly is the only one, keeps the record's buffer.</summary>
    private int Open(ref RecordReader record, Span<byte> buffer, int at, Action<HeldContainer> hold)
    {
        byte[]? plaintext = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length - at, TlmspDialect.MaxFragmentReceived));
        try
        {
            OpenedContainer container = _incoming.Open(record.Type, buffer, at, plaintext);
            if (record.Type != RecordType.Alert)
            {
                _openedAlerts.OnData();
            }
            else if (container.CanRead)
            {
                _openedAlerts.OnAlert(container.Plaintext, container.Parts.ContextId);
            }

            if (!_free.TryPop(out HeldContainer? held))
            {
                held = new HeldContainer();
            }

            int end = container.Parts.End;
            held.Set(container, end == buffer.Length ? record.Take() : null, container.CanRead ? plaintext : null, IsWritable(container));
            plaintext = container.CanRead ? null : plaintext;
            hold(held);
            return end;
        }
        finally
        {
            if (plaintext is not null)
            {
                ArrayPool<byte>.Shared.Return(plaintext);
            }
        }
    }
}
