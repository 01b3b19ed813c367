using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Security.Authentication;
using Tlmsp.Http;

namespace Tlmsp.Client;

/// <summary>Makes the connections of one handler: TCP to the first hop, handshake, and a stream that SocketsHttpHandler takes for TLS.</summary>
internal sealed class TlmspConnections(TlmspHttpOptions options)
{
    private readonly Http2Refusals _refusals = new(TimeProvider.System);

    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        HttpRequestMessage request = context.InitialRequestMessage;
        RequestRules.ThrowUnlessCarried(request);
        DnsEndPoint server = context.DnsEndPoint;
        string? host = request.Headers.Host;
        if (!RequestRules.MayBeHttp2(request))
        {
            return new ClaimedStream(await OpenAsync(server, host, HttpWireVersion.Http11, cancellationToken).ConfigureAwait(false));
        }

        HttpWireVersion version = HttpWireVersion.Http2;
        TlmspHttpStream? stream = await TryOpenHttp2Async(server, host, cancellationToken).ConfigureAwait(false);
        if (stream is null)
        {
            RequestRules.ThrowIfHttp2Only(request);
            version = HttpWireVersion.Http11;
            stream = await OpenAsync(server, host, version, cancellationToken).ConfigureAwait(false);
        }

        return await VersionClaim.CreateAsync(stream, version, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs on every connection before its first use: what did not come from <see cref="ConnectAsync"/> is refused.</summary>
    public static async ValueTask<Stream> FilterAsync(SocketsHttpPlaintextStreamFilterContext context, CancellationToken cancellationToken)
    {
        switch (context.PlaintextStream)
        {
            case ClaimedStream ours:
                return ours;
            case VersionClaim claim:
                Stream stream = claim.Take();
                await claim.DisposeAsync().ConfigureAwait(false);
                return stream;
            default:
                await context.PlaintextStream.DisposeAsync().ConfigureAwait(false);
                throw new InvalidOperationException("A connection of this handler is not a TLMSP connection; it is refused.");
        }
    }

    /// <returns>Null when the profile does not do HTTP/2, or the server, which is remembered for a while.</returns>
    private async Task<TlmspHttpStream?> TryOpenHttp2Async(DnsEndPoint server, string? hostHeader, CancellationToken cancellationToken)
    {
        if (_refusals.Contains(server) || !options.Profile.Supports(HttpWireVersion.Http2))
        {
            return null;
        }

        try
        {
            return await OpenAsync(server, hostHeader, HttpWireVersion.Http2, cancellationToken).ConfigureAwait(false);
        }
        catch (AuthenticationException e) when (e.InnerException is TlmspException { FromPeer: true, Alert: TlmspAlert.UnsupportedContext })
        {
            _refusals.Add(server);
            return null;
        }
    }

    private async Task<TlmspHttpStream> OpenAsync(
        DnsEndPoint server, string? hostHeader, HttpWireVersion version, CancellationToken cancellationToken)
    {
        TlmspClientOptions protocol = options.ToClientOptions(server, hostHeader, version);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            return await OpenAsync(protocol, server, discovery: null, limit, cancellationToken).ConfigureAwait(false);
        }
        catch (TlmspReconnectException e)
        {
            // Once only: the handshake takes no other path the second time (handshake.md §1.5).
            return await OpenAsync(protocol, server, e.Discovery, limit, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <param name="protocol">The handshake's options.</param>
    /// <param name="server">Where to connect when no middlebox comes first.</param>
    /// <param name="discovery">What a first connection has found out.</param>
    /// <param name="limit">Its time starts when the first TCP connection stands.</param>
    /// <param name="cancellationToken">SocketsHttpHandler's own.</param>
    /// <exception cref="TlmspReconnectException">The server wants another path, and the application agrees to it.</exception>
    private async Task<TlmspHttpStream> OpenAsync(
        TlmspClientOptions protocol, DnsEndPoint server, TlmspDiscovery? discovery, CancellationTokenSource limit,
        CancellationToken cancellationToken)
    {
        TlmspAddress? first = discovery?.FirstHop ?? protocol.Middleboxes.FirstOrDefault()?.Address;
        DnsEndPoint firstHop = first is { } address && address.TryGetEndPoint(out string? host, out int port)
            ? new DnsEndPoint(host, port)
            : server;
        Uri? proxy = ProxyTunnel.Find(options.Proxy, firstHop);
        SocketTransport? transport = null;
        TlmspSession? session = null;
        try
        {
            transport = await DialAsync(
                proxy is null ? firstHop : new DnsEndPoint(proxy.IdnHost, proxy.Port),
                discovery is null ? cancellationToken : limit.Token).ConfigureAwait(false);
            using var handshake = new TlmspClientHandshake(protocol, discovery);
            if (discovery is null)
            {
                limit.CancelAfter(options.HandshakeTimeout);
            }

            if (proxy is not null)
            {
                await ProxyTunnel.OpenAsync(transport, firstHop, proxy, options.Proxy!.Credentials, limit.Token).ConfigureAwait(false);
            }

            session = await TlmspConnector.HandshakeAsync(handshake, transport, limit.Token).ConfigureAwait(false);
            options.SessionEstablished?.Invoke(session.Info);
            return new TlmspHttpStream(
                session, transport, HttpDirection.Response, options.Mapping, flushOnWrite: true, options.HttpLimits,
                allowResizing: options.AllowResizing)
            {
                Deletions = options.Deletions,
                RequestStarting = TlmspExchange.OnRequestStarting,
            };
        }
        catch (Exception e)
        {
            session?.Dispose();
            await (transport?.DisposeAsync() ?? ValueTask.CompletedTask).ConfigureAwait(false);
            switch (e)
            {
                // SocketsHttpHandler knows its own timeouts by its own token, and the other exceptions by their types.
                case OperationCanceledException when cancellationToken.IsCancellationRequested:
                    throw new OperationCanceledException(e.Message, e, cancellationToken);
                case OperationCanceledException:
                    throw new IOException(
                        $"The TLMSP handshake with {TlmspHttpOptions.Authority(firstHop)} took longer than {options.HandshakeTimeout} (HandshakeTimeout).", e);
                case TlmspException { Misbehaviour: Misbehaviour.ClosedWithoutNotify }:
                    throw new IOException(e.Message, e);
                case TlmspException:
                    throw new AuthenticationException(e.Message, e);
                default:
                    throw;
            }
        }
    }

    private static async Task<SocketTransport> DialAsync(DnsEndPoint endPoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            return new SocketTransport(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
