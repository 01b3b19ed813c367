using System.Buffers;
using System.Runtime.InteropServices;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>
/// Between the relay, which opens container by container without waiting, and the inspectors, which may wait: keeps containers until it is
/// decided what becomes of all that is in them, and sends them on in the order in which they came.
/// </summary>
internal sealed partial class InspectionQueue : IRelayQueue, IHttpMessageEvents, IHttpPieceEvents
{
    private const int KeptCapacity = 16;
    private const int KeptFree = 256;
    private readonly HttpDirection _direction;
    private readonly HttpProfile _profile;
    private readonly IHttpMessageObserver _observer;
    private readonly InspectedMessages _messages;
    private readonly InspectionStages _stages;
    private readonly IInsertionTurn? _turn;
    private readonly Http2Interventions? _http2;
    private readonly int _inspectors;
    private readonly bool _rechunks;
    private readonly List<InspectionEvent> _events = [];
    private readonly PooledBuffer _content = new();
    private readonly Queue<PassingContainer> _passing = new();
    private readonly Stack<PassingContainer> _free = new();
    private readonly List<ContainerRun> _partialHead = [];
    private readonly Dictionary<InspectedMessage, MessageFlow> _flows = [];
    private readonly Action<HeldContainer> _take;
    private PassingContainer _container = null!;    // that is being looked at
    private int _at;                                // how much of it has been
    private long _heldBytes;

    /// <param name="direction">What passes.</param>
    /// <param name="profile">The contexts.</param>
    /// <param name="observer">Reads the messages.</param>
    /// <param name="messages">Those of the connection.</param>
    /// <param name="stages">Asks the inspectors.</param>
    /// <param name="turn">Knows when something of our own can go between what passes; null where nothing ever does.</param>
    /// <param name="http2">For HTTP/2: what the middlebox does of its own.</param>
    public InspectionQueue(
        HttpDirection direction, HttpProfile profile, IHttpMessageObserver observer, InspectedMessages messages, InspectionStages stages,
        IInsertionTurn? turn, Http2Interventions? http2)
    {
        _http2 = http2;
        _direction = direction;
        _profile = profile;
        _observer = observer;
        _messages = messages;
        _stages = stages;
        _turn = turn;
        _inspectors = stages.Inspectors.All.Length;
        _rechunks = stages.Inspectors.WritesContent(direction);
        _take = Take;
    }

    /// <summary>Says how long the inspectors have been at work.</summary>
    public InspectorWatch Watch => _stages.Watch;

    /// <summary>Whether the connection is to end once what was decided on has been sent.</summary>
    public bool IsOver => _stages.IsOver;

    /// <summary>Opens the next record.</summary>
    /// <returns>False when no whole record is there yet.</returns>
    /// <exception cref="TlmspException">A check failed.</exception>
    /// <exception cref="HttpMappingException">It breaks the mapping.</exception>
    public bool TryTake(ContainerRelay relay, ref ReadOnlySequence<byte> input) => relay.TryOpen(ref input, _take);

    /// <summary>How much waits.</summary>
    public long HeldBytes => _heldBytes;

    /// <summary>Shows everything that was seen to the inspectors.</summary>
    /// <exception cref="InspectorException">An inspector threw something, or closes the connection.</exception>
    /// <exception cref="OperationCanceledException">The connection ended meanwhile: nothing it shares may be touched any more.</exception>
    public async ValueTask InspectAsync(CancellationToken cancellationToken)
    {
        TakeAbandoned();
        if (_events.Count == 0)
        {
            return;
        }

        Watch.Enter();
        InspectorException? fault = null;
        int shown = 0;
        try
        {
            for (; shown < _events.Count && !IsOver; shown++)
            {
                InspectionEvent seen = _events[shown];
                await _stages.ShowAsync(seen, _content.Memory.Slice(seen.Offset, seen.Length), cancellationToken).ConfigureAwait(false);
            }

            _stages.CheckHeld(_passing, _heldBytes);
            NoteWindows();
        }
        catch (InspectorException e)
        {
            fault = e;
        }

        if (fault is not null || IsOver)
        {
            await RecordUnsentAsync(shown, cancellationToken).ConfigureAwait(false);
        }

        Forget();
        Watch.Leave();
        if (fault is not null)
        {
            throw fault;
        }
    }

