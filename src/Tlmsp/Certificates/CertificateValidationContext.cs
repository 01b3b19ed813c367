using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>Decides about a certificate after the built-in checks, like <see cref="RemoteCertificateValidationCallback"/>.</summary>
/// <param name="context">The certificate and what the checks found. Valid during the call only.</param>
/// <returns>True to accept the certificate, whatever the checks found; false to refuse it.</returns>
public delegate bool TlmspCertificateValidationCallback(CertificateValidationContext context);

/// <summary>A certificate to decide about. One whose key cannot be used at all never gets here.</summary>
public sealed class CertificateValidationContext
{
    internal CertificateValidationContext(
        CertificateParty party, TlmspAddress address, string? hostName, X509Certificate2 certificate, X509Chain chain,
        SslPolicyErrors errors)
    {
        Party = party;
        Address = address;
        HostName = hostName;
        Certificate = certificate;
        Chain = chain;
        Errors = errors;
    }

    /// <summary>Whose certificate it is.</summary>
    public CertificateParty Party { get; }

    /// <summary>The address of a middlebox as in the list; empty for server and client.</summary>
    public TlmspAddress Address { get; }

    /// <summary>The name that the certificate has to match; null for a client, and when the address of a middlebox names no host.</summary>
    public string? HostName { get; }

    /// <summary>The certificate.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The chain as built, with the status of each element.</summary>
    public X509Chain Chain { get; }

    /// <summary>What is wrong; <see cref="SslPolicyErrors.None"/> if nothing is.</summary>
    public SslPolicyErrors Errors { get; }
}
