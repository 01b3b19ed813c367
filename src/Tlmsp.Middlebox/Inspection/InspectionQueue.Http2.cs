using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <content>HTTP/2: which bytes go on with which decision, frame by frame, and streams that are reset.</content>
internal sealed partial class InspectionQueue : IHttp2FrameEvents
{
    private readonly AbortedStreams _aborted = new();
    private readonly List<ContainerRun> _frame = [];    // bytes of a frame that nothing is decided on yet
    private MessageFlow? _frameFlow;                    // of the DATA frame at hand
    private bool _isFrameRemoved;
    private uint _increment;        // or the code of RST_STREAM
    private volatile HeldWindow? _heldWindow;

    void IHttp2FrameEvents.OnFrameRun(in Http2Frame frame, Http2Piece piece, ReadOnlySpan<byte> bytes, bool isInside)
    {
        var run = new ContainerRun(_container, _at, bytes.Length);
        _at += bytes.Length;
        _container.LeavesOpen = isInside;
        if (piece.Kind == Http2PieceKind.Preface)
        {
            return;
        }

        if (piece.Kind == Http2PieceKind.PartialHeader)
        {
            _frame.Add(run.Await());
            return;
        }

        if (piece.Kind == Http2PieceKind.Header)
        {
            _isFrameRemoved = _http2!.IsWithheld(_direction, (int)frame.StreamId);
            _frameFlow = null;
        }

        switch (frame.Type)
        {
            case Http2FrameType.Headers or Http2FrameType.Continuation:
                _partialHead.AddRange(_frame);
                _frame.Clear();
                AddTo(_partialHead, run.Start, run.Length);
                break;
            case Http2FrameType.Data:
                OnData(frame, piece, run);
                break;
            case Http2FrameType.WindowUpdate or Http2FrameType.RstStream or Http2FrameType.Priority:
                OnStreamControl(frame, piece, run, bytes);
                break;
            default:
                ContainerRun.PassAll(_frame);
                _container.Confirmations += frame.Type == Http2FrameType.Settings && frame.IsAck && piece.FrameComplete ? 1 : 0;
                break;
        }
    }

    private void OnData(in Http2Frame frame, Http2Piece piece, ContainerRun run)
    {
        int streamId = (int)frame.StreamId;
        if (piece.Kind == Http2PieceKind.Header)
        {
            _frameFlow = _messages.Peek(_direction, streamId) is { } message ? FlowOf(message) : _aborted.Find(streamId);
            _container.BeginData(run.Start, frame.Length);
            run = run with { DataBytes = frame.Length };
        }

        if (_isFrameRemoved || _frameFlow is { IsWithheld: true })
        {
            _isFrameRemoved = true;
            _frame.Add(run.Await());
            RemoveFrame();
            return;
        }

        if (piece.Kind == Http2PieceKind.Content)
        {
            _frameFlow ??= HeadlessFlow(streamId);
            Enqueue(ContentRunKind.FrameHeader);
            return;
        }

        if (piece.Kind == Http2PieceKind.Header && _frameFlow is not null)
        {
            _frameFlow.DataBegun += frame.Length;       // padding counts as well (RFC 9113 §6.1)
        }

        // What comes before content waits for it, unless there is none; padding comes behind.
        bool isBehind = piece.Kind != Http2PieceKind.Header && _frame.Count == 0;
        _frame.Add(run.Await());
        if (isBehind || piece.FrameComplete)
        {
            Enqueue(ContentRunKind.FrameEnd);
        }
    }

    private void OnStreamControl(in Http2Frame frame, Http2Piece piece, ContainerRun run, ReadOnlySpan<byte> bytes)
    {
        _frame.Add(run.Await());
        _increment = piece.Kind == Http2PieceKind.Header ? 0 : _increment;
        foreach (byte next in piece.Kind == Http2PieceKind.Header ? default : bytes)
        {
            _increment = (_increment << 8) | next;
        }

        if (!piece.FrameComplete)
        {
            return;
        }

        int streamId = (int)frame.StreamId;
        uint increment = _increment & ~Http2Frame.ReservedBit;
        uint passes = increment;
        if (frame.Type == Http2FrameType.WindowUpdate && streamId == 0)
        {
            passes = _http2!.OnUpdate(_direction.Opposite(), increment);
        }
        else if (frame.Type == Http2FrameType.WindowUpdate)
        {
            _http2!.OnUpdate(_direction.Opposite(), streamId, increment, _messages.Request(streamId));
        }

        if (_isFrameRemoved || (frame.Type == Http2FrameType.RstStream && _http2!.TryReset(_direction, streamId, _increment)))
        {
            RemoveFrame();
        }
        else if (passes != increment)
        {
            PassFrameAs(passes == 0 ? default : Http2Outgoing.Frame(Http2FrameType.WindowUpdate, 0, passes));
        }
        else
        {
            // A server does not hear of a request that goes no further; a client that waits has to hear of the end of its stream.
            MessageFlow? flow = Undecided(streamId);
            bool isAfterAll = _direction == HttpDirection.Response && frame.Type == Http2FrameType.RstStream;
            if (!isAfterAll && flow is { IsWithheld: false, Head.Count: > 0 })
            {
                flow.Framing.AddRange(_frame);
            }

            if (frame.Type == Http2FrameType.RstStream && flow is { Message.IsComplete: true })
            {
                flow.Reset = (_increment, [.. _frame]);
            }

            ContainerRun.PassAll(_frame);
        }
    }

