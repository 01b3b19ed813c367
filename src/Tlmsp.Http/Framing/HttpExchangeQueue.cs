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
    private bool _answered;

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

    /// <summary>True when there are requests, and none of this connection has had a final response.</summary>
    internal bool IsFirstResponseDue
    {
        get
        {
            lock (_lock)
            {
                return !_answered && _isHead.Count > 0;
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
            bool found = _isHead.TryDequeue(out isHead);
            _answered |= found;
            return found;
        }
    }
}
