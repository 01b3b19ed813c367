using System.Buffers;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>
/// Between the relay, which works container by container without waiting, and the inspectors, which may wait: keeps what was seen in one
/// batch until the inspectors have seen it as well. The batch is sent on only then.
/// </summary>
internal sealed class InspectionQueue : IContainerRelayHandler, IHttpMessageEvents, IDisposable
{
    private readonly HttpDirection _direction;
    private readonly HttpMessageObserver _observer;
    private readonly ITlmspInspector[] _inspectors;
    private readonly TimeSpan _timeout;
    private readonly List<Event> _events = [];

    public InspectionQueue(
        HttpDirection direction, Grant grant, HttpExchangeQueue exchanges, ITlmspInspector[] inspectors, TlmspMiddleboxHostOptions options)
    {
        _direction = direction;
        _inspectors = inspectors;
        _timeout = options.InspectorTimeout;
        _observer = new HttpMessageObserver(
            direction, exchanges, grant[HttpContexts.Headers] >= TlmspAccess.Read, grant[HttpContexts.Body] >= TlmspAccess.Read,
            options.Mapping, options.HttpLimits);
    }

    private enum Kind
    {
        Head,
        Content,
        Trailers,
        End,
        Opaque,
    }

    public RelayAction OnContainer(in RelayedContainer container, IBufferWriter<byte> replacement)
    {
        if (!container.IsAlert && HttpContexts.TryRoleOf(container.ContextId, out HttpRole role))
        {
            if (container.CanRead)
            {
                _observer.OnContainer(role, container.Plaintext, this);
            }
            else
            {
                _observer.OnOpaque(role, container.PlaintextLength, this);
            }
        }

        return RelayAction.Forward;
    }

    /// <summary>Shows everything that was seen to every inspector.</summary>
    /// <exception cref="TimeoutException">An inspector took too long.</exception>
    public async ValueTask InspectAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (Event seen in _events)
            {
                foreach (ITlmspInspector inspector in _inspectors)
                {
                    ValueTask call = Call(inspector, seen, cancellationToken);
                    if (!call.IsCompletedSuccessfully)
                    {
                        await call.AsTask().WaitAsync(_timeout, cancellationToken).ConfigureAwait(false);
                    }
                }
            }
        }
        finally
        {
            Clear();
        }
    }

    void IHttpMessageEvents.OnHead(HttpHead head) => _events.Add(new Event(Kind.Head, Head: head));

    void IHttpMessageEvents.OnContent(ReadOnlySpan<byte> content)
    {
        byte[] copy = ArrayPool<byte>.Shared.Rent(content.Length);
        content.CopyTo(copy);
        _events.Add(new Event(Kind.Content, Content: copy, Length: content.Length));
    }

    void IHttpMessageEvents.OnTrailers(HttpHead trailers) => _events.Add(new Event(Kind.Trailers, Head: trailers));

    void IHttpMessageEvents.OnMessageEnd() => _events.Add(new Event(Kind.End));

    void IHttpMessageEvents.OnOpaque(HttpRole role, int length) => _events.Add(new Event(Kind.Opaque, Role: role, Length: length));

    public void Dispose() => Clear();

    private ValueTask Call(ITlmspInspector inspector, in Event seen, CancellationToken cancellationToken) => seen.Kind switch
    {
        Kind.Head => inspector.OnHeadAsync(seen.Head!, cancellationToken),
        Kind.Content => inspector.OnContentAsync(_direction, seen.Content.AsMemory(0, seen.Length), cancellationToken),
        Kind.Trailers => inspector.OnTrailersAsync(seen.Head!, cancellationToken),
        Kind.End => inspector.OnMessageEndAsync(_direction, cancellationToken),
        _ => inspector.OnOpaqueAsync(_direction, seen.Role, seen.Length, cancellationToken),
    };

    private void Clear()
    {
        foreach (Event seen in _events)
        {
            if (seen.Content is { } rented)
            {
                ArrayPool<byte>.Shared.Return(rented, clearArray: true);
            }
        }

        _events.Clear();
    }

    private readonly record struct Event(Kind Kind, HttpHead? Head = null, byte[]? Content = null, HttpRole Role = default, int Length = 0);
}
