using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tlmsp.Http;

namespace Tlmsp.AspNetCore;

/// <summary>Makes the handshakes of one endpoint from its options, which are checked here, at start-up.</summary>
internal sealed class ServerHandshakes
{
    private readonly TlmspServerOptions _protocol;

    // Reading a certificate's key costs as much as a signature; a selector gives the same few objects again and again.
    private readonly ConditionalWeakTable<X509Certificate2, TlmspCertificate> _selected = [];

    /// <exception cref="InvalidOperationException">Something is missing or contradictory; the message says how to fix it.</exception>
    public ServerHandshakes(TlmspConnectionOptions options, Func<HttpProtocols> protocols)
    {
        options.CheckHandshakeTimeout();
        options.CheckPlainTls();
        try
        {
            _protocol = new TlmspServerOptions
            {
                Certificates = [.. Certificates(options)],
                CertificateSelector = Selector(options),
                ClientAuthentication = options.ClientAuthentication,
                ClientTrust = options.ClientTrust,
                CipherSuites = options.CipherSuites,
                Groups = options.Groups,
                Trust = options.Trust,
                Limits = options.Limits,
                AllowReferenceMiddleboxes = options.AllowReferenceMiddleboxes,
                KeyLog = options.KeyLogFile is { } keyLog ? TlmspKeyLog.ToFile(keyLog) : null,
                ContextPolicy = offer => CheckContexts(offer.Contexts, options.Profiles, protocols()),
                MiddleboxPolicy = offer => options.Middleboxes.Check(offer, options.Mapping),
                PathCompletion = options.Middleboxes.Complete,
                EffectiveGrant = options.Middleboxes.EffectiveGrant,
            };
            _protocol.Validate();
        }
        catch (ArgumentException e)
        {
            throw new InvalidOperationException($"UseTlmsp: {e.Message}", e);
        }
    }

    public TlmspServerHandshake Create(ConnectionContext context) => new(_protocol) { CallerState = context };

    /// <summary>The certificate for a client that does not speak TLMSP: the one that names what it asks for, else the first.</summary>
    public TlmspCertificate? FindCertificate(string? name, ConnectionContext connection) => _protocol.CertificateSelector is { } select
        ? select(name, connection)
        : _protocol.Certificates.FirstOrDefault(certificate => name is not null && certificate.Leaf.MatchesHostname(name)) ?? _protocol.Certificates[0];

    private static string? CheckContexts(IReadOnlyList<TlmspContext> contexts, IList<HttpProfile> accepted, HttpProtocols protocols)
    {
        if (HttpProfile.Read(contexts, out string? problem) is not { } profile)
        {
            return problem;
        }

        HttpProtocols needed = profile.Version == HttpWireVersion.Http2 ? HttpProtocols.Http2 : HttpProtocols.Http1;
        return !protocols.HasFlag(needed) ? $"profile {profile}: {needed} is off. To do it: set listenOptions.Protocols"
            : accepted.Any(known => known.For(profile.Version).Equals(profile)) ? null
            : $"profile {profile} is not accepted; accepted: {string.Join(", ", accepted)}. To accept it: add it to tlmsp.Profiles";
    }

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

    private Func<string?, object?, TlmspCertificate?>? Selector(TlmspConnectionOptions options) =>
        options.ServerCertificateSelector is not { } select ? null : (name, connection) => select((ConnectionContext)connection!, name) is { } certificate
            ? _selected.GetValue(certificate, key => TlmspCertificate.Create(key, options.ServerCertificateChain))
            : null;
}
