using System.Buffers;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>
/// Between the relay, which opens container by container without waiting, and the inspectors, which may wait: keeps containers until it is
/// decided what becomes of all that is in them, and sends them on in the order in which they came.
/// </summary>
internal sealed partial class InspectionQueue : IRelayQueue
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
