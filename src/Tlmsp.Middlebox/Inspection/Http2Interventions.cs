using System.Buffers;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>
/// What a middlebox does of its own on an HTTP/2 connection: answers and resets that it inserts, streams of which it lets no more pass, and
/// the windows, which come out right all the same (RFC 9113 §5.2). Shared by both directions.
/// </summary>
internal sealed class Http2Interventions(HttpProfile profile, Grant grant, Http2Streams streams, long maxBytes)
{
    private const uint CancelCode = 8;
    private const int RememberedStreams = 4096;
    private readonly Lock _lock = new();
    private readonly Side[] _sides = [new(), new()];

    /// <summary>
    /// Whether the middlebox can keep windows right where it does not send what it received: it sees all frames, and may write those that
    /// say so.
    /// </summary>
    public bool KeepsWindows { get; } = profile.ContextIds.All(id => grant[id] >= TlmspAccess.Read)
        && grant[profile.IdOf(HttpDirection.Request, HttpRole.Control)] == TlmspAccess.Write
        && grant[profile.IdOf(HttpDirection.Response, HttpRole.Control)] == TlmspAccess.Write;

    /// <summary>Whether the middlebox sees what each side says of its windows, and the requests whose streams those are.</summary>
    public bool KnowsWindows { get; } = streams.TracksWindows = new[] { HttpRole.Control, HttpRole.Head }.All(role =>
        grant[profile.IdOf(HttpDirection.Request, role)] >= TlmspAccess.Read && grant[profile.IdOf(HttpDirection.Response, role)] >= TlmspAccess.Read);

    /// <summary>The window that streams begin with.</summary>
    public uint InitialWindow(HttpDirection direction) => streams.InitialWindow(direction);

    /// <summary>SETTINGS of the receiver of a direction are confirmed by what has gone on there.</summary>
    public void Confirm(HttpDirection direction, int frames)
    {
        for (; frames > 0; frames--)
        {
            streams.OnSettingsConfirmed(direction);
        }
    }

    /// <summary>Has a direction look after what it could send.</summary>
    public void OnWork(HttpDirection direction, Action wake) => _sides[(int)direction].Wake = wake;

    /// <summary>Nothing more of a stream goes on in a direction.</summary>
    public void Withhold(HttpDirection direction, int streamId)
    {
        lock (_lock)
        {
            Side side = _sides[(int)direction];
            if (side.Withheld.Add(streamId))
            {
                side.Order.Enqueue(streamId);
            }

            // Control frames of one that is forgotten reach the server, which knows that it was passed over (RFC 9113 §5.1.1).
            if (side.Order.Count > RememberedStreams)
            {
                side.Withheld.Remove(side.Order.Dequeue());
            }

            side.WithholdsAny = true;
        }
    }

    /// <summary>Whether nothing of a stream goes on in a direction.</summary>
    public bool IsWithheld(HttpDirection direction, int streamId)
    {
        Side side = _sides[(int)direction];
        if (!side.WithholdsAny)
        {
            return false;
        }

        lock (_lock)
        {
            return side.Withheld.Contains(streamId);
        }
    }

    /// <summary>DATA was kept back: its receiver will not give back what of the connection's window it took, so we do.</summary>
    public void GiveBack(HttpDirection direction, long octets)
    {
        if (octets > 0)
        {
            Side side = _sides[(int)direction.Opposite()];
            lock (_lock)
            {
                side.GivenBack += octets;
            }

            side.Work();
        }
    }

    /// <summary>A stream was reset by somebody else, or by us: its message in a direction will not be complete.</summary>
    /// <param name="direction">The direction.</param>
    /// <param name="streamId">The stream.</param>
    /// <param name="isReset">Whether the receiver of the direction has reset it, and wants nothing of ours either.</param>
    public void Abandon(HttpDirection direction, int streamId, bool isReset = false)
    {
        lock (_lock)
        {
            _sides[(int)direction].Abandoned.Add((streamId, isReset));
        }

        _sides[(int)direction].Work();
    }

    /// <summary>The streams whose messages will not be complete.</summary>
    public (int StreamId, bool IsReset)[] TakeAbandoned(HttpDirection direction)
    {
        Side side = _sides[(int)direction];
        if (!side.HasWork)
        {
            return [];
        }

        lock (_lock)
        {
            (int, bool)[] abandoned = [.. side.Abandoned];
            side.Abandoned.Clear();
            return abandoned;
        }
    }

    /// <summary>Resets a stream towards the receiver of a direction, behind all of that stream that has come.</summary>
    public void Cancel(HttpDirection direction, int streamId)
    {
        streams.OnAnswered((uint)streamId);
        Side side = _sides[(int)direction];
        lock (_lock)
        {
            side.Resets.Add(streamId);
        }

        side.Work();
    }

    /// <summary>Answers on a stream in the server's place.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="isDue">Whether it can go on now.</param>
    public void Answer(Http2Outgoing answer, bool isDue)
    {
        streams.OnAnswered((uint)answer.StreamId);
        Add(HttpDirection.Response, answer);
        if (isDue)
        {
            Begin(HttpDirection.Response, answer);
        }
    }

    /// <summary>Takes over what is to go on in a direction, later.</summary>
    /// <exception cref="InspectorException">Too much waits.</exception>
    public void Add(HttpDirection direction, Http2Outgoing outgoing)
    {
        lock (_lock)
        {
            Side side = _sides[(int)direction];
            side.Outgoing.Add(outgoing);
            side.IsSending = true;
            BoxAnswers.CheckWaiting(side.Outgoing.Sum(each => (long)each.Waiting), maxBytes);
        }
    }

