using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>Validates certificates of peers by a <see cref="CertificateTrust"/> (handshake.md §8.3). Thread-safe; one per options object.</summary>
internal sealed class CertificateValidator
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const int MaxChainLength = 16;
    private const int MaxCachedChains = 256;

    // Long enough to matter under load, short enough that a revocation or a change of the system store is soon seen.
    private static readonly TimeSpan s_reuse = TimeSpan.FromMinutes(5);

    private readonly CertificateParser _parser = new();
    private readonly BoundedCache<ChainKey, Period> _goodChains = new(MaxCachedChains);
    private readonly TlmspCertificateValidationCallback? _callback;
    private readonly TimeProvider _time;
    private readonly X509ChainPolicy _policy;

    /// <summary>Takes a copy of the trust settings: later changes have no effect.</summary>
    public CertificateValidator(CertificateTrust trust)
    {
        ArgumentNullException.ThrowIfNull(trust);
        _callback = trust.ValidationCallback;
        _time = trust.TimeProvider;
        _policy = trust.ChainPolicy?.Clone() ?? ChainPolicies.Create(trust);
    }

    /// <summary>Decodes the leaf without judging it, for a middlebox that only has to follow the server's signature.</summary>
    /// <exception cref="TlmspException">The list is empty or too long, or the leaf is malformed.</exception>
    public X509Certificate2 ParseLeaf(IReadOnlyList<ReadOnlyMemory<byte>> chain)
    {
        if (chain.Count == 0)
        {
            throw new TlmspException(Misbehaviour.EmptyCertificateList);
        }

        return chain.Count <= MaxChainLength
            ? _parser.Parse(chain[0].Span)
            : throw new TlmspException(Misbehaviour.LimitExceeded, $"{chain.Count} certificates in a chain");
    }

    /// <summary>Validates the certificate of the server, as a client or as a middlebox.</summary>
    /// <param name="chain">The certificates as sent, DER, leaf first.</param>
    /// <param name="hostName">A host name in ASCII form or an IP address.</param>
    /// <returns>The leaf; shared, never to be disposed.</returns>
    /// <exception cref="TlmspException">The certificate is not acceptable; the misbehaviour says why.</exception>
    public X509Certificate2 ValidateServer(IReadOnlyList<ReadOnlyMemory<byte>> chain, string hostName)
    {
        ArgumentException.ThrowIfNullOrEmpty(hostName);
        return Validate(chain, CertificateParty.Server, default, hostName, checkName: true, ServerAuthentication);
    }

    /// <summary>Validates the certificate of a middlebox.</summary>
    /// <param name="chain">The certificates as sent, DER, leaf first.</param>
    /// <param name="address">The middlebox's address in the list: its host has to be in the certificate.</param>
    /// <param name="verifierIsServer">A server wants a certificate for client authentication, others one for server authentication.</param>
    /// <param name="allowNameMismatch">For certificates that do not carry the address; nothing then binds the two.</param>
    /// <returns>The leaf; shared, never to be disposed.</returns>
    /// <exception cref="TlmspException">The certificate is not acceptable; the misbehaviour says why.</exception>
    public X509Certificate2 ValidateMiddlebox(
        IReadOnlyList<ReadOnlyMemory<byte>> chain, TlmspAddress address, bool verifierIsServer, bool allowNameMismatch)
    {
        string? host = address.TryGetEndPoint(out string? named, out _) ? named : null;
        string purpose = verifierIsServer ? ClientAuthentication : ServerAuthentication;
        return Validate(chain, CertificateParty.Middlebox, address, host, checkName: !allowNameMismatch, purpose);
    }

    /// <summary>Validates the certificate of a client. It names nobody that this side could know, so only its chain is checked.</summary>
    /// <param name="chain">The certificates as sent, DER, leaf first.</param>
    /// <returns>The leaf; shared, never to be disposed.</returns>
    /// <exception cref="TlmspException">The certificate is not acceptable; the misbehaviour says why.</exception>
    public X509Certificate2 ValidateClient(IReadOnlyList<ReadOnlyMemory<byte>> chain) =>
        Validate(chain, CertificateParty.Client, default, host: null, checkName: false, ClientAuthentication);

    private X509Certificate2 Validate(
        IReadOnlyList<ReadOnlyMemory<byte>> chain, CertificateParty party, TlmspAddress address, string? host,
        bool checkName, string purpose)
    {
        X509Certificate2 leaf = ParseLeaf(chain);
        string who = party switch
        {
            CertificateParty.Server => $"server {host}",
            CertificateParty.Client => "the client",
            _ => $"middlebox {address}",
        };
        RequireUsableKey(leaf, who);

        var key = new ChainKey(Digest.Of(chain), purpose, checkName, host);
        DateTimeOffset now = _time.GetUtcNow();
        if (_callback is null && _goodChains.TryGet(key, out Period good) && good.Contains(now))
        {
            return leaf;
        }

        using var build = new ChainBuild(_policy, chain, _parser, leaf, purpose, now);
        bool nameFits = !checkName || (host is not null && MatchesName(leaf, host));
        (Misbehaviour Fault, string Detail)? problem =
            build.Problem ?? (nameFits ? null : (Misbehaviour.CertificateNameMismatch, $"not for {host ?? "an address without a host"}"));

        if (_callback is not null)
        {
            SslPolicyErrors errors = (build.Problem is null ? SslPolicyErrors.None : SslPolicyErrors.RemoteCertificateChainErrors)
                | (nameFits ? SslPolicyErrors.None : SslPolicyErrors.RemoteCertificateNameMismatch);
            Ask(new CertificateValidationContext(party, address, host, leaf, build.Chain, errors), problem, who);
            return leaf;
        }

        if (problem is { } fault)
        {
            throw new TlmspException(fault.Fault, $"{who}: {fault.Detail}");
        }

        DateTimeOffset until = now + s_reuse < build.NotAfter ? now + s_reuse : build.NotAfter;
        _goodChains.Set(key, new Period(now, until));
        return leaf;
    }

    private void Ask(CertificateValidationContext context, (Misbehaviour Fault, string Detail)? problem, string who)
    {
        bool accepted;
        try
        {
            accepted = _callback!(context);
        }
        catch (Exception e)
        {
            throw new TlmspException(Misbehaviour.CertificateRefused, $"{who}: the validation callback failed", inner: e);
        }

        if (!accepted)
        {
            throw new TlmspException(
                problem?.Fault ?? Misbehaviour.CertificateRefused, $"{who}: {problem?.Detail ?? "refused by the validation callback"}");
        }
    }

    // Not a matter of trust: without a key that can sign, the handshake proves nothing.
    private static void RequireUsableKey(X509Certificate2 leaf, string who)
    {
        string? problem = LeafKey.Of(leaf).Problem
            ?? (CertificateChain.MaySign(leaf) ? null : "a key usage without digitalSignature");
        if (problem is not null)
        {
            throw new TlmspException(Misbehaviour.UnsuitableCertificate, $"{who}: {problem}");
        }
    }

    /// <summary>Whether a certificate is for a host. Whatever a peer may call a host is no more than a name that does not match.</summary>
    /// <remarks>RFC 6125 and RFC 9525: subject alternative names only, a wildcard stands for the left-most label only.</remarks>
    internal static bool MatchesName(X509Certificate2 leaf, string host)
    {
        try
        {
            return leaf.MatchesHostname(host, allowWildcards: true, allowCommonName: false);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            return false;   // not a name, or a malformed extension
        }
    }

    private readonly record struct ChainKey(Digest Chain, string Purpose, bool CheckName, string? Host);

    // The start matters too: a clock that was set back may be before a certificate's beginning.
    private readonly record struct Period(DateTimeOffset From, DateTimeOffset Until)
    {
        public bool Contains(DateTimeOffset now) => now >= From && now < Until;
    }
}
