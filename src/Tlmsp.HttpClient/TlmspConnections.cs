using System.Net;
using System.Net.Http;
using System.Security.Authentication;
using Tlmsp.Http;

namespace Tlmsp.Client;

/// <summary>Makes the connections of one handler: TCP to the first hop, handshake, and a stream that SocketsHttpHandler takes for TLS.</summary>
/// <param name="options">The options.</param>
/// <param name="fallback">Makes plain TLS where that is allowed; null where nothing would show it.</param>
internal sealed class TlmspConnections(TlmspHttpOptions options, PlainTlsFallback? fallback)
{
    private readonly Http2Refusals _refusals = new(TimeProvider.System);

    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        HttpRequestMessage request = context.InitialRequestMessage;
        RequestRules.ThrowUnlessCarried(request);
        DnsEndPoint server = context.DnsEndPoint;
        try
        {
            return await ConnectTlmspAsync(server, request, cancellationToken).ConfigureAwait(false);
        }
        catch (PlainTlsServerException e) when (MayFallBack)
        {
            return await FallBackAsync(server, request, e.Answer, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Middleboxes may have been added since the options were checked.</summary>
    private bool MayFallBack => options.AllowPlainTls && options.Middleboxes.IsUnused && fallback is not null;

    private async Task<Stream> ConnectTlmspAsync(DnsEndPoint server, HttpRequestMessage request, CancellationToken cancellationToken)
    {
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
            case ClaimedStream or PlainTlsStream { IsAuthenticated: true }:
                return context.PlaintextStream;
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
        using var handshake = new TlmspClientHandshake(protocol, discovery);
        SocketTransport? transport = null;
        TlmspSession? session = null;
        try
        {
            transport = await DialAsync(firstHop, limit, isFirst: discovery is null, cancellationToken).ConfigureAwait(false);
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
                case TlmspException fault when handshake.IsPlainTlsAnswer(fault) && MayFallBack:
                    throw new PlainTlsServerException(fault);
                case TlmspException fault when handshake.IsPlainTlsAnswer(fault) && options.Middleboxes.IsUnused:
                    throw new AuthenticationException(
                        $"{e.Message} A server without TLMSP answers so. To reach it over plain TLS, "
                        + "use a TlmspHandler and set tlmsp.AllowPlainTls = true.", e);
            }

            if (Describe(e, firstHop, "TLMSP", cancellationToken) is { } described)
            {
                throw described;
            }

            throw;
        }
    }

    private async Task<PlainTlsStream> FallBackAsync(
        DnsEndPoint server, HttpRequestMessage request, TlmspException answer, CancellationToken cancellationToken)
    {
        TlmspClientOptions protocol = options.ToClientOptions(server, request.Headers.Host, HttpWireVersion.Http11);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            SocketTransport transport = await DialAsync(server, limit, isFirst: true, cancellationToken).ConfigureAwait(false);
            return await fallback!.AuthenticateAsync(transport, server, protocol, request, answer, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (Describe(e, server, "TLS", cancellationToken) is { } described)
        {
            throw described;
        }
    }

    /// <summary>Opens the way to a hop.</summary>
    /// <param name="hop">The hop.</param>
    /// <param name="limit">Bounds what comes after the TCP connection stands.</param>
    /// <param name="isFirst">True when the time of the limit has not started yet.</param>
    /// <param name="cancellationToken">SocketsHttpHandler's own.</param>
    private async Task<SocketTransport> DialAsync(
        DnsEndPoint hop, CancellationTokenSource limit, bool isFirst, CancellationToken cancellationToken)
    {
        Uri? proxy = ProxyTunnel.Find(options.Proxy, hop);
        SocketTransport transport = await SocketTransport.ConnectAsync(
            proxy is null ? hop : new DnsEndPoint(proxy.IdnHost, proxy.Port),
            isFirst ? cancellationToken : limit.Token).ConfigureAwait(false);
        try
        {
            if (isFirst)
            {
                limit.CancelAfter(options.HandshakeTimeout);
            }

            if (proxy is not null)
            {
                await ProxyTunnel.OpenAsync(transport, hop, proxy, options.Proxy!.Credentials, limit.Token).ConfigureAwait(false);
            }

            return transport;
        }
        catch
        {
            await transport.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>SocketsHttpHandler knows its own timeouts by its own token, and the other exceptions by their types.</summary>
    /// <returns>Null for an exception that is fit for it.</returns>
    private Exception? Describe(Exception e, DnsEndPoint hop, string protocol, CancellationToken cancellationToken) => e switch
    {
        OperationCanceledException when cancellationToken.IsCancellationRequested =>
            new OperationCanceledException(e.Message, e, cancellationToken),
        OperationCanceledException => new IOException(
            $"The {protocol} handshake with {TlmspHttpOptions.Authority(hop)} took longer than "
            + $"{options.HandshakeTimeout} (HandshakeTimeout).", e),
        TlmspException { Misbehaviour: Misbehaviour.ClosedWithoutNotify } => new IOException(e.Message, e),
        TlmspException => new AuthenticationException(e.Message, e),
        _ => null,
    };
}
