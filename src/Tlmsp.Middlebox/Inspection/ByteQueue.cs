using System.Buffers;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>Shows containers as they are, for connections that do not carry HTTP.</summary>
internal sealed class ByteQueue(HttpDirection direction, ITlmspByteInspector[] inspectors) : IRelayQueue
{
    private readonly Queue<HeldContainer> _waiting = new();
    private readonly List<ReadOnlyMemory<byte>?> _replacements = [];
    private readonly InspectedContent _shown = new();
    private Action<HeldContainer>? _take;

    public InspectorWatch Watch { get; } = new();

    public bool IsOver => false;

    public long HeldBytes { get; private set; }

    public bool TryTake(ContainerRelay relay, ref ReadOnlySequence<byte> input) => relay.TryOpen(ref input, _take ??= Take);

    public async ValueTask InspectAsync(CancellationToken cancellationToken)
    {
        if (_waiting.Count == 0)
        {
            return;
        }

        Watch.Enter();
        InspectorException? fault = null;
        try
        {
            foreach (HeldContainer container in _waiting)
            {
                _replacements.Add(container.IsAlert ? null : await ShowAsync(container, cancellationToken).ConfigureAwait(false));
            }
        }
        catch (InspectorException e)
        {
            fault = e;
        }

        Watch.Leave();
        if (fault is not null)
        {
            throw fault;
        }
    }

    public void Release(ContainerRelay relay, IBufferWriter<byte> output)
    {
        foreach (ReadOnlyMemory<byte>? replacement in _replacements)
        {
            HeldContainer container = _waiting.Dequeue();
            HeldBytes -= container.WireLength;
            if (replacement is { } bytes)
            {
                relay.Modify(container, bytes.Span, output);
            }
            else
            {
                relay.Forward(container, output);
            }
        }

        _replacements.Clear();
    }

    public void Trim() => _replacements.Capacity = 0;

    public void Discard(ContainerRelay relay)
    {
        while (_waiting.TryDequeue(out HeldContainer? container))
        {
            relay.Discard(container);
        }

        _replacements.Clear();
    }

    private void Take(HeldContainer container)
    {
        _waiting.Enqueue(container);
        HeldBytes += container.WireLength;
    }

    /// <returns>What goes on in its place; null for itself.</returns>
    private async ValueTask<ReadOnlyMemory<byte>?> ShowAsync(HeldContainer container, CancellationToken cancellationToken)
    {
        _shown.Set(container.Plaintext, container.CanWrite, container.CanWrite);
        bool isReplaced = false;
        foreach (ITlmspByteInspector inspector in inspectors)
        {
            if (!Watch.TryStartCall())
            {
                throw new OperationCanceledException();
            }

            InspectionVerdict verdict = default;
            try
            {
                if (container.CanRead)
                {
                    verdict = await inspector.OnBytesAsync(container.ContextId, direction, _shown, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    await inspector.OnOpaqueAsync(container.ContextId, direction, container.PlaintextLength, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (Exception e)
            {
                throw new InspectorException(inspector, e);
            }

            if (verdict.Action == InspectionAction.Close)
            {
                throw InspectorException.Refused(inspector, verdict);
            }

            if (verdict.Action != InspectionAction.Forward)
            {
                throw new InspectorException(inspector, new NotSupportedException($"The verdict {verdict.Action} on bytes that are not HTTP."));
            }

            isReplaced |= _shown.IsReplaced;
        }

        return isReplaced ? (ReadOnlyMemory<byte>?)_shown.Memory.ToArray() : default(ReadOnlyMemory<byte>?);
    }
}
