using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>Which certificates an endpoint or a middlebox believes. Read once, when the first connection uses it.</summary>
public sealed class CertificateTrust
{
    /// <summary>When not empty only these roots are trusted, else those of the system.</summary>
    public X509Certificate2Collection CustomRootTrust { get; } = [];

    /// <summary>Whether and where revocation is checked. By default it is not: online checks make handshakes wait for others.</summary>
    public X509RevocationMode RevocationMode { get; set; } = X509RevocationMode.NoCheck;

    /// <summary>Replaces <see cref="CustomRootTrust"/>, <see cref="RevocationMode"/> and the built-in chain policy as a whole.</summary>
    /// <remarks>
    /// The purpose (server or client authentication) is added if the policy names none. Without this policy intermediates are never
    /// downloaded, since that would let the peer choose a URL for us to fetch inside the handshake.
    /// </remarks>
    public X509ChainPolicy? ChainPolicy { get; set; }

    /// <summary>Has the last word on every certificate. It is asked in every handshake, and chains are then built anew each time.</summary>
    public TlmspCertificateValidationCallback? ValidationCallback { get; set; }

    /// <summary>The clock for validity periods.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;
}
