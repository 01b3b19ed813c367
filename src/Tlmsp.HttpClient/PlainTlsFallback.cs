using System.Collections.Concurrent;
using System.Net;
using System.Net.Http;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp.Client;

/// <summary>A server that has answered as one without TLMSP does, which says nothing about who it is.</summary>
internal sealed class PlainTlsServerException(TlmspException answer) : AuthenticationException(answer.Message, answer)
{
    public TlmspException Answer => answer;
}

/// <summary>
/// Connections of ordinary TLS to servers that do not know TLMSP, under the same rules of trust. They offer the ALPN id
/// <see cref="PlainTlsHello.FallbackProtocol"/>, which a server that does know it answers with alert 86: then its first answer was not its
/// own.
/// </summary>
internal sealed class PlainTlsFallback
{
    private static readonly SslApplicationProtocol s_fallback = new(PlainTlsHello.FallbackProtocol);
    private readonly ConcurrentDictionary<DnsEndPoint, TlmspFallback> _http2 = new();

    /// <summary>How a server was reached over HTTP/2; null when it was not.</summary>
    public TlmspFallback? FindHttp2(DnsEndPoint server) => _http2.GetValueOrDefault(server);

    /// <summary>Makes the TLS of a connection; the transport is its, also when that fails.</summary>
    /// <param name="transport">A new connection to the server.</param>
    /// <param name="server">The server.</param>
    /// <param name="protocol">The options of the handshake that it did not know.</param>
    /// <param name="request">Says which versions of HTTP will do.</param>
    /// <param name="answer">The server's answer to TLMSP.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="AuthenticationException">The server's certificate is refused, or it speaks TLMSP after all.</exception>
    public async Task<PlainTlsStream> AuthenticateAsync(
        SocketTransport transport, DnsEndPoint server, TlmspClientOptions protocol, HttpRequestMessage request, TlmspException answer,
        CancellationToken cancellationToken)
    {
        var connection = new TransportStream(transport);
        var stream = new PlainTlsStream(connection);
        TlmspException? refusal = null;
        try
        {
            SslClientAuthenticationOptions tls = Options(protocol, request, fault => refusal = fault);
            await stream.AuthenticateAsClientAsync(tls, cancellationToken).ConfigureAwait(false);
            if (stream.NegotiatedApplicationProtocol == s_fallback)
            {
                throw new AuthenticationException(
                    $"{TlmspHttpOptions.Authority(server)} chose {PlainTlsHello.FallbackProtocol}, which is no protocol.");
            }

            var fallback = new TlmspFallback(answer.Message, stream.SslProtocol, stream.NegotiatedCipherSuite);
            if (stream.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2)
            {
                _http2[server] = fallback;
            }
            else
            {
                stream.Announce(fallback);
            }

            return stream;
        }
        catch (Exception e)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            if (connection.FirstAlert == TlmspAlert.InappropriateFallback)
            {
                throw Stripped(TlmspHttpOptions.Authority(server), answer, e);
            }

            if (refusal is not null)
            {
                throw new AuthenticationException(refusal.Message, refusal);
            }

            throw;
        }
    }

    private static AuthenticationException Stripped(string server, TlmspException answer, Exception inner)
    {
        string cause = answer.Misbehaviour == Misbehaviour.MissingTlmspExtension
            ? "somebody on the way removed the tlmsp extension"
            : "somebody on the way sent this, or the two have no cipher suite in common";
        var fault = new TlmspException(
            Misbehaviour.FallbackRefused,
            $"{server} speaks TLMSP and refuses plain TLS, after the answer \"{answer.Message}\" to TLMSP: {cause}", inner: inner);
        return new AuthenticationException(fault.Message, fault);
    }

    private static SslClientAuthenticationOptions Options(
        TlmspClientOptions protocol, HttpRequestMessage request, Action<TlmspException> onRefusal) => new()
    {
        TargetHost = protocol.ExpectedServerName,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = [.. Versions(request), s_fallback],
        ClientCertificateContext = protocol.Certificate is not { } own ? null : SslStreamCertificateContext.Create(
            own.Leaf, [.. own.Chain.Skip(1).Select(der => X509CertificateLoader.LoadCertificate(der.Span))], offline: true),
        AllowRenegotiation = false,

        // Else the chain of the first connection would stand for all.
        AllowTlsResume = false,

        // Not what decides, and not to fetch anything: the callback below does as the TLMSP handshake.
        CertificateChainPolicy = new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck },
        RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
        {
            try
            {
                protocol.ValidateServerCertificate(Sent(certificate, chain));
                return true;
            }
            catch (TlmspException e)
            {
                onRefusal(e);
                return false;
            }
        },
    };

    private static IEnumerable<SslApplicationProtocol> Versions(HttpRequestMessage request) =>
        RequestRules.InsistsOnHttp2(request) ? [SslApplicationProtocol.Http2]
        : RequestRules.MayBeHttp2(request) ? [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11]
        : [SslApplicationProtocol.Http11];

    /// <summary>The certificates that came, leaf first.</summary>
    private static List<ReadOnlyMemory<byte>> Sent(X509Certificate? certificate, X509Chain? chain) => certificate is null
        ? []
        : [certificate.GetRawCertData(), .. (chain?.ChainPolicy.ExtraStore ?? []).Select(other => other.RawDataMemory)];
}
