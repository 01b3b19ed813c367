namespace Tlmsp.Http;

/// <summary>What a response depends on.</summary>
/// <param name="IsHead">Whether the request's method is HEAD.</param>
/// <param name="IsHttp11">Whether the request is HTTP/1.1, so that the client knows chunks.</param>
/// <param name="IsConnect">Whether the request's method is CONNECT.</param>
/// <param name="MayUpgrade">Whether the request may be answered with 101.</param>
internal readonly record struct HttpExchange(bool IsHead, bool IsHttp11, bool IsConnect, bool MayUpgrade)
{
    /// <summary>The content context that the request named, by index; 0 for none.</summary>
    public int Content { get; init; }
}

/// <summary>
/// The methods of requests that have no final response yet: whether a response has content depends on the method (RFC 9112 §6.3).
/// Written by the request side, read by the response side, which may run on another thread.
/// </summary>
public sealed class HttpExchangeQueue
{
    /// <summary>Most requests in flight on one connection.</summary>
    public const int Capacity = 256;

    private readonly Lock _lock = new();
    private readonly Queue<HttpExchange> _requests = new();
    private bool _answered;
    private bool _isRequestBegun;
    private volatile bool _isTunnelOpen;

    /// <summary>Number of requests without a final response.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _requests.Count;
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
                return !_answered && _requests.Count > 0;
            }
        }
    }

    /// <summary>True when a response has opened a tunnel: HTTP is over in both directions.</summary>
    internal bool IsTunnelOpen => _isTunnelOpen;

    /// <summary>The first byte of a request came.</summary>
    internal void BeginRequest()
    {
        lock (_lock)
        {
            _isRequestBegun = !_isTunnelOpen ? true : throw new HttpMappingException("a request where a tunnel was opened");
        }
    }

    /// <summary>The last byte of a request came.</summary>
    internal void EndRequest()
    {
        lock (_lock)
        {
            _isRequestBegun = false;
        }
    }

    /// <summary>
    /// The response to the last request opens a tunnel. What follows that request must not have begun, or the two sides would not agree
    /// what it is part of.
    /// </summary>
    internal void OpenTunnel()
    {
        lock (_lock)
        {
            _isTunnelOpen = !_isRequestBegun && _requests.Count == 0
                ? true
                : throw new HttpMappingException("a tunnel was opened before the requests on the connection were complete and answered");
        }
    }

    /// <summary>True when the next final response is to a request of HTTP/1.1; false also when there is none.</summary>
    internal bool IsNextHttp11
    {
        get
        {
            lock (_lock)
            {
                return _requests.TryPeek(out HttpExchange next) && next.IsHttp11;
            }
        }
    }

    internal void Enqueue(HttpExchange exchange)
    {
        lock (_lock)
        {
            if (_requests.Count >= Capacity)
            {
                throw new HttpMappingException($"more than {Capacity} requests without a response");
            }

            _requests.Enqueue(exchange);
        }
    }

    /// <summary>A request will have no response from the server, because a middlebox answers it.</summary>
    /// <param name="later">How many requests came after it.</param>
    internal void Withdraw(int later)
    {
        lock (_lock)
        {
            HttpExchange[] requests = [.. _requests];
            _requests.Clear();
            for (int i = 0; i < requests.Length; i++)
            {
                if (i != requests.Length - 1 - later)
                {
                    _requests.Enqueue(requests[i]);
                }
            }
        }
    }

    internal bool TryDequeue(out HttpExchange exchange)
    {
        lock (_lock)
        {
            bool found = _requests.TryDequeue(out exchange);
            _answered |= found;
            return found;
        }
    }
}