    /// <summary>What comes before it has gone on.</summary>
    public void Begin(HttpDirection direction, Http2Outgoing outgoing)
    {
        outgoing.IsDue = true;
        _sides[(int)direction].Work();
    }

    /// <summary>The receiver of a direction does not want what is going on on a stream any more.</summary>
    public void Forget(HttpDirection direction, int streamId)
    {
        lock (_lock)
        {
            _sides[(int)direction].Outgoing.RemoveAll(each => each.StreamId == streamId);
        }
    }

    /// <summary>The sender of a direction resets a stream, of which it has sent all, and we have not.</summary>
    /// <returns>False where that is to go on now, as a client's that wants no answer any more.</returns>
    public bool TryReset(HttpDirection direction, int streamId, uint code)
    {
        lock (_lock)
        {
            Side side = _sides[(int)direction];
            Http2Outgoing? outgoing = side.Find(streamId);
            if (outgoing is not null && direction == HttpDirection.Request)
            {
                side.Outgoing.Remove(outgoing);
                return false;
            }

            if (outgoing is not null)
            {
                outgoing.ResetCode ??= code;
            }

            return outgoing is not null;
        }
    }

    /// <summary>The window of the connection for the DATA of a direction.</summary>
    public Http2Window Window(HttpDirection direction) => _sides[(int)direction].Window;

    /// <summary>The receiver of a direction's DATA widens the window of the connection.</summary>
    /// <returns>By how much the sender may hear that it did.</returns>
    public uint OnUpdate(HttpDirection direction, uint increment)
    {
        Side side = _sides[(int)direction];
        increment = side.Window.OnUpdate(increment, out bool wasShort);
        if (wasShort || side.IsSending)
        {
            side.Work();
        }

        return increment;
    }

    /// <summary>The receiver of a direction's DATA widens the window of a stream.</summary>
    /// <param name="direction">Where the DATA goes.</param>
    /// <param name="streamId">The stream.</param>
    /// <param name="increment">By how much.</param>
    /// <param name="request">Its request, as far as that is still known.</param>
    public void OnUpdate(HttpDirection direction, int streamId, uint increment, InspectedMessage? request)
    {
        Http2Outgoing? outgoing;
        lock (_lock)
        {
            outgoing = _sides[(int)direction].Find(streamId);
            (outgoing?.Request ?? request)?.Widen(direction, increment);
        }

        if (outgoing is not null)
        {
            _sides[(int)direction].Work();
        }
    }

    /// <summary>Sends what is due in a direction, which is between two frames.</summary>
    public void Insert(HttpDirection direction, ContainerRelay relay, IBufferWriter<byte> output, bool isEmpty)
    {
        Side side = _sides[(int)direction];
        if (!side.HasWork)
        {
            return;
        }

        lock (_lock)
        {
            byte control = profile.IdOf(direction, HttpRole.Control);
            while (side.GivenBack > 0)
            {
                uint increment = (uint)Math.Min(side.GivenBack, int.MaxValue);
                side.GivenBack -= increment;
                relay.Insert(control, Http2Outgoing.Frame(Http2FrameType.WindowUpdate, 0, increment), output);
            }

            // What comes for the stream later is kept back.
            if (isEmpty)
            {
                side.Resets.ForEach(each => relay.Insert(control, Http2Outgoing.Frame(Http2FrameType.RstStream, each, CancelCode), output));
                side.Resets.Clear();
            }

            side.Outgoing.ForEach(each => Send(direction, each, relay, output));
            side.Outgoing.RemoveAll(each => each.IsComplete);
            side.IsSending = side.Outgoing.Count > 0;
            side.HasWork = side.Resets.Count > 0 || side.Abandoned.Count > 0 || side.IsSending;
        }
    }

    private void Send(HttpDirection direction, Http2Outgoing outgoing, ContainerRelay relay, IBufferWriter<byte> output)
    {
        if (!outgoing.IsDue)
        {
            return;
        }

        byte heads = profile.IdOf(direction, HttpRole.Head);
        Http2Window window = Window(direction);
        relay.Insert(heads, outgoing.TakeHead().Span, output);
        while (outgoing.TakeData(direction, window.Left, streams.InitialWindow(direction), out int octets) is { IsEmpty: false } data)
        {
            relay.Insert(outgoing.ContentId, data.Span, output);
            window.OnUsed(octets);
        }

        if (outgoing.IsComplete)
        {
            relay.Insert(heads, outgoing.Trailers.Span, output);
            if (outgoing.ResetCode is { } code)
            {
                byte control = profile.IdOf(direction, HttpRole.Control);
                relay.Insert(control, Http2Outgoing.Frame(Http2FrameType.RstStream, outgoing.StreamId, code), output);
            }
        }
    }

    /// <summary>What concerns one direction.</summary>
    private sealed class Side
    {
        public Http2Window Window { get; } = new();

        public HashSet<int> Withheld { get; } = [];

        public Queue<int> Order { get; } = new();

        public List<(int StreamId, bool IsReset)> Abandoned { get; } = [];

        public List<int> Resets { get; } = [];

        public List<Http2Outgoing> Outgoing { get; } = [];

        public long GivenBack { get; set; }

        public Action? Wake { get; set; }

        public volatile bool WithholdsAny;

        public volatile bool HasWork;

        public volatile bool IsSending;

        public Http2Outgoing? Find(int streamId) => Outgoing.Find(each => each.StreamId == streamId);

        public void Work()
        {
            HasWork = true;
            Wake?.Invoke();
        }
    }
}