    /// <summary>The message of a stream that something may be decided on; it may have come whole since the inspectors were last asked.</summary>
    private MessageFlow? Undecided(int streamId) => _messages.Peek(_direction, streamId) is { } message
        ? FlowOf(message)
        : streamId == 0 ? null : _events.FindLast(seen => seen.Flow?.Message.StreamId == streamId).Flow;

    /// <summary>The message of content whose head cannot be read; where it can, there was one.</summary>
    /// <exception cref="HttpMappingException">The stream was reset, so long ago that nobody knows its head any more.</exception>
    private MessageFlow HeadlessFlow(int streamId)
    {
        InspectedMessage message = _messages.Current(_direction, streamId);
        return message.Head is not null || !message.Rights.ReadsHead
            ? FlowOf(message)
            : throw new HttpMappingException($"content or trailers on stream {streamId}, which was reset or answered long ago");
    }

    /// <summary>A stream was reset, in this direction or in the other.</summary>
    private void Abort(int streamId)
    {
        InspectedMessage? message = _messages.Abort(_direction, streamId);
        MessageFlow? flow = message is null ? null : FlowOf(message);
        if (flow is not null)
        {
            _flows.Remove(message!);
            flow.IsAborted = true;
            _events.Add(new InspectionEvent(InspectionEventKind.Aborted, flow));
        }

        _aborted.Add(streamId, flow);
    }

    /// <summary>Streams that the other direction, or the middlebox, has ended.</summary>
    private void TakeAbandoned()
    {
        foreach ((int streamId, bool isReset) in _http2?.TakeAbandoned(_direction) ?? [])
        {
            Abort(streamId);
            if (isReset)
            {
                _http2!.Forget(_direction, streamId);
            }
        }
    }

    /// <summary>
    /// What is held back uses up windows: a sender that has none left cannot send what the inspectors wait for, unless the receiver has
    /// widened them already and the middlebox has not heard of it yet.
    /// </summary>
    public bool IsStuck
    {
        get
        {
            HeldWindow? held = _heldWindow;
            return held is not null && (_http2!.Window(_direction).IsUsedUpBy(held.Octets)
                || (held.Message is { } message && held.OfMessage >= WindowOf(message)));
        }
    }

    /// <summary>Notes what is held of the windows, where the middlebox sees what receivers say of them.</summary>
    private void NoteWindows()
    {
        _heldWindow = null;
        if (_http2 is not { KnowsWindows: true } || !_stages.Holds)
        {
            return;
        }

        InspectedMessage? stuck = _flows.FirstOrDefault(
            each => each.Value.IsHeld && !each.Key.IsComplete && each.Value.DataBegun >= WindowOf(each.Key)).Key;
        long held = _passing.SkipWhile(container => container.Undecided == 0).Sum(container => container.DataBytes);
        _heldWindow = new HeldWindow(held, stuck, stuck is null ? 0 : _flows[stuck].DataBegun);
    }

    private long WindowOf(InspectedMessage message) =>
        _http2!.InitialWindow(_direction) + (message.Request ?? message).WindowIncrements(_direction);

    private void Enqueue(ContentRunKind kind)
    {
        if (kind == ContentRunKind.FrameEnd && (_frameFlow is null || _frameFlow is { Content.Count: 0, Head.Count: 0 }))
        {
            ContainerRun.PassAll(_frame);
            return;
        }

        foreach (ContainerRun run in _frame)
        {
            _frameFlow!.Content.Enqueue(run with { Kind = kind });
        }

        _frame.Clear();
    }

    private void RemoveFrame()
    {
        foreach (ContainerRun run in _frame)
        {
            if (run.DataBytes > 0)
            {
                run.Container.RemoveData(run.Start);
                _http2!.GiveBack(_direction, run.DataBytes);
            }
        }

        PassFrameAs(default);
    }

    private void PassFrameAs(ReadOnlySpan<byte> bytes)
    {
        foreach (ContainerRun run in _frame)
        {
            run.Pass(bytes);
            bytes = default;
        }

        _frame.Clear();
    }

    /// <summary>What inspectors hold of windows.</summary>
    /// <param name="Octets">Of that of the connection.</param>
    /// <param name="Message">One that holds all of the window of its stream; null for none.</param>
    /// <param name="OfMessage">How much that is.</param>
    private sealed record HeldWindow(long Octets, InspectedMessage? Message, long OfMessage);
}
