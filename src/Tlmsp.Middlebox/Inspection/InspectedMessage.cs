using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>One message on its way through a middlebox: what can be read of it, what can be known of the rest, and what inspectors change.</summary>
public sealed partial class InspectedMessage
{
    private readonly TimeProvider _time;
    private Dictionary<object, object?>? _items;
    private long _requestWindow;
    private long _responseWindow;
    private InspectionRights _rights;
    private InspectedPart _head;
    private InspectedPart _content;
    private InspectedPart _trailers;

    internal InspectedMessage(
        InspectionContext connection, HttpDirection direction, long number, int streamId, InspectionRights rights, TimeProvider time)
    {
        Connection = connection;
        Direction = direction;
        Number = number;
        StreamId = streamId;
        _rights = rights;
        _time = time;
        StartedAt = time.GetUtcNow();
        _head = new InspectedPart(!rights.ReadsHead, 0, default, default);
        _content = new InspectedPart(!rights.ReadsContent, 0, default, default);
        _trailers = new InspectedPart(!rights.ReadsHead, 0, default, default);
    }

    /// <summary>The connection.</summary>
    public InspectionContext Connection { get; }

    /// <summary>Request or response.</summary>
    public HttpDirection Direction { get; }

    /// <summary>Counts the messages of the direction, from 1; a 1xx response is one of its own.</summary>
    public long Number { get; }

    /// <summary>The stream of an HTTP/2 connection; 0 over HTTP/1.1, where messages come one after another.</summary>
    public int StreamId { get; }

    /// <summary>When its first byte passed.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>The head; null where heads are sealed.</summary>
    public HttpHead? Head { get; private set; }

    /// <summary>The trailer section; null before it has passed, where there is none, and where heads are sealed.</summary>
    public HttpHead? Trailers { get; private set; }

    /// <summary>For a response: the request that it answers. Null where the heads of requests or of responses are sealed.</summary>
    public InspectedMessage? Request { get; internal set; }

    /// <summary>Size and time of the head.</summary>
    public InspectedPart HeadPart => _head;

    /// <summary>Size and time of the content so far.</summary>
    public InspectedPart ContentPart => _content;

    /// <summary>Size and time of the trailer section.</summary>
    public InspectedPart TrailersPart => _trailers;

    /// <summary>What the grant lets this middlebox do with this message.</summary>
    public InspectionRights Rights
    {
        get => _rights;
        internal set
        {
            _rights = value;
            _content = _content with { IsSealed = !value.ReadsContent };
        }
    }

    /// <summary>The first verdict on it that neither forwarded nor held.</summary>
    internal InspectionVerdict Verdict { get; private set; }

    /// <summary>Who decided that.</summary>
    internal string? DecidedBy { get; private set; }

    /// <summary>Whether all of it has passed, as far as can be told.</summary>
    public bool IsComplete { get; internal set; }

    /// <summary>For a request over HTTP/2: whether all of its answer has passed, or it gets none from the server.</summary>
    internal bool IsAnswered { get; set; }

    /// <summary>Whether it does not go on.</summary>
    internal bool IsWithheld { get; set; }

    /// <summary>Whether content was changed.</summary>
    internal bool IsContentChanged { get; set; }

    /// <summary>For a request over HTTP/2: by how much the window of its stream has been widened, for the DATA of a direction.</summary>
    internal long WindowIncrements(HttpDirection direction) =>
        Volatile.Read(ref direction == HttpDirection.Request ? ref _requestWindow : ref _responseWindow);

    /// <summary>What inspectors leave for each other, and for their own later calls.</summary>
    public IDictionary<object, object?> Items => _items ??= [];

    internal void Widen(HttpDirection direction, uint increment) =>
        Interlocked.Add(ref direction == HttpDirection.Request ? ref _requestWindow : ref _responseWindow, increment);

    internal void Decide(ITlmspInspector inspector, InspectionVerdict verdict)
    {
        Verdict = verdict;
        DecidedBy = InspectorSet.NameOf(inspector);
    }

    internal InspectionRecord ToRecord() => new(this, Verdict, DecidedBy, IsContentChanged, IsComplete && !IsWithheld);

    internal void OnHead(HttpHead head)
    {
        Head = head;
        _head = _head.Add(SizeOf(head), _time.GetUtcNow());
    }

    internal void OnContent(long bytes) => _content = _content.Add(bytes, _time.GetUtcNow());

    internal void OnTrailers(HttpHead trailers)
    {
        Trailers = trailers;
        _trailers = _trailers.Add(SizeOf(trailers), _time.GetUtcNow());
    }

    internal void OnOpaque(HttpRole role, long bytes)
    {
        if (role == HttpRole.Content)
        {
            OnContent(bytes);
            _content = _content with { IsSealed = true };
        }
        else if (_content.Bytes > 0)
        {
            _trailers = _trailers.Add(bytes, _time.GetUtcNow());
        }
        else
        {
            _head = _head.Add(bytes, _time.GetUtcNow());
        }
    }

    private static long SizeOf(HttpHead head)
    {
        long size = head.StartLine.Length + 4;
        foreach (HttpField field in head.Fields)
        {
            size += field.Name.Length + field.Value.Length + 4;
        }

        return size;
    }
}
