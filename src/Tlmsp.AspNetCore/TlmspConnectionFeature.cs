using System.Security.Authentication;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Tlmsp.Http;

namespace Tlmsp.AspNetCore;

/// <summary>The features that <c>UseHttps</c> would set, and our own.</summary>
internal sealed class TlmspConnectionFeature(TlmspSessionInfo session, HttpProfile profile)
    : ITlmspConnectionFeature, ITlsConnectionFeature, ITlsHandshakeFeature, ITlsApplicationProtocolFeature
{
    public TlmspSessionInfo Session { get; } = session;

    /// <summary>What its contexts are for.</summary>
    public HttpProfile Profile { get; } = profile;

    public X509Certificate2? ClientCertificate { get; set; } = session.ClientCertificate;

    /// <summary>What the purposes of the contexts agreed on, as ALPN would have: it is what Kestrel goes by.</summary>
    public ReadOnlyMemory<byte> ApplicationProtocol { get; } =
        (profile.Version == HttpWireVersion.Http2 ? SslApplicationProtocol.Http2 : SslApplicationProtocol.Http11).Protocol;

    public SslProtocols Protocol => SslProtocols.Tls12;

    public TlsCipherSuite? NegotiatedCipherSuite => (TlsCipherSuite)Session.CipherSuite.Id;

    public string HostName => Session.ServerName ?? "";

    // Obsolete members of the interface; NegotiatedCipherSuite says it all.
#pragma warning disable SYSLIB0058
    public CipherAlgorithmType CipherAlgorithm => IsAes256 ? CipherAlgorithmType.Aes256 : CipherAlgorithmType.Aes128;

    public int CipherStrength => IsAes256 ? 256 : 128;

    public HashAlgorithmType HashAlgorithm => IsAes256 ? HashAlgorithmType.Sha384 : HashAlgorithmType.Sha256;

    public int HashStrength => IsAes256 ? 384 : 256;

    public ExchangeAlgorithmType KeyExchangeAlgorithm => ExchangeAlgorithmType.None;

    public int KeyExchangeStrength => 0;
#pragma warning restore SYSLIB0058

    private bool IsAes256 => TlmspCipherSuite.Aes256.Contains(Session.CipherSuite);

    public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);
}