    /// <summary>Messages that have come whole and do not go on are recorded here: the connection knows those that have not ended.</summary>
    private async ValueTask RecordUnsentAsync(int from, CancellationToken cancellationToken)
    {
        try
        {
            for (int i = from; i < _events.Count; i++)
            {
                if (_events[i] is { Kind: InspectionEventKind.End, Flow: { } flow })
                {
                    await _stages.RecordUnsentAsync(flow, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (InspectorException)
        {
            // The connection ends already, and nothing of this passes.
        }
    }

    /// <summary>Sends on what has been decided on.</summary>
    /// <exception cref="InspectorException">Too much waits for its receiver.</exception>
    public void Release(ContainerRelay relay, IBufferWriter<byte> output)
    {
        _turn?.Insert(relay, output, _passing.Count == 0);
        while (_passing.TryPeek(out PassingContainer? next) && next.Undecided == 0)
        {
            if (_turn is null)
            {
                next.Send(relay, output);
            }
            else if (!_turn.TrySend(next, relay, output))
            {
                _stages.CheckWaiting(_heldBytes, _http2?.Window(_direction).OfSender ?? 0);
                break;
            }

            _passing.Dequeue();
            _heldBytes -= next.WireLength;
            if (next.IsLast)
            {
                return;
            }

            _turn?.Insert(relay, output, _passing.Count == 0);
            if (_free.Count < KeptFree)
            {
                _free.Push(next);
            }
        }
    }

    void IHttpPieceEvents.OnRun(HttpRunKind kind, int length)
    {
        int start = _at;
        _at += length;
        _container.LeavesOpen = true;
        if (kind == HttpRunKind.Head)
        {
            AddTo(_partialHead, start, length);
            return;
        }

        if (kind == HttpRunKind.Content || _messages.Peek(_direction) is not { } message || FlowOf(message) is not { } flow)
        {
            return;
        }

        var run = new ContainerRun(_container, start, length);
        if (flow.IsWithheld)
        {
            _container.Replace(start, length, default);
        }
        else if (flow.IsRechunked && kind is HttpRunKind.Chunk or HttpRunKind.LastChunk)
        {
            _container.Replace(start, length, kind == HttpRunKind.Chunk ? default : "0\r\n"u8);
        }

        if (!flow.IsWithheld && !flow.HeadPassed)
        {
            flow.Framing.Add(run);
        }
    }

    void IHttpMessageEvents.OnHead(HttpHead head)
    {
        InspectedMessage message = _messages.Begin(_direction, head);
        MessageFlow flow = FlowOf(message);
        flow.IsAborted = _aborted.Contains(head.StreamId);
        flow.OriginalHead = head;
        bool mayResize = _rechunks && message.Rights is { WritesContent: true, ReadsHead: true };
        flow.IsRechunked = mayResize && _http2 is null && head["Transfer-Encoding"] is not null;
        flow.IsReframable = mayResize && _http2 is { KeepsWindows: true } && head["Content-Length"] is null;
        TakePartialHead(flow.Head);
        _events.Add(new InspectionEvent(InspectionEventKind.Head, flow));
        if (flow.IsAborted)
        {
            Abort(head.StreamId);
        }
    }

    void IHttpMessageEvents.OnContent(int streamId, ReadOnlySpan<byte> content)
    {
        if (_isFrameRemoved)
        {
            _frameFlow?.Message.OnContent(content.Length);
            return;
        }

        MessageFlow flow = _frameFlow ?? FlowOf(_messages.Current(_direction, streamId));
        flow.Message.OnContent(content.Length);
        if (flow.IsWithheld)
        {
            _container.Replace(_at - content.Length, content.Length, default);
            return;
        }

        flow.Content.Enqueue(new ContainerRun(_container, _at - content.Length, content.Length).Await());
        flow.ContentBytes += content.Length;
        Show(InspectionEventKind.Content, flow, content);
    }

    void IHttpMessageEvents.OnSecretFields(IReadOnlyList<HttpField> fields)
    {
        MessageFlow flow = FlowOf(_messages.Current(_direction, streamId: 0));
        TakePartialHead(flow.Head);
        _events.Add(new InspectionEvent(InspectionEventKind.Secrets, flow) { Fields = fields });
    }

    void IHttpMessageEvents.OnTrailers(HttpHead trailers)
    {
        if (_http2?.IsWithheld(_direction, trailers.StreamId) == true)
        {
            ContainerRun.RemoveAll(_partialHead);
            return;
        }

        MessageFlow flow = _aborted.Find(trailers.StreamId)
            ?? (_http2 is null ? FlowOf(_messages.Current(_direction, trailers.StreamId)) : HeadlessFlow(trailers.StreamId));
        flow.Message.OnTrailers(trailers);
        TakePartialHead(flow.Trailers);
        if (flow.IsWithheld)
        {
            flow.Withhold();
        }

        _events.Add(new InspectionEvent(InspectionEventKind.Trailers, flow));
    }

    void IHttpMessageEvents.OnMessageEnd(int streamId)
    {
        if (_messages.End(_direction, streamId) is { } message)
        {
            MessageFlow flow = FlowOf(message);
            _flows.Remove(message);
            _events.Add(new InspectionEvent(InspectionEventKind.End, flow));
            if (message.Head is not { StatusCode: >= 100 and < 200 })
            {
                _container.Answers++;
                _container.LeavesOpen = false;
            }
        }
    }

    void IHttpMessageEvents.OnMessageAborted(int streamId)
    {
        Abort(streamId);
        _http2!.Abandon(Opposite, streamId, isReset: true);
    }

    void IHttpMessageEvents.OnTunnel(ReadOnlySpan<byte> data) => Show(InspectionEventKind.Tunnel, flow: null, data);

    void IHttpMessageEvents.OnOpaque(HttpRole role, int length)
    {
        // Over HTTP/2 sealed containers do not tell whose they are, and a tunnel is no message.
        InspectedMessage? message = _profile.Version == HttpWireVersion.Http11 && role != HttpRole.Tunnel
            ? _messages.Current(_direction, streamId: 0)
            : null;
        message?.OnOpaque(role, length);
        _container.LeavesOpen = true;
        _events.Add(new InspectionEvent(InspectionEventKind.Opaque, message is null ? null : FlowOf(message)) { Role = role, Opaque = length });
    }

    /// <summary>Gives back what nobody will send on.</summary>
    public void Discard(ContainerRelay relay)
    {
        while (_passing.TryDequeue(out PassingContainer? container))
        {
            if (!container.IsPartlySent)
            {
                relay.Discard(container.Held);
            }
        }

        _heldBytes = 0;
        Forget();
    }

    /// <summary>Gives up what a busy connection keeps to work with.</summary>
    public void Trim()
    {
        _free.Clear();
        _free.TrimExcess();
    }

    private void Take(HeldContainer held)
    {
        _container = _free.TryPop(out PassingContainer? free) ? free : new PassingContainer();
        _container.Begin(held);
        _at = 0;
        _passing.Enqueue(_container);
        _heldBytes += held.WireLength;
        if (held.IsAlert)
        {
            return;
        }

        // The endpoints refuse other contexts as well, but what inspectors cannot be shown must not pass them.
        HttpRole role = _profile.RoleOf(held.ContextId, _direction);
        if (held.CanRead)
        {
            _observer.OnContainer(role, held.ContextId, held.Plaintext.Span, this);
        }
        else
        {
            _observer.OnOpaque(role, held.PlaintextLength, this);
        }
    }

    private void Show(InspectionEventKind kind, MessageFlow? flow, ReadOnlySpan<byte> bytes)
    {
        // Content that was cut small, into containers, chunks or frames, is one call all the same.
        Span<InspectionEvent> events = CollectionsMarshal.AsSpan(_events);
        if (!events.IsEmpty && events[^1].Kind == kind && events[^1].Flow == flow)
        {
            events[^1] = events[^1] with { Length = events[^1].Length + bytes.Length };
        }
        else
        {
            _events.Add(new InspectionEvent(kind, flow) { Offset = _content.Length, Length = bytes.Length });
        }

        _content.Write(bytes);
    }

    private MessageFlow FlowOf(InspectedMessage message)
    {
        if (!_flows.TryGetValue(message, out MessageFlow? flow))
        {
            flow = new MessageFlow(message, _inspectors);
            _flows.Add(message, flow);
        }

        return flow;
    }

    private void AddTo(List<ContainerRun> runs, int start, int length)
    {
        Span<ContainerRun> known = CollectionsMarshal.AsSpan(runs);
        if (!known.IsEmpty && known[^1] is var last && last.Container == _container && last.Start + last.Length == start)
        {
            known[^1] = last with { Length = last.Length + length };
        }
        else
        {
            runs.Add(new ContainerRun(_container, start, length).Await());
        }
    }

    private void TakePartialHead(List<ContainerRun> runs)
    {
        runs.AddRange(_partialHead);
        _partialHead.Clear();
    }

    /// <summary>Forgets what was seen.</summary>
    private void Forget()
    {
        _content.Dispose();
        _events.Clear();
        if (_events.Capacity > KeptCapacity)
        {
            _events.Capacity = 0;   // a connection that idles keeps nothing that a burst needed
        }
    }
}
