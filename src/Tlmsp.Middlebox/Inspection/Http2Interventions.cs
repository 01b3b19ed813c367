using System.Buffers;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>
/// What a middlebox does of its own on an HTTP/2 connection: answers and resets that it inserts, streams of which it lets no more pass, and
/// the windows, which come out right all the same (RFC 9113 §5.2). Shared by both directions.
/// </summary>
internal sealed class Http2Interventions(HttpProfile profile, Grant grant, Http2Streams streams)
{
    private const uint NoErrorCode = 0;     // RFC 9113 §7
    private const uint CancelCode = 8;
    private const int RememberedStreams = 4096;
    private readonly Lock _lock = new();
    private readonly List<Http2Answer> _answers = [];
    private readonly Side[] _sides = [new(), new()];
    private int _open;              // answers that are not complete

    /// <summary>Whether the middlebox sees what each side says of its windows.</summary>
    public bool KnowsWindows { get; } = grant[profile.IdOf(HttpDirection.Request, HttpRole.Control)] >= TlmspAccess.Read
        && grant[profile.IdOf(HttpDirection.Response, HttpRole.Control)] >= TlmspAccess.Read;

    /// <summary>The window that streams begin with.</summary>
    public uint InitialWindow(HttpDirection direction) => streams.InitialWindow(direction);

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
            lock (_lock)
            {
                _sides[Opposite(direction)].GivenBack += octets;
            }

            _sides[Opposite(direction)].Work();
        }
    }

    /// <summary>A stream was reset by somebody else, or by us: its message in a direction will not be complete.</summary>
    public void Abandon(HttpDirection direction, int streamId)
    {
        lock (_lock)
        {
            _sides[(int)direction].Abandoned.Add(streamId);
        }

        _sides[(int)direction].Work();
    }

    /// <summary>The streams whose messages will not be complete.</summary>
    public int[] TakeAbandoned(HttpDirection direction)
    {
        Side side = _sides[(int)direction];
        if (!side.HasWork)
        {
            return [];
        }

        lock (_lock)
        {
            int[] abandoned = [.. side.Abandoned];
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

    /// <summary>Answers on a stream.</summary>
    public void Answer(Http2Answer answer)
    {
        streams.OnAnswered((uint)answer.StreamId);
        lock (_lock)
        {
            _answers.Add(answer);
            _open++;
        }

        _sides[(int)HttpDirection.Response].Work();
    }

    /// <summary>The client does not want the answer on a stream any more.</summary>
    public void Forget(int streamId)
    {
        lock (_lock)
        {
            _open -= _answers.RemoveAll(answer => answer.StreamId == streamId);
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
        if (wasShort || (direction == HttpDirection.Response && Volatile.Read(ref _open) > 0))
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
        Http2Answer? answer;
        lock (_lock)
        {
            answer = direction == HttpDirection.Response ? _answers.Find(each => each.StreamId == streamId) : null;
            (answer?.Request ?? request)?.Widen(direction, increment);
        }

        if (answer is not null)
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
                relay.Insert(control, Http2Answer.Frame(Http2FrameType.WindowUpdate, 0, increment), output);
            }

            // What comes for the stream later is kept back.
            if (isEmpty)
            {
                side.Resets.ForEach(each => relay.Insert(control, Http2Answer.Frame(Http2FrameType.RstStream, each, CancelCode), output));
                side.Resets.Clear();
            }

            side.HasWork = side.Resets.Count > 0 || side.Abandoned.Count > 0;
            if (direction == HttpDirection.Response)
            {
                _answers.ForEach(answer => Send(answer, relay, output));
                _open -= _answers.RemoveAll(answer => answer.IsComplete);
                side.HasWork |= _answers.Count > 0;
            }
        }
    }

    private void Send(Http2Answer answer, ContainerRelay relay, IBufferWriter<byte> output)
    {
        relay.Insert(profile.IdOf(HttpDirection.Response, HttpRole.Head), answer.TakeHead().Span, output);
        Http2Window window = Window(HttpDirection.Response);
        while (answer.TakeData(window.Left, streams.InitialWindow(HttpDirection.Response), out int octets) is { IsEmpty: false } data)
        {
            relay.Insert(answer.ContentId, data.Span, output);
            window.OnUsed(octets);
        }

        if (answer.IsComplete && answer.StopsUpload)
        {
            byte control = profile.IdOf(HttpDirection.Response, HttpRole.Control);
            relay.Insert(control, Http2Answer.Frame(Http2FrameType.RstStream, answer.StreamId, NoErrorCode), output);
        }
    }

    private static int Opposite(HttpDirection direction) => 1 - (int)direction;

    /// <summary>What concerns one direction.</summary>
    private sealed class Side
    {
        public Http2Window Window { get; } = new();

        public HashSet<int> Withheld { get; } = [];

        public Queue<int> Order { get; } = new();

        public List<int> Abandoned { get; } = [];

        public List<int> Resets { get; } = [];

        public long GivenBack { get; set; }

        public Action? Wake { get; set; }

        public volatile bool WithholdsAny;

        public volatile bool HasWork;

        public void Work()
        {
            HasWork = true;
            Wake?.Invoke();
        }
    }
}
