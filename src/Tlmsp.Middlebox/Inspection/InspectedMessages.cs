using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>
/// The messages that are on their way through one connection, in both directions. Calls for the two directions may overlap.
/// </summary>
internal sealed class InspectedMessages
{
    private const int RememberedResets = 256;
    private readonly Lock _lock = new();
    private readonly InspectionContext _connection;
    private readonly HttpProfile _profile;
    private readonly InspectionRights[] _rights;
    private readonly TimeProvider _time;
    private readonly Dictionary<(HttpDirection, int), InspectedMessage> _open = [];
    private readonly HashSet<InspectedMessage> _unrecorded = [];
    private readonly Queue<InspectedMessage> _unanswered = new();
    private readonly long[] _numbers = new long[2];
    private readonly bool _pairs;
    private readonly bool _isHttp2;
    private readonly Dictionary<int, InspectedMessage> _reset = [];     // requests of streams that were reset: answers may be under way
    private readonly Queue<int> _resetOrder = new();
    private Dictionary<int, InspectedMessage>? _answerable;     // complete requests of HTTP/2 streams
    private int _lastStream;

    public InspectedMessages(InspectionContext connection, HttpProfile profile, TimeProvider time)
    {
        _connection = connection;
        _profile = profile;
        _time = time;
        _isHttp2 = profile.Version == HttpWireVersion.Http2;
        _rights =
        [
            InspectionRights.Of(profile, connection.Grant, HttpDirection.Request),
            InspectionRights.Of(profile, connection.Grant, HttpDirection.Response),
        ];
        _pairs = _rights.All(each => each.ReadsHead);
    }

    /// <summary>A head can be read: a message begins, unless it has begun with something before its head.</summary>
    /// <exception cref="HttpMappingException">The message of a stream has begun already, or its request was reset long ago.</exception>
    public InspectedMessage Begin(HttpDirection direction, HttpHead head)
    {
        lock (_lock)
        {
            if (_isHttp2)
            {
                CheckStream(direction, head.StreamId);
            }

            bool isInterim = head.Direction == HttpDirection.Response && head.StatusCode is >= 100 and < 200;
            InspectedMessage? request = direction == HttpDirection.Response && _pairs ? Answered(head.StreamId, isInterim) : null;
            InspectedMessage message = _open.TryGetValue((direction, head.StreamId), out InspectedMessage? begun) && begun.Head is null
                ? begun
                : Make(direction, head.StreamId);
            message.Request = request;
            message.OnHead(head);
            if (_profile.ContentNames.Count > 0)
            {
                message.Rights = InspectionRights.Of(_profile, _connection.Grant, direction, head);
            }

            if (direction == HttpDirection.Request && _pairs && !_isHttp2)
            {
                _unanswered.Enqueue(message);
            }

            return message;
        }
    }

    /// <summary>The message that something without a head of its own belongs to; it begins with that where the head is sealed.</summary>
    public InspectedMessage Current(HttpDirection direction, int streamId)
    {
        lock (_lock)
        {
            return _open.TryGetValue((direction, streamId), out InspectedMessage? message) ? message : Make(direction, streamId);
        }
    }

    /// <summary>The message that has begun and not ended; over HTTP/1.1 on stream 0.</summary>
    public InspectedMessage? Peek(HttpDirection direction, int streamId = 0)
    {
        lock (_lock)
        {
            return _open.GetValueOrDefault((direction, streamId));
        }
    }

    /// <summary>The request of an HTTP/2 stream, which may be complete, as long as its answer is not; null where it is not known.</summary>
    public InspectedMessage? Request(int streamId)
    {
        lock (_lock)
        {
            return _open.TryGetValue((HttpDirection.Request, streamId), out InspectedMessage? open) ? open : _answerable?.GetValueOrDefault(streamId);
        }
    }

    /// <summary>A request is answered by the middlebox: none of the server's responses is its answer.</summary>
    /// <returns>How many requests came after it.</returns>
    public int Withdraw(InspectedMessage request)
    {
        lock (_lock)
        {
            if (_isHttp2)
            {
                request.IsAnswered = true;
                _answerable?.Remove(request.StreamId);
                return 0;
            }

            InspectedMessage[] unanswered = [.. _unanswered];
            _unanswered.Clear();
            foreach (InspectedMessage other in unanswered)
            {
                if (other != request)
                {
                    _unanswered.Enqueue(other);
                }
            }

            return (int)(_numbers[(int)HttpDirection.Request] - request.Number);
        }
    }

