using System.Buffers;

namespace Tlmsp;

/// <summary>Sends the application data of one endpoint. Not safe for concurrent use; independent of the <see cref="ContainerReader"/>.</summary>
public sealed class ContainerWriter
{
    private readonly OutgoingFlow _flow;

    internal ContainerWriter(OutgoingFlow flow) => _flow = flow;

    /// <summary>Most plaintext bytes in one container (records-keys.md §1.4).</summary>
    public static int MaxPlaintext => TlmspDialect.MaxPlaintext;

    /// <summary>True once close_notify or a fatal alert was written; nothing may follow.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Writes data as as few containers as it takes, one record each. Nothing is written for no data.</summary>
    /// <param name="contextId">A context of the session, 1 to 255.</param>
    /// <param name="data">The data.</param>
    /// <param name="output">Receives the records; to be flushed by the caller once per flight.</param>
    /// <exception cref="ArgumentOutOfRangeException">The session has no such context.</exception>
    /// <exception cref="InvalidOperationException">The writer is closed.</exception>
    public void Write(byte contextId, ReadOnlySpan<byte> data, IBufferWriter<byte> output)
    {
        ArgumentOutOfRangeException.ThrowIfZero(contextId);
        ThrowIfClosed();
        while (!data.IsEmpty)
        {
            int length = Math.Min(data.Length, TlmspDialect.MaxPlaintext);
            _flow.Originate(RecordType.ApplicationData, contextId, data[..length], output);
            data = data[length..];
        }
    }

    /// <summary>Writes an alert.</summary>
    /// <param name="level">A fatal alert closes the writer.</param>
    /// <param name="alert">What to say; close_notify only in context 0.</param>
    /// <param name="contextId">The context it is about, 0 in general.</param>
    /// <param name="output">Receives the record.</param>
    /// <exception cref="InvalidOperationException">The writer is closed.</exception>
    public void WriteAlert(TlmspAlertLevel level, TlmspAlert alert, byte contextId, IBufferWriter<byte> output)
    {
        ThrowIfClosed();
        IsClosed = level == TlmspAlertLevel.Fatal || alert == TlmspAlert.CloseNotify;
        _flow.Originate(RecordType.Alert, contextId, [(byte)level, (byte)alert], output);
    }

    /// <summary>Writes close_notify, once.</summary>
    public void WriteCloseNotify(IBufferWriter<byte> output)
    {
        if (!IsClosed)
        {
            WriteAlert(TlmspAlertLevel.Warning, TlmspAlert.CloseNotify, 0, output);
        }
    }

    private void ThrowIfClosed()
    {
        if (IsClosed)
        {
            throw new InvalidOperationException("close_notify or a fatal alert was already sent.");
        }
    }
}
