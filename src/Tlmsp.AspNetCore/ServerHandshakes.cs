using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Tlmsp.Http;

namespace Tlmsp.AspNetCore;

/// <summary>Makes the handshakes of one endpoint from its options, which are checked here, at start-up.</summary>
internal sealed class ServerHandshakes
{
    private readonly TlmspConnectionOptions _options;
    private readonly TlmspCertificate[] _certificates;
    private readonly TlmspServerOptions _shared;

    // Reading a certificate's key costs as much as a signature; a selector gives the same few objects again and again.
    private readonly ConditionalWeakTable<X509Certificate2, TlmspCertificate> _selected = [];

    /// <exception cref="InvalidOperationException">Something is missing or contradictory; the message says how to fix it.</exception>
    public ServerHandshakes(TlmspConnectionOptions options)
    {
        _options = options;
        options.CheckHandshakeTimeout();
        try
        {
            _certificates = [.. Certificates(options)];
            _shared = Options(options.ServerCertificateSelector is null ? null : static _ => null);
            _shared.Validate();
        }
        catch (ArgumentException e)
        {
            throw new InvalidOperationException($"UseTlmsp: {e.Message}", e);
        }
    }

    public TlmspServerHandshake Create(ConnectionContext context) => new(
        _options.ServerCertificateSelector is { } selector ? Options(name => Wrap(selector(context, name))) : _shared);

    private static IEnumerable<TlmspCertificate> Certificates(TlmspConnectionOptions options)
    {
        if (options.ServerCertificateSelector is not null)
        {
            return [];
        }

        if (options.ServerCertificate is { } certificate)
        {
            return [TlmspCertificate.Create(certificate, options.ServerCertificateChain), .. options.Certificates];
        }

        return options.Certificates.Count > 0
            ? options.Certificates
            : [TlmspCertificate.Create(CertificateSource.Development() ?? throw new InvalidOperationException(
                "UseTlmsp: no server certificate is configured and no development certificate was found. "
                + "Set tlmsp.ServerCertificate, use UseTlmsp(\"certificate.pfx\", \"password\"), or run 'dotnet dev-certs https'."))];
    }

    private TlmspCertificate? Wrap(X509Certificate2? certificate) => certificate is null
        ? null
        : _selected.GetValue(certificate, key => TlmspCertificate.Create(key, _options.ServerCertificateChain));

    private TlmspServerOptions Options(Func<string?, TlmspCertificate?>? selector) => new()
    {
        Certificates = _certificates,
        CertificateSelector = selector,
        CipherSuites = _options.CipherSuites,
        Groups = _options.Groups,
        Trust = _options.Trust,
        Limits = _options.Limits,
        AllowReferenceMiddleboxes = _options.AllowReferenceMiddleboxes,
        ContextPolicy = offer => HttpContexts.Check(offer.Contexts),
        MiddleboxPolicy = offer => _options.Middleboxes.Check(offer, _options.Mapping),
    };
}
