using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>Whose certificate is checked.</summary>
public enum CertificateParty
{
    /// <summary>The server's.</summary>
    Server,

    /// <summary>A middlebox's.</summary>
    Middlebox,
}

/// <summary>A certificate under validation, for <see cref="CertificateTrust.ValidationCallback"/>.</summary>
/// <param name="Party">Whose it is.</param>
/// <param name="Host">The host name or IP address that it should name; null where no name is checked.</param>
/// <param name="Certificate">The leaf.</param>
/// <param name="Chain">The chain as built.</param>
/// <param name="Errors">What is wrong with it, if anything.</param>
public sealed record CertificateValidationContext(
    CertificateParty Party, string? Host, X509Certificate2 Certificate, X509Chain Chain, SslPolicyErrors Errors);

/// <summary>How the certificates of other parties are checked; the options that users know from <see cref="SslClientAuthenticationOptions"/>.</summary>
public sealed class CertificateTrust
{
    /// <summary>Root certificates to trust instead of the system's. Empty: the system's.</summary>
    public X509Certificate2Collection CustomRootTrust { get; } = [];

    /// <summary>Revocation checking. Default <see cref="X509RevocationMode.NoCheck"/>, as for HttpClient.</summary>
    public X509RevocationMode RevocationMode { get; set; } = X509RevocationMode.NoCheck;

    /// <summary>A complete chain policy; overrides <see cref="CustomRootTrust"/> and <see cref="RevocationMode"/>.</summary>
    public X509ChainPolicy? ChainPolicy { get; set; }

    /// <summary>
    /// Has the last word on every certificate of the path, good or bad: returns true to accept it. Called once per handshake and
    /// certificate, never cached. Null: certificates with errors are refused.
    /// </summary>
    public Func<CertificateValidationContext, bool>? ValidationCallback { get; set; }
}
