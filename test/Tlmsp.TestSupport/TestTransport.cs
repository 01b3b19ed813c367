using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tlmsp.Middlebox;

namespace Tlmsp.TestSupport;

/// <summary>
/// The socket transport of a middlebox, with a log of what a middlebox writes to either side, and optionally with input in small slices, names of its
/// own, or no IPv6.
/// </summary>
public sealed class TestTransport(int? sliceBytes = null) : IMiddleboxTransport
{
    private readonly SocketMiddleboxTransport _sockets = new(NullLoggerFactory.Instance);
    private readonly ConcurrentBag<Listener> _listeners = [];

    public WriteLog ToClient { get; } = new();

    public WriteLog ToServer { get; } = new();

    /// <summary>The addresses of names; null for the system's resolver.</summary>
    public Func<string, IPAddress[]>? Names { get; init; }

    public bool HasIPv6 { get; init; } = true;

    /// <summary>Where the middlebox listens.</summary>
    public EndPoint? Bound { get; private set; }

    public void Register(IServiceCollection services) => services.AddSingleton<IMiddleboxTransport>(this);

    public async ValueTask<IConnectionListener> BindAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        if (!HasIPv6 && endPoint.AddressFamily == AddressFamily.InterNetworkV6)
        {
            throw new SocketException((int)SocketError.AddressFamilyNotSupported);
        }

        IConnectionListener listener = await _sockets.BindAsync(endPoint, cancellationToken);
        Bound = listener.EndPoint;
        var made = new Listener(listener, this);
        _listeners.Add(made);
        return made;
    }

    /// <summary>Has those who accept connections on a port fail.</summary>
    public void FailAccept(int port)
    {
        foreach (Listener listener in _listeners.Where(listener => ((IPEndPoint)listener.EndPoint).Port == port))
        {
            listener.Fail();
        }
    }

    public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
        Names is { } names ? Task.FromResult(names(host)) : _sockets.ResolveAsync(host, cancellationToken);

    public async Task<ConnectionContext> ConnectAsync(IPEndPoint endPoint, CancellationToken cancellationToken) =>
        Wrap(await _sockets.ConnectAsync(endPoint, cancellationToken), ToServer);

    private ConnectionContext Wrap(ConnectionContext connection, WriteLog log)
    {
        log.Watch(connection);
        connection.Transport = new LoggingDuplexPipe(connection.Transport, log, sliceBytes);
        return connection;
    }

    private sealed class Listener(IConnectionListener inner, TestTransport owner) : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> _fault = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint => inner.EndPoint;

        public void Fail() => _fault.TrySetException(new IOException("no more handles"));

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            Task<ConnectionContext?> first = await Task.WhenAny(inner.AcceptAsync(cancellationToken).AsTask(), _fault.Task);
            return await first is { } connection ? owner.Wrap(connection, owner.ToClient) : null;
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => inner.UnbindAsync(cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
