using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using Tlmsp.Http;

namespace Tlmsp.Client;

/// <summary>Makes the connections of one handler: TCP to the first hop, handshake, and a stream that SocketsHttpHandler takes for TLS.</summary>
internal sealed class TlmspConnections(TlmspHttpOptions options)
{
    private readonly ConditionalWeakTable<Stream, TlmspHttpStream> _pending = [];

    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        HttpRequestMessage request = context.InitialRequestMessage;
        if (request.RequestUri?.Scheme != Uri.UriSchemeHttps)
        {
            throw new HttpRequestException(
                HttpRequestError.SecureConnectionError, $"A TLMSP handler takes https URIs only, not '{request.RequestUri?.Scheme}'.");
        }

        TlmspHttpStream stream = await OpenAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
        bool mayBeHttp2 = request.Version.Major >= 2 || request.VersionPolicy == HttpVersionPolicy.RequestVersionOrHigher;
        if (!mayBeHttp2)
        {
            return new ClaimedStream(stream);
        }

        // The profile speaks HTTP/1.1: the handler learns that from the application protocol of this stream.
        Stream claim = await ThrowAwayTls.ConnectAsync(cancellationToken).ConfigureAwait(false);
        _pending.Add(claim, stream);
        return claim;
    }

    /// <summary>Runs on every connection before its first use: what did not come from <see cref="ConnectAsync"/> is refused.</summary>
    public async ValueTask<Stream> FilterAsync(SocketsHttpPlaintextStreamFilterContext context, CancellationToken cancellationToken)
    {
        if (context.PlaintextStream is ClaimedStream)
        {
            return context.PlaintextStream;
        }

        if (!_pending.TryGetValue(context.PlaintextStream, out TlmspHttpStream? stream))
        {
            throw new InvalidOperationException("A connection of this handler is not a TLMSP connection; it is refused.");
        }

        _pending.Remove(context.PlaintextStream);
        await context.PlaintextStream.DisposeAsync().ConfigureAwait(false);
        return stream;
    }

    private async Task<TlmspHttpStream> OpenAsync(DnsEndPoint server, CancellationToken cancellationToken)
    {
        TlmspClientOptions protocol = options.ToClientOptions(server.Host, server.Port);
        DnsEndPoint firstHop = protocol.Middleboxes.Count > 0 && protocol.Middleboxes[0].Address.TryGetEndPoint(out string? host, out int port)
            ? new DnsEndPoint(host, port)
            : server;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SocketTransport? transport = null;
        using var handshake = new TlmspClientHandshake(protocol);
        try
        {
            await socket.ConnectAsync(firstHop, cancellationToken).ConfigureAwait(false);
            transport = new SocketTransport(socket);
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            timeout.CancelAfter(options.HandshakeTimeout);
            TlmspSession session = await TlmspConnector.HandshakeAsync(handshake, transport, timeout.Token).ConfigureAwait(false);
            options.SessionEstablished?.Invoke(session.Info);
            return new TlmspHttpStream(session, transport, HttpDirection.Response, options.Mapping, flushOnWrite: true, options.HttpLimits);
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (transport is not null)
            {
                await transport.DisposeAsync().ConfigureAwait(false);
            }

            switch (e)
            {
                // SocketsHttpHandler turns these into SecureConnectionError and ConnectionError.
                case TlmspException { Misbehaviour: Misbehaviour.ClosedWithoutNotify }:
                    throw new IOException(e.Message, e);
                case TlmspException:
                    throw new AuthenticationException(e.Message, e);
                case OperationCanceledException when !cancellationToken.IsCancellationRequested:
                    throw new IOException($"The TLMSP handshake with {firstHop.Host}:{firstHop.Port} took longer than {options.HandshakeTimeout}.", e);
                default:
                    throw;
            }
        }
    }
}
