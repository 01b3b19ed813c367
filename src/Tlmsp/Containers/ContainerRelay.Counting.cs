namespace Tlmsp;

/// <content>What has gone on, by context.</content>
public sealed partial class ContainerRelay
{
    private (long Containers, long Bytes)[]? _counts;

    /// <summary>Begins to count what goes on.</summary>
    public void Count() => _counts ??= new (long, long)[_path.Contexts.Count];

    /// <summary>Takes what has gone on in a context since the last call: containers of application data, and the bytes that were in them.</summary>
    /// <param name="index">The context's place in the session's list.</param>
    public (long Containers, long Bytes) TakeCount(int index)
    {
        if (_counts is null)
        {
            return default;
        }

        (long Containers, long Bytes) count = _counts[index];
        _counts[index] = default;
        return count;
    }

    private void OnCounted(in OpenedContainer container)
    {
        if (_counts is not null && !container.Parts.IsDeleted)
        {
            // Slot 0 is context 0, which carries alerts alone.
            ref (long Containers, long Bytes) count = ref _counts[_path.SlotOf(container.Parts.ContextId) - 1];
            count = (count.Containers + 1, count.Bytes + container.Parts.PlaintextLength);
        }
    }
}
