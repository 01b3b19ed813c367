using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>Which certificates an endpoint or a middlebox believes. Read once, when the first connection uses it.</summary>
public sealed class CertificateTrust
{
    /// <summary>When not empty only these roots are trusted, else those of the system.</summary>
    public X509Certificate2Collection CustomRootTrust { get; } = [];

    /// <summary>Whether revocation is checked, and where. The default is not to: online checks block the handshake on a third party.</summary>
    public X509RevocationMode RevocationMode { get; set; } = X509RevocationMode.NoCheck;

    /// <summary>Replaces <see cref="CustomRootTrust"/>, <see cref="RevocationMode"/> and the built-in chain policy as a whole.</summary>
    /// <remarks>
    /// The purpose (server or client authentication) is added if the policy names none. Without this policy intermediates are never
    /// downloaded, since that would let the peer choose a URL for us to fetch inside the handshake.
    /// </remarks>
    public X509ChainPolicy? ChainPolicy { get; set; }

    /// <summary>Has the last word on every certificate. It is asked in every handshake; results of chain building are then not reused.</summary>
    public TlmspCertificateValidationCallback? ValidationCallback { get; set; }

    /// <summary>The clock for validity periods.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;
}
