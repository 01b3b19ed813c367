namespace Tlmsp.Http;

/// <summary>
/// The audits of what one side of a connection receives, by message number; over HTTP/2 that is the stream's, and 0 stands for what concerns
/// the connection. Only those are kept that something was found for or that
/// somebody asked for, and none that is long over. Safe for concurrent use.
/// </summary>
public sealed class HttpAuditTrail
{
    private const int MaxKept = 2 * HttpExchangeQueue.Capacity;
    private readonly TlmspSessionInfo _session;
    private readonly HttpProfile _profile;
    private readonly HttpDirection _direction;
    private readonly Lock _lock = new();
    private readonly Dictionary<long, HttpMessageAudit> _audits = [];
    private readonly Queue<long> _ends = [];    // offsets in the HTTP stream where messages end, from number _current on
    private long _completed;
    private long _consumed;
    private long _current;
    private bool _isTunnel;

    internal HttpAuditTrail(TlmspSessionInfo session, HttpProfile profile, HttpDirection direction)
    {
        _session = session;
        _profile = profile;
        _direction = direction;
    }

    /// <summary>
    /// Number of the message that the reader of the stream is in, by what it has consumed: it reads the first byte of a message when it is
    /// done with the one before (RFC 9112 §9.3.2). -1 before the first byte.
    /// </summary>
    public long Current
    {
        get
        {
            lock (_lock)
            {
                return _consumed == 0 ? -1 : _current;
            }
        }
    }

    /// <summary>Over HTTP/2: says whether a stream has ended in this direction.</summary>
    internal Func<long, bool>? HasEnded { get; set; }

    /// <summary>The audit of a message, which may still be on its way.</summary>
    /// <param name="messageNumber">0 or more; of a message that is under way or to come, or was not answered when it was read.</param>
    public HttpMessageAudit Of(long messageNumber)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(messageNumber);
        lock (_lock)
        {
            return GetOrAdd(messageNumber);
        }
    }

    /// <summary>The reader has consumed bytes of the HTTP stream.</summary>
    public void OnConsumed(long bytes)
    {
        lock (_lock)
        {
            if (_isTunnel)
            {
                return;     // no message begins any more
            }

            _consumed += bytes;
            while (_ends.TryPeek(out long end) && end < _consumed)
            {
                _ends.Dequeue();

                // The reader may have somebody behind it who is not that far, by as many requests as can be in flight.
                _audits.Remove(_current++ - HttpExchangeQueue.Capacity);
            }
        }
    }

    /// <summary>The next message has this number: those before it are over.</summary>
    internal void StartAt(long messageNumber)
    {
        lock (_lock)
        {
            while (_current < messageNumber)
            {
                _ends.TryDequeue(out _);
                _audits.Remove(_current++);
            }
        }
    }

    /// <summary>What arrives from now on is a tunnel, and part of the last exchange.</summary>
    internal void OnTunnel()
    {
        lock (_lock)
        {
            _isTunnel = true;
        }
    }

    internal void Record(long messageNumber, byte middleboxId, TlmspAuditAction action, HttpMessagePart part, long containers = 1)
    {
        lock (_lock)
        {
            GetOrAdd(messageNumber).Add(middleboxId, action, part, containers);
        }
    }

    /// <summary>A message has arrived whole.</summary>
    /// <param name="offset">Where in the HTTP stream it ends.</param>
    internal void OnMessageEnd(long offset)
    {
        lock (_lock)
        {
            if (_audits.TryGetValue(_completed, out HttpMessageAudit? audit))
            {
                audit.IsComplete = true;
            }

            if (_completed++ >= _current)
            {
                _ends.Enqueue(offset);
            }
        }
    }

    private HttpMessageAudit GetOrAdd(long messageNumber)
    {
        if (_audits.TryGetValue(messageNumber, out HttpMessageAudit? audit))
        {
            audit.IsComplete |= HasEnded?.Invoke(messageNumber) ?? false;
            return audit;
        }

        // Streams come and go in any order; those that are used are young.
        if (_audits.Count >= MaxKept)
        {
            _audits.Remove(_audits.Keys.Where(number => number > 0).Min());
        }

        audit = new HttpMessageAudit(_session, _profile, _direction, messageNumber)
        {
            IsComplete = HasEnded?.Invoke(messageNumber) ?? messageNumber < _completed,
        };
        _audits.Add(messageNumber, audit);
        return audit;
    }
}
