using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>One chain as the platform builds it, and what is wrong with it in the words of the protocol.</summary>
internal sealed class ChainBuild : IDisposable
{
    // What decides when several things are wrong: trust first, since the other findings of an untrusted certificate mean nothing.
    private static readonly (X509ChainStatusFlags Flags, Misbehaviour Fault)[] s_faults =
    [
        (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.NotSignatureValid
            | X509ChainStatusFlags.ExplicitDistrust | X509ChainStatusFlags.Cyclic, Misbehaviour.UntrustedCertificate),
        (X509ChainStatusFlags.Revoked, Misbehaviour.RevokedCertificate),
        (X509ChainStatusFlags.NotTimeValid, Misbehaviour.ExpiredCertificate),
        (X509ChainStatusFlags.NotValidForUsage, Misbehaviour.UnsuitableCertificate),
        (X509ChainStatusFlags.RevocationStatusUnknown | X509ChainStatusFlags.OfflineRevocation, Misbehaviour.CertificateRefused),
    ];

    private const string RevocationHint =
        "; no valid revocation list could be had. Make the issuer's list reachable (RevocationMode Online), have it in the platform's cache (Offline), "
        + "or set RevocationMode to NoCheck";

    /// <summary>Builds the chain.</summary>
    /// <exception cref="TlmspException"><see cref="Misbehaviour.MalformedCertificate"/>: an intermediate cannot be decoded.</exception>
    public ChainBuild(
        X509ChainPolicy policy, IReadOnlyList<ReadOnlyMemory<byte>> sent, CertificateParser parser, X509Certificate2 leaf, string purpose,
        DateTimeOffset now)
    {
        X509ChainPolicy own = policy.Clone();
        for (int i = 1; i < sent.Count; i++)
        {
            own.ExtraStore.Add(parser.Parse(sent[i].Span));
        }

        if (own.ApplicationPolicy.Count == 0)
        {
            own.ApplicationPolicy.Add(new Oid(purpose));
        }

        // A policy of the application may judge as of another day.
        if (own.VerificationTimeIgnored)
        {
            own.VerificationTime = now.LocalDateTime;
        }

        Chain = new X509Chain { ChainPolicy = own };
        try
        {
            Problem = Chain.Build(leaf)
                ? null
                : Describe(Chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (flags, status) => flags | status.Status));
        }
        catch (CryptographicException e)
        {
            Dispose();
            throw new TlmspException(Misbehaviour.MalformedCertificate, "its chain cannot be built", inner: e);
        }

        NotAfter = Problem is null ? Chain.ChainElements.Min(element => (DateTimeOffset)element.Certificate.NotAfter) : now;
    }

    public X509Chain Chain { get; }

    /// <summary>Null when the chain is good.</summary>
    public (Misbehaviour Fault, string Detail)? Problem { get; }

    /// <summary>When the first certificate of a good chain expires.</summary>
    public DateTimeOffset NotAfter { get; }

    public void Dispose()
    {
        // The elements are copies made for the chain, and the chain does not dispose them.
        foreach (X509ChainElement element in Chain.ChainElements)
        {
            element.Certificate.Dispose();
        }

        Chain.Dispose();
    }

    /// <summary>The misbehaviour that stands for everything the platform found.</summary>
    internal static (Misbehaviour Fault, string Detail) Describe(X509ChainStatusFlags all)
    {
        foreach ((X509ChainStatusFlags flags, Misbehaviour fault) in s_faults)
        {
            if ((all & flags) != 0)
            {
                string hint = fault == Misbehaviour.CertificateRefused ? RevocationHint : "";
                return (fault, $"{all & flags}{hint}");
            }
        }

        return (Misbehaviour.UntrustedCertificate, all.ToString());
    }
}
