using System.Buffers;

namespace Tlmsp;

/// <summary>Receives the application data of one endpoint. Not safe for concurrent use; independent of the <see cref="ContainerWriter"/>.</summary>
public sealed class ContainerReader
{
    private const int MaxEmptyInARow = 32;
    private readonly IncomingFlow _flow;
    private readonly SessionPath _path;
    private AlertMonitor _alerts;
    private int _empty;
    private bool _failed;

    internal ContainerReader(SessionPath path, IncomingFlow flow)
    {
        _path = path;
        _flow = flow;
    }

    /// <summary>True after the peer's close_notify. With a middlebox on the path it does not prove who closed (http-mapping §13).</summary>
    public bool IsClosed => _alerts.IsClosed;

    /// <summary>Takes at most one record from the start of <paramref name="input"/> and hands its containers on.</summary>
    /// <param name="input">What was received; sliced past the record that was taken.</param>
    /// <param name="receiver">Takes the containers.</param>
    /// <returns>False when no whole record is there yet.</returns>
    /// <exception cref="TlmspException">The peer misbehaved or ended the connection; send the alert unless it is <see cref="TlmspException.FromPeer"/>, and close.</exception>
    /// <exception cref="InvalidOperationException">An earlier call failed.</exception>
    public bool TryRead(ref ReadOnlySequence<byte> input, IContainerReceiver receiver)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        if (_failed)
        {
            throw new InvalidOperationException("The connection has failed; nothing more can be read from it.");
        }

        var record = default(RecordReader);
        byte[]? plaintext = null;
        _failed = true;
        try
        {
            if (!record.TryRead(ref input, _path.SessionId))
            {
                _failed = false;
                return false;
            }

            Span<byte> buffer = record.Buffer;
            plaintext = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length, TlmspDialect.MaxFragmentReceived));
            for (int at = ContainerParts.Headroom; at < buffer.Length;)
            {
                OpenedContainer container = _flow.Open(record.Type, buffer, at, plaintext);
                at = container.Parts.End;
                Deliver(container, receiver);
            }

            _failed = false;
            return true;
        }
        finally
        {
            record.Done();
            if (plaintext is not null)
            {
                ArrayPool<byte>.Shared.Return(plaintext);
            }
        }
    }

    private void Deliver(in OpenedContainer container, IContainerReceiver receiver)
    {
        if (container.Type == RecordType.Alert)
        {
            byte contextId = container.Parts.ContextId;
            if (_alerts.OnAlert(container.Plaintext, contextId) is { } fatal)
            {
                throw new TlmspException(Misbehaviour.AlertReceived, fatal, $"sent by entity {container.Origin:x2}", contextId);
            }

            return;
        }

        _alerts.OnData();
        // What a middlebox emptied in place, or deleted, replaces a real container and is no flood (http-mapping §12.13).
        bool empty = container.Plaintext.IsEmpty && !container.Parts.IsDeleted && container.Author == container.Origin;
        _empty = empty ? _empty + 1 : 0;
        if (_empty > MaxEmptyInARow)
        {
            throw new TlmspException(Misbehaviour.EmptyContainerFlood, $"{_empty} in a row");
        }

        receiver.OnContainer(new ReceivedContainer(container));
    }
}
