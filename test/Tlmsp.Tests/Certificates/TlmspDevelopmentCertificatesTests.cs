using System.Security.Cryptography.X509Certificates;
using Tlmsp.TestSupport;

namespace Tlmsp.Tests.Certificates;

public class TlmspDevelopmentCertificatesTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_path_works_with_them(bool rsa)
    {
        using TlmspDevelopmentCertificates certificates = TlmspDevelopmentCertificates.Create(rsa: rsa);
        TlmspClientOptions client = TestPaths.Client(audited: false, Grant.Read(1));
        TlmspServerOptions server = TestPaths.Server();
        TlmspMiddleboxOptions middlebox = TestPaths.Middlebox(0);
        server.Certificates = [TlmspCertificate.Create(certificates.Issue("server", "server.example"))];
        middlebox.Certificate = TlmspCertificate.Create(certificates.Issue("middlebox", "m0.example", "127.0.0.1"));
        foreach (TlmspOptions options in (TlmspOptions[])[client, server, middlebox])
        {
            options.Trust = new CertificateTrust();
            options.Trust.CustomRootTrust.Add(certificates.Root);
        }

        using InMemoryPath path = new InMemoryPath(client, server, middlebox).Connect();

        Assert.Equal(rsa ? "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" : "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", path.Client!.Info.CipherSuite.Name);
    }

    [Fact]
    public void A_certificate_says_what_was_asked_for()
    {
        using TlmspDevelopmentCertificates certificates = TlmspDevelopmentCertificates.Create(TimeSpan.FromDays(3));
        using X509Certificate2 issued = certificates.Issue("orders API, \"test\"", "localhost", "::1");

        Assert.Equal("orders API, \"test\"", issued.GetNameInfo(X509NameType.SimpleName, forIssuer: false));
        Assert.True(issued.MatchesHostname("localhost"));
        Assert.True(issued.MatchesHostname("::1"));
        Assert.False(issued.MatchesHostname("other.example"));
        Assert.InRange(issued.NotAfter - DateTime.Now, TimeSpan.FromDays(2.9), TimeSpan.FromDays(3));
        Assert.False(certificates.Root.HasPrivateKey);
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        using TlmspDevelopmentCertificates certificates = TlmspDevelopmentCertificates.Create();

        Assert.Throws<ArgumentException>(() => certificates.Issue("nameless"));
        Assert.Throws<ArgumentException>(() => certificates.Issue("server", ""));
        Assert.Throws<ArgumentOutOfRangeException>(() => TlmspDevelopmentCertificates.Create(TimeSpan.FromMinutes(1)));
    }
}
