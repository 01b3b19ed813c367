using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Tlmsp.AspNetCore;

/// <summary>HTTPS for the plain TLS clients of an endpoint, with the certificates that it speaks TLMSP with.</summary>
internal sealed class PlainTlsHttps(TlmspConnectionOptions options, ServerHandshakes handshakes)
{
    // Building a chain is not for every handshake.
    private readonly ConditionalWeakTable<X509Certificate2, SslStreamCertificateContext> _contexts = [];

    public TlsHandshakeCallbackOptions ToCallbackOptions() => new() { HandshakeTimeout = options.HandshakeTimeout, OnConnection = OnConnectionAsync };

    private ValueTask<SslServerAuthenticationOptions> OnConnectionAsync(TlsHandshakeCallbackContext context)
    {
        string? name = context.ClientHelloInfo.ServerName is { Length: > 0 } asked ? asked : null;
        var tls = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = handshakes.FindCertificate(name, context.Connection) is { } certificate
                ? _contexts.GetValue(certificate.Leaf, _ => Context(certificate))
                : null,
        };
        options.OnAuthenticatePlainTls?.Invoke(context.Connection, tls);
        return ValueTask.FromResult(tls);
    }

    private static SslStreamCertificateContext Context(TlmspCertificate certificate) => SslStreamCertificateContext.Create(
        certificate.Leaf, [.. certificate.Chain.Skip(1).Select(raw => X509CertificateLoader.LoadCertificate(raw.Span))], offline: true);
}
