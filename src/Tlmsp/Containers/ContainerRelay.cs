using System.Buffers;

namespace Tlmsp;

/// <summary>What becomes of a container at a middlebox (records-keys.md §5).</summary>
public enum RelayAction
{
    /// <summary>It goes on as it is.</summary>
    Forward,

    /// <summary>It goes on with other content; needs write access.</summary>
    Modify,

    /// <summary>A delete notice goes on in its place; needs write access.</summary>
    Delete,
}

/// <summary>A container on its way through a middlebox, after every check the middlebox can make.</summary>
public readonly ref struct RelayedContainer
{
    private readonly OpenedContainer _container;

    internal RelayedContainer(in OpenedContainer container, bool canWrite)
    {
        _container = container;
        CanWrite = canWrite;
    }

    /// <summary>The context, 0 for most alerts.</summary>
    public byte ContextId => _container.Parts.ContextId;

    /// <summary>True for an alert; alerts can only be forwarded.</summary>
    public bool IsAlert => _container.Type == RecordType.Alert;

    /// <summary>True when the middlebox holds the reader key.</summary>
    public bool CanRead => _container.CanRead;

    /// <summary>True when the middlebox may change or delete the container.</summary>
    public bool CanWrite { get; }

    /// <summary>The content; empty without read access. Valid only during the call.</summary>
    public ReadOnlySpan<byte> Plaintext => _container.Plaintext;

    /// <summary>Length of the content in bytes, known with and without access.</summary>
    public int PlaintextLength => _container.Parts.PlaintextLength;

    /// <summary>True when another middlebox inserted the container.</summary>
    public bool IsInserted => _container.Parts.IsInserted;

    /// <summary>True when the container is a delete notice of another middlebox.</summary>
    public bool IsDeleted => _container.Parts.IsDeleted;

    /// <summary>Entity that put the container on the path.</summary>
    public byte Origin => _container.Origin;
}

/// <summary>Decides what becomes of containers.</summary>
public interface IContainerRelayHandler
{
    /// <summary>Called once per container in order. An exception must end both connections: the middlebox fails closed.</summary>
    /// <param name="container">The container; nothing of it may be kept after the call.</param>
    /// <param name="replacement">For <see cref="RelayAction.Modify"/>: takes the new content, at most 16355 bytes.</param>
    RelayAction OnContainer(in RelayedContainer container, IBufferWriter<byte> replacement);
}

/// <summary>One direction through a middlebox: what arrives on one half leaves on the other. Not safe for concurrent use.</summary>
public sealed partial class ContainerRelay
{
    private readonly SessionPath _path;
    private readonly IncomingFlow _incoming;
    private readonly OutgoingFlow _outgoing;
    private readonly byte _self;
    private readonly ArrayBufferWriter<byte> _replacement = new();
    private AlertMonitor _alerts;
    private bool _failed;

    internal ContainerRelay(SessionPath path, byte self, IncomingFlow incoming, OutgoingFlow outgoing)
    {
        _path = path;
        _self = self;
        _incoming = incoming;
        _outgoing = outgoing;
    }

    /// <summary>True after close_notify passed in this direction.</summary>
    public bool IsClosed => _alerts.IsClosed;

    /// <summary>The fatal alert that passed in this direction, if any: both connections are over.</summary>
    public TlmspAlert? FatalAlert { get; private set; }

    /// <summary>True once nothing may follow in this direction: close_notify or a fatal alert has passed.</summary>
    public bool IsEnded => IsClosed || FatalAlert is not null;

    /// <summary>Regenerates forwarding MACs also where a container could go on as it came; for tests against recorded sessions.</summary>
    internal bool AlwaysRegenerate { get; set; }

    /// <summary>Takes at most one record from the start of <paramref name="input"/>, checks it, and writes what the handler makes of it.</summary>
    /// <param name="input">What was received; sliced past the record that was taken.</param>
    /// <param name="handler">Decides per container; null forwards everything.</param>
    /// <param name="output">Receives records for the other half; to be flushed by the caller.</param>
    /// <returns>False when no whole record is there yet.</returns>
    /// <exception cref="TlmspException">A check failed: alert both neighbours and close.</exception>
    /// <exception cref="InvalidOperationException">An earlier call failed, or the handler asked for what it may not do.</exception>
    public bool TryRelay(ref ReadOnlySequence<byte> input, IContainerRelayHandler? handler, IBufferWriter<byte> output)
    {
        if (_failed)
        {
            throw new InvalidOperationException("The connection has failed; nothing more can be relayed.");
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
                OpenedContainer container = _incoming.Open(record.Type, buffer, at, plaintext);
                at = container.Parts.End;
                Relay(container, handler, output);
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

    /// <summary>Inserts a container of our own; needs write access to the context.</summary>
    public void Insert(byte contextId, ReadOnlySpan<byte> data, IBufferWriter<byte> output)
    {
        ArgumentOutOfRangeException.ThrowIfZero(contextId);
        while (!data.IsEmpty)
        {
            int length = Math.Min(data.Length, TlmspDialect.MaxPlaintext);
            _outgoing.Originate(RecordType.ApplicationData, contextId, data[..length], output);
            data = data[length..];
        }
    }

    /// <summary>Sends an alert of our own in this direction.</summary>
    public void WriteAlert(TlmspAlertLevel level, TlmspAlert alert, byte contextId, IBufferWriter<byte> output) =>
        _outgoing.Originate(RecordType.Alert, contextId, [(byte)level, (byte)alert], output);

    /// <summary>
    /// Drops the cipher objects of this direction, and what it keeps to hold containers in, until they are needed again. Call when idle; the
    /// other direction may be in use.
    /// </summary>
    public void Release()
    {
        _outgoing.Release();
        _free.Clear();
        _free.TrimExcess();
    }

    private void Relay(in OpenedContainer container, IContainerRelayHandler? handler, IBufferWriter<byte> output)
    {
        OnSent(container);
        if (handler is null)
        {
            Pass(container, output);
            return;
        }

        bool canWrite = IsWritable(container);
        _replacement.ResetWrittenCount();
        RelayAction action = handler.OnContainer(new RelayedContainer(container, canWrite), _replacement);
        if (action == RelayAction.Forward)
        {
            Pass(container, output);
            return;
        }

        CheckWritable(canWrite, container.Parts.ContextId);
        if (action == RelayAction.Modify)
        {
            _outgoing.Modify(container, _replacement.WrittenSpan, output);
        }
        else
        {
            _outgoing.Delete(container, output);
        }
    }

    private void OnSent(in OpenedContainer container)
    {
        if (container.Type != RecordType.Alert)
        {
            _alerts.OnData();
            OnCounted(container);
        }
        else if (container.CanRead)
        {
            FatalAlert ??= _alerts.OnAlert(container.Plaintext, container.Parts.ContextId);
        }
    }

    private void Pass(in OpenedContainer container, IBufferWriter<byte> output)
    {
        if (container.Parts.IsAudited || AlwaysRegenerate)
        {
            _outgoing.Forward(container, output);
        }
        else
        {
            // The author's own check MAC reaches the far endpoint, which the reference's replacement would hide.
            _outgoing.ForwardUnchanged(container, output);
        }
    }

    private bool IsWritable(in OpenedContainer container) =>
        container.Type != RecordType.Alert && _path.AccessOf(_self, container.Parts.ContextId) == TlmspAccess.Write;

    private static void CheckWritable(bool canWrite, byte contextId)
    {
        if (!canWrite)
        {
            throw new InvalidOperationException(
                $"A container in context {contextId} cannot be changed: this middlebox was not granted write access.");
        }
    }
}
