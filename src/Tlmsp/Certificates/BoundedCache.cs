using System.Diagnostics.CodeAnalysis;

namespace Tlmsp;

/// <summary>A small cache that drops the entry used least recently. Safe for concurrent use.</summary>
internal sealed class BoundedCache<T>(int capacity)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<(string Key, T Value)>> _entries = [];
    private readonly LinkedList<(string Key, T Value)> _order = [];

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    public bool TryGet(string key, [MaybeNullWhen(false)] out T value)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out LinkedListNode<(string Key, T Value)>? node))
            {
                value = default;
                return false;
            }

            _order.Remove(node);
            _order.AddFirst(node);
            value = node.Value.Value;
            return true;
        }
    }

    public void Set(string key, T value)
    {
        lock (_lock)
        {
            if (_entries.Remove(key, out LinkedListNode<(string Key, T Value)>? old))
            {
                _order.Remove(old);
            }

            _entries[key] = _order.AddFirst((key, value));
            if (_entries.Count > capacity)
            {
                _entries.Remove(_order.Last!.Value.Key);
                _order.RemoveLast();
            }
        }
    }
}
