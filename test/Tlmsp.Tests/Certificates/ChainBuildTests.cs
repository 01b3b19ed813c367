using System.Security.Cryptography.X509Certificates;

namespace Tlmsp.Tests.Certificates;

public class ChainBuildTests
{
    [Theory]
    [InlineData(X509ChainStatusFlags.UntrustedRoot, Misbehaviour.UntrustedCertificate)]
    [InlineData(X509ChainStatusFlags.PartialChain, Misbehaviour.UntrustedCertificate)]
    [InlineData(X509ChainStatusFlags.NotSignatureValid, Misbehaviour.UntrustedCertificate)]
    [InlineData(X509ChainStatusFlags.ExplicitDistrust | X509ChainStatusFlags.Revoked, Misbehaviour.UntrustedCertificate)]
    [InlineData(X509ChainStatusFlags.Revoked, Misbehaviour.RevokedCertificate)]
    [InlineData(X509ChainStatusFlags.Revoked | X509ChainStatusFlags.NotTimeValid, Misbehaviour.RevokedCertificate)]
    [InlineData(X509ChainStatusFlags.NotTimeValid | X509ChainStatusFlags.NotValidForUsage, Misbehaviour.ExpiredCertificate)]
    [InlineData(X509ChainStatusFlags.NotValidForUsage, Misbehaviour.UnsuitableCertificate)]
    [InlineData(X509ChainStatusFlags.RevocationStatusUnknown | X509ChainStatusFlags.OfflineRevocation, Misbehaviour.CertificateRefused)]
    [InlineData(X509ChainStatusFlags.InvalidBasicConstraints, Misbehaviour.UntrustedCertificate)]
    [InlineData(X509ChainStatusFlags.HasNotSupportedCriticalExtension, Misbehaviour.UntrustedCertificate)]
    [InlineData(X509ChainStatusFlags.NoError, Misbehaviour.UntrustedCertificate)]   // refused for no stated reason
    public void Trust_comes_first_and_unknown_faults_are_faults(X509ChainStatusFlags found, Misbehaviour expected) =>
        Assert.Equal(expected, ChainBuild.Describe(found).Fault);
}