    /// <summary>A message is complete.</summary>
    /// <returns>The message; null where nothing of it was seen.</returns>
    public InspectedMessage? End(HttpDirection direction, int streamId)
    {
        lock (_lock)
        {
            // A request's head is still wanted when its answer comes.
            return _open.Remove((direction, streamId), out InspectedMessage? message) ? Keep(message) : null;
        }
    }

    /// <summary>A stream was reset.</summary>
    /// <param name="direction">The direction in which that passed.</param>
    /// <param name="streamId">The stream.</param>
    /// <returns>
    /// Its message in the direction, if that is not complete; the request, where that is complete and its answer has not begun; null for
    /// neither.
    /// </returns>
    public InspectedMessage? Abort(HttpDirection direction, int streamId)
    {
        lock (_lock)
        {
            HttpDirection other = direction.Opposite();
            bool isOther = _open.ContainsKey((other, streamId));
            InspectedMessage? request = null;
            bool isAnswerable = _answerable is not null && _answerable.Remove(streamId, out request);
            Remember(request ?? _open.GetValueOrDefault((HttpDirection.Request, streamId)));
            return _open.Remove((direction, streamId), out InspectedMessage? message) ? message : isAnswerable && !isOther ? request : null;
        }
    }

    /// <summary>Whether something is under way that can be seen not to be complete.</summary>
    public bool IsBusy
    {
        get
        {
            lock (_lock)
            {
                return _unanswered.Count > 0 || _answerable is { Count: > 0 }
                    || _open.Values.Any(message => message.Rights is { ReadsHead: true, ReadsContent: true });
            }
        }
    }

    /// <summary>It is recorded what became of a message.</summary>
    public void Recorded(InspectedMessage message)
    {
        lock (_lock)
        {
            _unrecorded.Remove(message);
        }
    }

    /// <summary>
    /// What is not recorded: what has not ended, and what had arrived to its end when something about it, or before it, ended the path.
    /// </summary>
    public InspectedMessage[] Unrecorded()
    {
        lock (_lock)
        {
            return [.. _unrecorded.OrderBy(message => message.StartedAt).ThenBy(message => message.Number)];
        }
    }

    private InspectedMessage Keep(InspectedMessage message)
    {
        message.IsComplete = true;
        if (_isHttp2 && _pairs && message is { Direction: HttpDirection.Request, IsAnswered: false })
        {
            (_answerable ??= [])[message.StreamId] = message;
        }
        else if (_isHttp2 && message is { Direction: HttpDirection.Response, Head.StatusCode: >= 200 })
        {
            _answerable?.Remove(message.StreamId);
            if (message.Request is { } request)
            {
                request.IsAnswered = true;      // which may end later (RFC 9113 §8.1)
            }
        }

        return message;
    }

    /// <summary>Streams are opened in order, each for one request and one final response (RFC 9113 §5.1.1, §8.1).</summary>
    private void CheckStream(HttpDirection direction, int streamId)
    {
        bool isSecond = direction == HttpDirection.Request
            ? streamId <= _lastStream
            : _open.TryGetValue((direction, streamId), out InspectedMessage? begun) && begun.Head is not null;
        if (isSecond)
        {
            throw new HttpMappingException($"a head on stream {streamId}, which has had one");
        }

        if (direction == HttpDirection.Request)
        {
            _lastStream = streamId;
        }
        else if (_pairs && Answered(streamId, isInterim: false) is null)
        {
            throw new HttpMappingException($"a response on stream {streamId}, whose request was reset or answered long ago");
        }
    }

    private void Remember(InspectedMessage? request)
    {
        if (request is not null && _reset.TryAdd(request.StreamId, request))
        {
            _resetOrder.Enqueue(request.StreamId);
            if (_resetOrder.Count > RememberedResets)
            {
                _reset.Remove(_resetOrder.Dequeue());
            }
        }
    }

    private InspectedMessage? Answered(int streamId, bool isInterim)
    {
        if (!_isHttp2)
        {
            return isInterim ? (_unanswered.TryPeek(out InspectedMessage? next) ? next : null)
                : _unanswered.TryDequeue(out InspectedMessage? first) ? first : null;
        }

        return Request(streamId) ?? _reset.GetValueOrDefault(streamId);
    }

    private InspectedMessage Make(HttpDirection direction, int streamId)
    {
        int index = direction == HttpDirection.Request ? 0 : 1;
        var message = new InspectedMessage(_connection, direction, ++_numbers[index], streamId, _rights[index], _time);
        _open[(direction, streamId)] = message;
        _unrecorded.Add(message);
        return message;
    }
}
