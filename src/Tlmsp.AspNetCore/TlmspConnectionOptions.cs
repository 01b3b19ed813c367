using System.Security.Cryptography.X509Certificates;
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

    /// <summary>The middleboxes that clients may put on the path. Default: none.</summary>
    public MiddleboxAllowList Middleboxes { get; } = new();

    /// <summary>How middlebox certificates are checked.</summary>
    public CertificateTrust Trust { get; } = new();

    /// <summary>How strictly requests are held to their contexts.</summary>
    public HttpMappingMode Mapping { get; set; } = HttpMappingMode.Strict;

    /// <summary>Bounds on heads and framing.</summary>
    public HttpFramerLimits HttpLimits { get; set; } = HttpFramerLimits.Default;

    /// <summary>Time a client has for the handshake; more than zero, or <see cref="Timeout.InfiniteTimeSpan"/>. Default 10 s.</summary>
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

    /// <summary>Bounds on handshakes.</summary>
    public TlmspLimits Limits { get; set; } = new();

    /// <summary>Checks the options and makes what the engine needs of them.</summary>
    /// <exception cref="InvalidOperationException">Something is missing or contradictory; the message says how to fix it.</exception>
    internal TlmspServerOptions ToServerOptions()
    {
        if (HandshakeTimeout <= TimeSpan.Zero && HandshakeTimeout != Timeout.InfiniteTimeSpan)
        {
            throw new InvalidOperationException($"UseTlmsp: HandshakeTimeout is {HandshakeTimeout}. Set a positive time, or Timeout.InfiniteTimeSpan.");
        }

        List<TlmspCertificate> certificates = [.. Certificates];
        try
        {
            if (ServerCertificate is not null)
            {
                certificates.Insert(0, TlmspCertificate.Create(ServerCertificate, ServerCertificateChain));
            }
            else if (certificates.Count == 0)
            {
                X509Certificate2 development = DevelopmentCertificate.Find() ?? throw new InvalidOperationException(
                    "UseTlmsp: no server certificate is configured and no development certificate was found. "
                    + "Set tlmsp.ServerCertificate, use UseTlmsp(\"certificate.pfx\", \"password\"), or run 'dotnet dev-certs https'.");
                certificates.Add(TlmspCertificate.Create(development));
            }

            var options = new TlmspServerOptions
            {
                Certificates = certificates,
                Trust = Trust,
                Limits = Limits,
                Groups = Groups,
                AllowReferenceMiddleboxes = AllowReferenceMiddleboxes,
                KeyLog = KeyLogFile is null ? null : TlmspKeyLog.ToFile(KeyLogFile),
                ContextPolicy = offer => HttpContexts.Check(offer.Contexts),
                MiddleboxPolicy = offer => Middleboxes.Check(offer, Mapping),
            };
            options.Validate();
            return options;
        }
        catch (ArgumentException e)
        {
            throw new InvalidOperationException($"UseTlmsp: {e.Message}", e);
        }
    }
}
