using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>
/// Checks chains, usages and names of the other parties (handshake.md §8.3), middleboxes' against their listed address, which the
/// reference leaves out. Parsed certificates and good results are cached: each costs about half a millisecond.
/// </summary>
internal sealed class CertificateValidator
{
    private static readonly ConditionalWeakTable<CertificateTrust, CertificateValidator> Validators = [];
    private static readonly TimeSpan ResultLifetime = TimeSpan.FromMinutes(5);
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");
    private readonly CertificateTrust _trust;
    private readonly BoundedCache<ParsedCertificate> _parsed = new(256);
    private readonly BoundedCache<DateTimeOffset> _good = new(256);

    private CertificateValidator(CertificateTrust trust) => _trust = trust;

    /// <summary>The validator of an options object; its caches live as long as the options do.</summary>
    public static CertificateValidator For(CertificateTrust trust) => Validators.GetValue(trust, static key => new CertificateValidator(key));

    /// <summary>The server's certificate as seen by a client (with <paramref name="host"/>) or a middlebox (without).</summary>
    public ParsedCertificate ValidateServer(IReadOnlyList<ReadOnlyMemory<byte>> chain, string? host, TimeProvider clock) =>
        Validate(chain, CertificateParty.Server, host, ServerAuthentication, requireName: true, clock);

    /// <summary>A middlebox's certificate; a client wants it for server authentication, a server for client authentication.</summary>
    public ParsedCertificate ValidateMiddlebox(
        IReadOnlyList<ReadOnlyMemory<byte>> chain, TlmspAddress address, bool verifierIsUpstream, bool requireName, TimeProvider clock)
    {
        string? host = address.TryGetEndPoint(out string name, out _) ? name : null;
        if (host is null && requireName)
        {
            throw new TlmspException(Misbehaviour.CertificateNameMismatch, $"the address '{address}' names no host");
        }

        return Validate(
            chain, CertificateParty.Middlebox, host, verifierIsUpstream ? ClientAuthentication : ServerAuthentication, requireName, clock);
    }

    private ParsedCertificate Validate(
        IReadOnlyList<ReadOnlyMemory<byte>> chain, CertificateParty party, string? host, Oid usage, bool requireName, TimeProvider clock)
    {
        if (chain.Count == 0)
        {
            throw new TlmspException(Misbehaviour.EmptyCertificateList, $"{party}");
        }

        string leafKey = Convert.ToHexString(SHA256.HashData(chain[0].Span));
        if (!_parsed.TryGet(leafKey, out ParsedCertificate? leaf))
        {
            leaf = ParsedCertificate.Parse(chain[0].Span);
            _parsed.Set(leafKey, leaf);
        }

        DateTimeOffset now = clock.GetUtcNow();
        string resultKey = $"{ChainKey(chain)}|{party}|{host}|{usage.Value}|{requireName}";
        bool cacheable = _trust.ValidationCallback is null;
        if (cacheable && _good.TryGet(resultKey, out DateTimeOffset until) && now < until)
        {
            return leaf;
        }

        DateTimeOffset validUntil = Build(chain, leaf, party, host, usage, requireName, now);
        if (cacheable)
        {
            _good.Set(resultKey, validUntil < now + ResultLifetime ? validUntil : now + ResultLifetime);
        }

        return leaf;
    }

    /// <returns>When the first certificate of the chain expires.</returns>
    private DateTimeOffset Build(
        IReadOnlyList<ReadOnlyMemory<byte>> certificates, ParsedCertificate leaf, CertificateParty party, string? host, Oid usage,
        bool requireName, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy = Policy(usage);
        chain.ChainPolicy.VerificationTime = now.LocalDateTime;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        try
        {
            foreach (ReadOnlyMemory<byte> certificate in certificates.Skip(1))
            {
                chain.ChainPolicy.ExtraStore.Add(X509CertificateLoader.LoadCertificate(certificate.Span));
            }
        }
        catch (CryptographicException e)
        {
            throw new TlmspException(Misbehaviour.MalformedCertificate, $"chain of the {party}", inner: e);
        }

        bool built = chain.Build(leaf.Certificate);
        bool named = host is null || leaf.Certificate.MatchesHostname(host, allowWildcards: true, allowCommonName: false);
        SslPolicyErrors errors = (built ? SslPolicyErrors.None : SslPolicyErrors.RemoteCertificateChainErrors)
            | (named || !requireName ? SslPolicyErrors.None : SslPolicyErrors.RemoteCertificateNameMismatch);
        if (_trust.ValidationCallback is { } callback)
        {
            if (!callback(new CertificateValidationContext(party, host, leaf.Certificate, chain, errors)))
            {
                throw new TlmspException(
                    errors == SslPolicyErrors.None ? Misbehaviour.CertificateRefused : Worst(chain, errors), $"{party} '{leaf.Certificate.Subject}'");
            }
        }
        else if (errors != SslPolicyErrors.None)
        {
            string reason = named || !requireName ? string.Join(", ", chain.ChainStatus.Select(status => status.Status)) : $"does not name '{host}'";
            throw new TlmspException(Worst(chain, errors), $"{party} '{leaf.Certificate.Subject}': {reason}");
        }

        return chain.ChainElements.Select(element => new DateTimeOffset(element.Certificate.NotAfter)).DefaultIfEmpty(now).Min();
    }

    private X509ChainPolicy Policy(Oid usage)
    {
        X509ChainPolicy policy;
        if (_trust.ChainPolicy is { } custom)
        {
            policy = custom.Clone();
        }
        else
        {
            policy = new X509ChainPolicy
            {
                RevocationMode = _trust.RevocationMode,
                RevocationFlag = X509RevocationFlag.ExcludeRoot,
                // Nothing a peer sends may make this machine fetch from an address of the peer's choice.
                DisableCertificateDownloads = _trust.RevocationMode != X509RevocationMode.Online,
            };
            if (_trust.CustomRootTrust.Count > 0)
            {
                policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
                policy.CustomTrustStore.AddRange(_trust.CustomRootTrust);
            }
        }

        if (policy.ApplicationPolicy.Count == 0)
        {
            policy.ApplicationPolicy.Add(usage);
        }

        return policy;
    }

    private static Misbehaviour Worst(X509Chain chain, SslPolicyErrors errors)
    {
        X509ChainStatusFlags all = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (flags, status) => flags | status.Status);
        return (all & X509ChainStatusFlags.Revoked) != 0 ? Misbehaviour.RevokedCertificate
            : (all & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0 ? Misbehaviour.UntrustedCertificate
            : (all & X509ChainStatusFlags.NotTimeValid) != 0 ? Misbehaviour.ExpiredCertificate
            : (all & (X509ChainStatusFlags.NotValidForUsage | X509ChainStatusFlags.InvalidExtension)) != 0 ? Misbehaviour.UnsuitableCertificate
            : (errors & SslPolicyErrors.RemoteCertificateNameMismatch) != 0 ? Misbehaviour.CertificateNameMismatch
            : Misbehaviour.CertificateRefused;
    }

    private static string ChainKey(IReadOnlyList<ReadOnlyMemory<byte>> chain)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (ReadOnlyMemory<byte> certificate in chain)
        {
            // A hash of hashes, so that no two lists give the same input.
            hash.AppendData(SHA256.HashData(certificate.Span));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
