using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Security.Authentication;
using Tlmsp.Http;

namespace Tlmsp.Client;

/// <summary>Makes the connections of one handler: TCP to the first hop, handshake, and a stream that SocketsHttpHandler takes for TLS.</summary>
internal sealed class TlmspConnections(TlmspHttpOptions options)
{
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        HttpRequestMessage request = context.InitialRequestMessage;
        RequestRules.ThrowUnlessCarried(request);
        TlmspHttpStream stream = await OpenAsync(context.DnsEndPoint, request.Headers.Host, cancellationToken).ConfigureAwait(false);
        bool mayBeHttp2 = request.Version.Major >= 2 || request.VersionPolicy == HttpVersionPolicy.RequestVersionOrHigher;
        return mayBeHttp2
            ? await Http11Claim.CreateAsync(stream, cancellationToken).ConfigureAwait(false)
            : new ClaimedStream(stream);
    }

    /// <summary>Runs on every connection before its first use: what did not come from <see cref="ConnectAsync"/> is refused.</summary>
    public static async ValueTask<Stream> FilterAsync(SocketsHttpPlaintextStreamFilterContext context, CancellationToken cancellationToken)
    {
        switch (context.PlaintextStream)
        {
            case ClaimedStream ours:
                return ours;
            case Http11Claim claim:
                Stream stream = claim.Take();
                await claim.DisposeAsync().ConfigureAwait(false);
                return stream;
            default:
                await context.PlaintextStream.DisposeAsync().ConfigureAwait(false);
                throw new InvalidOperationException("A connection of this handler is not a TLMSP connection; it is refused.");
        }
    }

    private async Task<TlmspHttpStream> OpenAsync(DnsEndPoint server, string? hostHeader, CancellationToken cancellationToken)
    {
        TlmspClientOptions protocol = options.ToClientOptions(server, hostHeader);
        DnsEndPoint firstHop = protocol.Middleboxes.Count > 0 && protocol.Middleboxes[0].Address.TryGetEndPoint(out string? host, out int port)
            ? new DnsEndPoint(host, port)
            : server;
        Uri? proxy = ProxyTunnel.Find(options.Proxy, firstHop);
        SocketTransport transport = await DialAsync(
            proxy is null ? firstHop : new DnsEndPoint(proxy.IdnHost, proxy.Port), cancellationToken).ConfigureAwait(false);
        TlmspSession? session = null;
        try
        {
            using var handshake = new TlmspClientHandshake(protocol);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(options.HandshakeTimeout);
            if (proxy is not null)
            {
                await ProxyTunnel.OpenAsync(transport, firstHop, proxy, options.Proxy!.Credentials, limit.Token).ConfigureAwait(false);
            }

            session = await TlmspConnector.HandshakeAsync(handshake, transport, limit.Token).ConfigureAwait(false);
            options.SessionEstablished?.Invoke(session.Info);
            return new TlmspHttpStream(
                session, transport, HttpDirection.Response, options.Mapping, flushOnWrite: true, options.HttpLimits,
                allowResizing: options.AllowResizing);
        }
        catch (Exception e)
        {
            session?.Dispose();
            await transport.DisposeAsync().ConfigureAwait(false);
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
