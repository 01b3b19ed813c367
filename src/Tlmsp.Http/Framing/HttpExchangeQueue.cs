namespace Tlmsp.Http;

/// <summary>
/// The methods of requests that have no final response yet: whether a response has content depends on the method (RFC 9112 §6.3).
/// Written by the request side, read by the response side, which may run on another thread.
/// </summary>
public sealed class HttpExchangeQueue
{
    /// <summary>Most requests in flight on one connection.</summary>
    public const int Capacity = 256;

    private readonly Lock _lock = new();
    private readonly Queue<bool> _isHead = new();

    /// <summary>Number of requests without a final response.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _isHead.Count;
            }
        }
    }

    internal void Enqueue(bool isHead)
    {
        lock (_lock)
        {
            if (_isHead.Count >= Capacity)
            {
                throw new HttpMappingException($"more than {Capacity} requests without a response");
            }

            _isHead.Enqueue(isHead);
        }
    }

    internal bool TryDequeue(out bool isHead)
    {
        lock (_lock)
        {
            return _isHead.TryDequeue(out isHead);
        }
    }
}
