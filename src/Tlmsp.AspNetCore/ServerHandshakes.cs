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
    private readonly TlmspCertificate[] _first;
    private readonly TlmspCertificateFile[] _files;
    private readonly TlmspCertificate[] _more;

    // Reading a certificate's key costs as much as a signature; a selector gives the same few objects again and again.
    private readonly ConditionalWeakTable<X509Certificate2, TlmspCertificate> _selected = [];

    /// <exception cref="InvalidOperationException">Something is missing or contradictory; the message says how to fix it.</exception>
    public ServerHandshakes(TlmspConnectionOptions options, Func<HttpProtocols> protocols)
    {
        options.CheckHandshakeTimeout();
        options.CheckPlainTls();
        try
        {
            (_first, _files, _more) = Sources(options);
            _protocol = new TlmspServerOptions
            {
                Certificates = Certificates(),
                CertificateSelector = Selector(options),
                ClientAuthentication = options.ToClientAuthentication(),
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
            CheckProfiles(options);
        }
        catch (ArgumentException e)
        {
            throw new InvalidOperationException($"UseTlmsp: {e.Message}", e);
        }
    }

    public TlmspServerHandshake Create(ConnectionContext context)
    {
        // The same options for all handshakes: they remember what was asked of clients that come back.
        if (_files.Length > 0)
        {
            _protocol.Certificates = Certificates();
        }

        return new TlmspServerHandshake(_protocol) { CallerState = context };
    }

    /// <summary>The certificate for a client that does not speak TLMSP: of those that it can verify the one that names what it asks for, else the first.</summary>
    /// <param name="name">SNI host name, if any.</param>
    /// <param name="keys">The kinds of keys that the client can verify.</param>
    /// <param name="connection">The connection.</param>
    public TlmspCertificate? FindCertificate(string? name, PlainTlsKeys keys, ConnectionContext connection)
    {
        if (_protocol.CertificateSelector is { } select)
        {
            return select(name, connection);
        }

        TlmspCertificate[] all = Certificates();
        TlmspCertificate[] usable = [.. all.Where(certificate => keys.HasFlag(certificate.IsEcdsa ? PlainTlsKeys.Ecdsa : PlainTlsKeys.Rsa))];
        return usable.FirstOrDefault(certificate => name is not null && certificate.IsFor(name)) ?? usable.FirstOrDefault() ?? all[0];
    }

    private TlmspCertificate[] Certificates() => [.. _first, .. _files.Select(file => file.Current), .. _more];

    /// <summary>Contradictions of profiles and grants that would otherwise show as refused clients.</summary>
    /// <exception cref="ArgumentException">No client could ever use what is configured.</exception>
    private static void CheckProfiles(TlmspConnectionOptions options)
    {
        if (options.Profiles.Count == 0)
        {
            throw new ArgumentException("No profile is accepted. Leave Profiles at its default, or add one, such as HttpProfile.Four.");
        }

        if (options.Mapping == HttpMappingMode.EtsiCurl && !options.Profiles.Contains(HttpProfile.Two))
        {
            throw new ArgumentException(
                "The EtsiCurl mapping is for profile two, which is not among the accepted Profiles. "
                + "Add HttpProfile.Two, or use HttpMappingMode.Strict.");
        }

        CheckContents(options.Profiles);
        HashSet<byte> known = [.. options.Profiles.SelectMany(profile => profile.ContextIds)];
        foreach ((TlmspAddress address, Grant grant) in options.Middleboxes.Items)
        {
            if (grant.FirstOrDefault(right => !known.Contains(right.ContextId)) is { ContextId: > 0 and byte unknown })
            {
                throw new ArgumentException(
                    $"Middlebox {address} is allowed context {unknown}, which none of the accepted profiles has "
                    + $"({string.Join(", ", options.Profiles)}). Add a profile that has it to Profiles, or take it out of the grant.");
            }
        }
    }

    /// <summary>A grant speaks of a context by its id, so that has to mean the same in all profiles.</summary>
    private static void CheckContents(IEnumerable<HttpProfile> profiles)
    {
        HttpProfile[] named = [.. profiles.Where(profile => profile.ContentNames.Count > 0).OrderByDescending(profile => profile.ContentNames.Count)];
        if (named.FirstOrDefault(profile => !named[0].ContentNames.Take(profile.ContentNames.Count).SequenceEqual(profile.ContentNames)) is { } other)
        {
            throw new ArgumentException(
                $"The profiles {named[0]} and {other} give the same id to different content contexts. Name them in the same order in both.");
        }
    }

    private static string? CheckContexts(IReadOnlyList<TlmspContext> contexts, IList<HttpProfile> accepted, HttpProtocols protocols)
    {
        if (HttpProfile.Read(contexts, out string? problem) is not { } profile)
        {
            return problem;
        }

        HttpProtocols needed = profile.Version == HttpWireVersion.Http2 ? HttpProtocols.Http2 : HttpProtocols.Http1;
        return !protocols.HasFlag(needed) ? $"profile {profile}: {needed} is off. To do it: set listenOptions.Protocols"
            : accepted.Any(known => known.Supports(profile.Version) && known.For(profile.Version).Equals(profile)) ? null
            : $"profile {profile} is not accepted; accepted: {string.Join(", ", accepted)}. To accept it: add it to tlmsp.Profiles";
    }

    private static (TlmspCertificate[] First, TlmspCertificateFile[] Files, TlmspCertificate[] More) Sources(TlmspConnectionOptions options)
    {
        if (options.ServerCertificateSelector is not null)
        {
            return ([], [], []);
        }

        X509Certificate2? first = options.ServerCertificate;
        if (first is null && options.CertificateFiles.Count == 0 && options.Certificates.Count == 0)
        {
            first = CertificateSource.Development() ?? throw new InvalidOperationException(
                "UseTlmsp: no server certificate is configured and no development certificate was found. "
                + "Set tlmsp.ServerCertificate, use UseTlmsp(\"certificate.pfx\", \"password\"), or run 'dotnet dev-certs https'.");
        }

        X509Certificate2Collection? chain = options.ServerCertificate is null ? null : options.ServerCertificateChain;
        return (first is null ? [] : [TlmspCertificate.Create(first, chain)], [.. options.CertificateFiles], [.. options.Certificates]);
    }

    private Func<string?, object?, TlmspCertificate?>? Selector(TlmspConnectionOptions options) =>
        options.ServerCertificateSelector is not { } select ? null : (name, connection) => select((ConnectionContext)connection!, name) is { } certificate
            ? _selected.GetValue(certificate, key => TlmspCertificate.Create(key, options.ServerCertificateChain))
            : null;
}
