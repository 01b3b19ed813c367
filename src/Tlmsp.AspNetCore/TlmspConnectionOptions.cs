using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Tlmsp.Http;

namespace Tlmsp.AspNetCore;

/// <summary>Options of an endpoint that speaks TLMSP.</summary>
public sealed class TlmspConnectionOptions
{
    /// <summary>The server's certificate with its private key. Null: the ASP.NET Core development certificate.</summary>
    public X509Certificate2? ServerCertificate { get; set; }

    /// <summary>Intermediate certificates to send with <see cref="ServerCertificate"/>, nearest to it first.</summary>
    public X509Certificate2Collection? ServerCertificateChain { get; set; }

    /// <summary>More certificates, of another key type or for other names; chosen by suite and SNI.</summary>
    public IList<TlmspCertificate> Certificates { get; } = [];

    /// <summary>Certificates in files, beside those above; what replaces a file is used for new connections.</summary>
    public IList<TlmspCertificateFile> CertificateFiles { get; } = [];

    /// <summary>
    /// Chooses the certificate by the connection and the name that the client asks for (SNI), which is null when it asks for none. Called in
    /// every handshake; the certificates above are not used then. Null refuses the connection. Give the same objects again: what is derived
    /// from a certificate is kept with it.
    /// </summary>
    public Func<ConnectionContext, string?, X509Certificate2?>? ServerCertificateSelector { get; set; }

    /// <summary>What happens to clients of ordinary TLS. Default: they are refused.</summary>
    public TlmspPlainTls PlainTls { get; set; }

    /// <summary>
    /// Sees and may change how a plain TLS connection is authenticated; for <see cref="TlmspPlainTls.Allow"/> only. Default: the endpoint's
    /// certificates, no certificate of the client, and what the system has for the rest.
    /// </summary>
    public Action<ConnectionContext, SslServerAuthenticationOptions>? OnAuthenticatePlainTls { get; set; }

    /// <summary>
    /// Whether clients are asked for a certificate; it is in <c>HttpContext.Connection.ClientCertificate</c> then. Default: they are not.
    /// <see cref="ClientCertificateMode.DelayCertificate"/> is refused at start-up: it needs a renegotiation, which TLMSP does not have.
    /// </summary>
    public ClientCertificateMode ClientCertificateMode { get; set; }

    /// <summary>How certificates of clients are checked. Default: as <see cref="Trust"/> says.</summary>
    public CertificateTrust? ClientTrust { get; set; }

    /// <summary>The middleboxes that clients may put on the path. Default: none.</summary>
    public MiddleboxAllowList Middleboxes { get; } = new();

    /// <summary>How certificates of middleboxes are checked.</summary>
    public CertificateTrust Trust { get; } = new();

    /// <summary>
    /// The profiles that clients may choose; others are refused with alert 175. Over HTTP/1.1 and HTTP/2 alike, as far as the endpoint's
    /// protocols allow. Default: two, four and five.
    /// </summary>
    public IList<HttpProfile> Profiles { get; set; } = [HttpProfile.Two, HttpProfile.Four, HttpProfile.Five];

    /// <summary>How strictly requests are held to their contexts.</summary>
    public HttpMappingMode Mapping { get; set; } = HttpMappingMode.Strict;

    /// <summary>What becomes of notices that a middlebox deleted something. Default: accepted between messages.</summary>
    public HttpDeletionPolicy Deletions { get; set; }

    /// <summary>
    /// True for chunks in place of Content-Length where a middlebox may write content, so that it can resize it, and over HTTP/2 for heads
    /// without it; false to keep to the length, which the other side enforces. Messages to and from HTTP/1.0 clients and those without content
    /// keep their length. Default true.
    /// </summary>
    public bool AllowResizing { get; set; } = true;

    /// <summary>Bounds on heads and framing.</summary>
    public HttpFramerLimits HttpLimits { get; set; } = HttpFramerLimits.Default;

    /// <summary>
    /// Time a client has for the handshake; more than zero and less than 24 days, or <see cref="Timeout.InfiniteTimeSpan"/>. Default 10 s.
    /// </summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>See <see cref="TlmspOptions.AllowReferenceMiddleboxes"/>. A warning is logged at start-up when it is on.</summary>
    public bool AllowReferenceMiddleboxes { get; set; }

    /// <summary>
    /// File that the keys of every connection are appended to, so that captures can be decoded: see <see cref="TlmspKeyLog"/>. For debugging
    /// only; default null. A warning is logged at start-up when it is set.
    /// </summary>
    public string? KeyLogFile { get; set; }

    /// <summary>Key exchange groups in order of preference.</summary>
    public IList<KeyExchangeGroup> Groups { get; set; } = [.. KeyExchangeGroup.Default];

    /// <summary>Cipher suites in order of preference.</summary>
    public IList<TlmspCipherSuite> CipherSuites { get; set; } = [.. TlmspCipherSuite.All];

    /// <summary>Bounds on handshakes.</summary>
    public TlmspLimits Limits { get; set; } = new();

    /// <exception cref="InvalidOperationException">The mode is <see cref="ClientCertificateMode.DelayCertificate"/>.</exception>
    internal TlmspClientAuthentication ToClientAuthentication() => ClientCertificateMode switch
    {
        ClientCertificateMode.NoCertificate => TlmspClientAuthentication.None,
        ClientCertificateMode.AllowCertificate => TlmspClientAuthentication.Allow,
        ClientCertificateMode.RequireCertificate => TlmspClientAuthentication.Require,
        _ => throw new InvalidOperationException(
            $"UseTlmsp: ClientCertificateMode is {ClientCertificateMode}. TLMSP has no renegotiation, so a certificate cannot be asked for later. "
            + "Set AllowCertificate or RequireCertificate."),
    };

    /// <exception cref="InvalidOperationException">What is said of plain TLS is contradictory.</exception>
    internal void CheckPlainTls()
    {
        if (PlainTls == TlmspPlainTls.Refuse && OnAuthenticatePlainTls is not null)
        {
            throw new InvalidOperationException(
                "UseTlmsp: OnAuthenticatePlainTls is set, but plain TLS is refused. Set tlmsp.PlainTls = TlmspPlainTls.Allow, or remove OnAuthenticatePlainTls.");
        }

        if (PlainTls == TlmspPlainTls.Allow && ClientCertificateMode != ClientCertificateMode.NoCertificate && OnAuthenticatePlainTls is null)
        {
            throw new InvalidOperationException(
                $"UseTlmsp: ClientCertificateMode is {ClientCertificateMode}, which does not hold for plain TLS clients. "
                + "Ask for their certificates in tlmsp.OnAuthenticatePlainTls, or set tlmsp.PlainTls = TlmspPlainTls.Refuse.");
        }
    }

    /// <exception cref="InvalidOperationException">A timer cannot wait that long, or that short.</exception>
    internal void CheckHandshakeTimeout()
    {
        if (HandshakeTimeout != Timeout.InfiniteTimeSpan && (HandshakeTimeout <= TimeSpan.Zero || HandshakeTimeout.TotalMilliseconds > int.MaxValue))
        {
            throw new InvalidOperationException(
                $"UseTlmsp: HandshakeTimeout is {HandshakeTimeout}. Set a time of more than zero and less than 24 days, or Timeout.InfiniteTimeSpan.");
        }
    }
}
