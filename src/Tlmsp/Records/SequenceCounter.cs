namespace Tlmsp;

/// <summary>A sequence number that can be told to skip (records-keys.md §6.1). The first tick after a reset gives 0.</summary>
internal struct SequenceCounter
{
    private ulong _pending;

    public ulong Value { get; private set; }

    /// <summary>What the next tick will give.</summary>
    public readonly ulong Next => unchecked(Value + _pending);

    public void Tick()
    {
        Value = Next;
        _pending = 1;
    }

    public void Skip(ulong count) => _pending = unchecked(_pending + count);
}
