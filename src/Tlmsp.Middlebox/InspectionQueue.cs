using System.Buffers;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>
/// Between the relay, which works container by container without waiting, and the inspectors, which may wait: keeps what was seen in one
/// batch until the inspectors have seen it as well. The batch is sent on only then.
/// </summary>
internal sealed class InspectionQueue : IContainerRelayHandler, IHttpMessageEvents, IDisposable
{
    private const int KeptCapacity = 16;
    private readonly HttpDirection _direction;
    private readonly HttpProfile _profile;
    private readonly IHttpMessageObserver _observer;
    private readonly ITlmspInspector[] _inspectors;
    private readonly List<Event> _events = [];
    private readonly PooledBuffer _content = new();

    public InspectionQueue(HttpDirection direction, HttpProfile profile, IHttpMessageObserver observer, ITlmspInspector[] inspectors)
    {
        _direction = direction;
        _profile = profile;
        _observer = observer;
        _inspectors = inspectors;
    }

    private enum Kind
    {
        Head,
        Content,
        Secrets,
        Trailers,
        End,
        Aborted,
        Opaque,
    }

    /// <summary>Says how long the inspectors have been at work.</summary>
    public InspectorWatch Watch { get; } = new();

    public RelayAction OnContainer(in RelayedContainer container, IBufferWriter<byte> replacement)
    {
        if (container.IsAlert)
        {
            return RelayAction.Forward;
        }

        // The endpoints refuse other contexts as well, but what inspectors cannot be shown must not pass them.
        HttpRole role = _profile.RoleOf(container.ContextId, _direction);
        if (container.CanRead)
        {
            _observer.OnContainer(role, container.Plaintext, this);
        }
        else
        {
            _observer.OnOpaque(role, container.PlaintextLength, this);
        }

        return RelayAction.Forward;
    }

    /// <summary>Shows everything that was seen to every inspector.</summary>
    /// <exception cref="InspectorException">An inspector threw something.</exception>
    /// <exception cref="OperationCanceledException">The connection ended meanwhile: nothing it shares may be touched any more.</exception>
    public async ValueTask InspectAsync(CancellationToken cancellationToken)
    {
        if (_events.Count == 0)
        {
            return;
        }

        Watch.Enter();
        InspectorException? fault = await CallAllAsync(cancellationToken).ConfigureAwait(false);
        Dispose();
        Watch.Leave();
        if (fault is not null)
        {
            throw fault;
        }
    }

    void IHttpMessageEvents.OnHead(HttpHead head) => _events.Add(new Event(Kind.Head, Head: head));

    void IHttpMessageEvents.OnContent(int streamId, ReadOnlySpan<byte> content)
    {
        // Content that was cut small, into containers, chunks or frames, is one call all the same.
        if (_events.Count > 0 && _events[^1] is { Kind: Kind.Content } last && last.StreamId == streamId)
        {
            _events[^1] = last with { Length = last.Length + content.Length };
        }
        else
        {
            _events.Add(new Event(Kind.Content, Offset: _content.Length, Length: content.Length, StreamId: streamId));
        }

        _content.Write(content);
    }

    void IHttpMessageEvents.OnSecretFields(IReadOnlyList<HttpField> fields) =>
        _events.Add(new Event(Kind.Secrets, Head: new HttpHead(_direction, "", fields)));

    void IHttpMessageEvents.OnTrailers(HttpHead trailers) => _events.Add(new Event(Kind.Trailers, Head: trailers));

    void IHttpMessageEvents.OnMessageEnd(int streamId) => _events.Add(new Event(Kind.End, StreamId: streamId));

    void IHttpMessageEvents.OnMessageAborted(int streamId) => _events.Add(new Event(Kind.Aborted, StreamId: streamId));

    void IHttpMessageEvents.OnOpaque(HttpRole role, int length) => _events.Add(new Event(Kind.Opaque, Role: role, Length: length));

    /// <summary>Forgets what was seen.</summary>
    public void Dispose()
    {
        _content.Dispose();
        _events.Clear();
        if (_events.Capacity > KeptCapacity)
        {
            _events.Capacity = 0;   // a connection that idles keeps nothing that a burst needed
        }
    }

    private async ValueTask<InspectorException?> CallAllAsync(CancellationToken cancellationToken)
    {
        foreach (Event seen in _events)
        {
            foreach (ITlmspInspector inspector in _inspectors)
            {
                try
                {
                    if (!Watch.TryStartCall())
                    {
                        return null;
                    }

                    await CallAsync(inspector, seen, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception e)
                {
                    return new InspectorException(inspector, e);
                }
            }
        }

        return null;
    }

    private ValueTask CallAsync(ITlmspInspector inspector, in Event seen, CancellationToken cancellationToken) => seen.Kind switch
    {
        Kind.Head => inspector.OnHeadAsync(seen.Head!, cancellationToken),
        Kind.Content => inspector.OnContentAsync(
            _direction, seen.StreamId, _content.Memory.Slice(seen.Offset, seen.Length), cancellationToken),
        Kind.Secrets => inspector.OnSecretFieldsAsync(_direction, seen.Head!.Fields, cancellationToken),
        Kind.Trailers => inspector.OnTrailersAsync(seen.Head!, cancellationToken),
        Kind.End => inspector.OnMessageEndAsync(_direction, seen.StreamId, cancellationToken),
        Kind.Aborted => inspector.OnMessageAbortedAsync(seen.StreamId, cancellationToken),
        _ => inspector.OnOpaqueAsync(_direction, seen.Role, seen.Length, cancellationToken),
    };

    private readonly record struct Event(Kind Kind, HttpHead? Head = null, int Offset = 0, int Length = 0, HttpRole Role = default, int StreamId = 0);
}

/// <summary>An inspector threw something, or took too long: its connection fails closed.</summary>
internal sealed class InspectorException(string message, Exception? inner = null) : Exception(message, inner)
{
    public InspectorException(ITlmspInspector inspector, Exception inner)
        : this($"{inspector.GetType().Name} failed with {inner.GetType().Name}: {inner.Message}", inner)
    {
    }

    public static InspectorException Overdue(TimeSpan timeout) => new($"an inspector has not returned within {timeout} (InspectorTimeout)");
}
