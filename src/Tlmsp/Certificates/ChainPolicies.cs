using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>The chain policy that <see cref="CertificateTrust"/> stands for.</summary>
internal static class ChainPolicies
{
    public static X509ChainPolicy Create(CertificateTrust trust)
    {
        var policy = new X509ChainPolicy
        {
            RevocationMode = trust.RevocationMode,
            RevocationFlag = X509RevocationFlag.ExcludeRoot,

            // Else the peer's certificate names a URL, and we fetch it in the middle of the handshake.
            DisableCertificateDownloads = true,
        };
        if (trust.CustomRootTrust.Count > 0)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(trust.CustomRootTrust);
        }

        return policy;
    }
}
