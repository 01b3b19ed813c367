namespace Tlmsp.Middlebox;

/// <summary>
/// Streams that were reset, of which something may come all the same, as its sender has not heard of it yet. Their messages are recorded
/// already and never end.
/// </summary>
internal sealed class AbortedStreams
{
    private const int Remembered = 256;
    private readonly Dictionary<int, MessageFlow?> _flows = [];
    private readonly Queue<int> _order = new();

    /// <summary>A stream was reset.</summary>
    /// <param name="streamId">The stream.</param>
    /// <param name="flow">Its message in this direction; null where none has begun.</param>
    public void Add(int streamId, MessageFlow? flow)
    {
        if (_flows.TryAdd(streamId, flow))
        {
            _order.Enqueue(streamId);
        }
        else
        {
            _flows[streamId] = flow ?? _flows[streamId];
        }

        if (_order.Count > Remembered)
        {
            _flows.Remove(_order.Dequeue());
        }
    }

    /// <summary>Whether a stream was reset.</summary>
    public bool Contains(int streamId) => _flows.ContainsKey(streamId);

    /// <summary>The message of a stream that was reset; null for any other.</summary>
    public MessageFlow? Find(int streamId) => _flows.GetValueOrDefault(streamId);
}
