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
    private readonly InspectedMessages _messages;
    private readonly Inspectors _inspectors;
    private readonly List<Event> _events = [];
    private readonly PooledBuffer _content = new();
    private readonly InspectedContent _shown = new();

    public InspectionQueue(HttpDirection direction, HttpProfile profile, IHttpMessageObserver observer, InspectedMessages messages, Inspectors inspectors)
    {
        _direction = direction;
        _profile = profile;
        _observer = observer;
        _messages = messages;
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
        Tunnel,
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
            _observer.OnContainer(role, container.ContextId, container.Plaintext, this);
        }
        else
        {
            _observer.OnOpaque(role, container.PlaintextLength, this);
        }

        return RelayAction.Forward;
    }

    /// <summary>Shows everything that was seen to every inspector.</summary>
    /// <exception cref="InspectorException">An inspector threw something, or closes the connection.</exception>
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

    void IHttpMessageEvents.OnHead(HttpHead head)
    {
        InspectedMessage message = _messages.Begin(_direction, head);
        _events.Add(new Event(Kind.Head, message));
    }

    void IHttpMessageEvents.OnContent(int streamId, ReadOnlySpan<byte> content)
    {
        InspectedMessage message = _messages.Current(_direction, streamId);
        message.OnContent(content.Length);

        // Content that was cut small, into containers, chunks or frames, is one call all the same.
        if (_events.Count > 0 && _events[^1] is { Kind: Kind.Content } last && last.Message == message)
        {
            _events[^1] = last with { Length = last.Length + content.Length };
        }
        else
        {
            _events.Add(new Event(Kind.Content, message, Offset: _content.Length, Length: content.Length));
        }

        _content.Write(content);
    }

    void IHttpMessageEvents.OnSecretFields(IReadOnlyList<HttpField> fields) =>
        _events.Add(new Event(Kind.Secrets, _messages.Current(_direction, streamId: 0), Fields: fields));

    void IHttpMessageEvents.OnTrailers(HttpHead trailers)
    {
        InspectedMessage message = _messages.Current(_direction, trailers.StreamId);
        message.OnTrailers(trailers);
        _events.Add(new Event(Kind.Trailers, message));
    }

    void IHttpMessageEvents.OnMessageEnd(int streamId)
    {
        if (_messages.End(_direction, streamId) is { } message)
        {
            _events.Add(new Event(Kind.End, message));
        }
    }

    void IHttpMessageEvents.OnMessageAborted(int streamId)
    {
        foreach (InspectedMessage message in _messages.Abort(streamId))
        {
            _events.Add(new Event(Kind.Aborted, message));
        }
    }

    void IHttpMessageEvents.OnTunnel(ReadOnlySpan<byte> data)
    {
        if (_events.Count > 0 && _events[^1] is { Kind: Kind.Tunnel } last)
        {
            _events[^1] = last with { Length = last.Length + data.Length };
        }
        else
        {
            _events.Add(new Event(Kind.Tunnel, Message: null, Offset: _content.Length, Length: data.Length));
        }

        _content.Write(data);
    }

    void IHttpMessageEvents.OnOpaque(HttpRole role, int length)
    {
        // Over HTTP/2 sealed containers do not tell whose they are, and a tunnel is no message.
        InspectedMessage? message = _profile.Version == HttpWireVersion.Http11 && role != HttpRole.Tunnel ? _messages.Current(_direction, streamId: 0) : null;
        message?.OnOpaque(role, length);
        _events.Add(new Event(Kind.Opaque, message, Role: role, Length: length));
    }

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
            foreach (ITlmspInspector inspector in _inspectors.All)
            {
                try
                {
                    if (!Watch.TryStartCall())
                    {
                        return null;
                    }

                    InspectionVerdict verdict = await CallAsync(inspector, seen, cancellationToken).ConfigureAwait(false);
                    if (verdict.Action == InspectionAction.Close)
                    {
                        seen.Message?.Decide(inspector, verdict);
                        return InspectorException.Refused(inspector, verdict);
                    }

                    if (verdict.Action != InspectionAction.Forward)
                    {
                        throw new NotSupportedException($"The verdict {verdict.Action} is not supported.");
                    }
                }
                catch (Exception e)
                {
                    return new InspectorException(inspector, e);
                }
            }

            bool isOver = seen.Kind == Kind.End || (seen.Kind == Kind.Aborted && !seen.Message!.IsComplete);
            if (isOver && await TellSinksAsync(seen, cancellationToken).ConfigureAwait(false) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    private async ValueTask<InspectorException?> TellSinksAsync(Event seen, CancellationToken cancellationToken)
    {
        InspectionRecord record = seen.Message!.ToRecord();
        foreach (IInspectionSink sink in _inspectors.Sinks)
        {
            try
            {
                if (!Watch.TryStartCall())
                {
                    return null;
                }

                await sink.OnMessageAsync(record, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                return InspectorException.NotRecorded(sink, e);
            }
        }

        return null;
    }

    private async ValueTask<InspectionVerdict> CallAsync(ITlmspInspector inspector, Event seen, CancellationToken cancellationToken)
    {
        switch (seen.Kind)
        {
            case Kind.Head:
                return await inspector.OnHeadAsync(seen.Message!, cancellationToken).ConfigureAwait(false);
            case Kind.Content:
                _shown.Set(_content.Memory.Slice(seen.Offset, seen.Length), canWrite: false, canResize: false);
                return await inspector.OnContentAsync(seen.Message!, _shown, cancellationToken).ConfigureAwait(false);
            case Kind.Secrets:
                return await inspector.OnSecretFieldsAsync(seen.Message!, seen.Fields!, cancellationToken).ConfigureAwait(false);
            case Kind.Trailers:
                return await inspector.OnTrailersAsync(seen.Message!, cancellationToken).ConfigureAwait(false);
            case Kind.End:
                _shown.Set(default, canWrite: false, canResize: false);
                return await inspector.OnMessageEndAsync(seen.Message!, _shown, cancellationToken).ConfigureAwait(false);
            case Kind.Aborted:
                await inspector.OnMessageAbortedAsync(seen.Message!, cancellationToken).ConfigureAwait(false);
                return default;
            case Kind.Tunnel:
                return await inspector.OnTunnelAsync(
                    _direction, _content.Memory.Slice(seen.Offset, seen.Length), cancellationToken).ConfigureAwait(false);
            default:
                await inspector.OnOpaqueAsync(_direction, seen.Role, seen.Length, cancellationToken).ConfigureAwait(false);
                return default;
        }
    }

    private readonly record struct Event(
        Kind Kind, InspectedMessage? Message, int Offset = 0, int Length = 0, HttpRole Role = default, IReadOnlyList<HttpField>? Fields = null);
}
