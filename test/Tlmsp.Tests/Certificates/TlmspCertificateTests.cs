using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tlmsp.TestSupport;

namespace Tlmsp.Tests.Certificates;

public sealed class TlmspCertificateTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("tlmsp");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void The_chain_is_ordered_and_holds_no_root()
    {
        using X509Certificate2 leaf = TestCertificates.Leaf(issuer: TestIssuer.Intermediate);
        using TlmspCertificate certificate = TlmspCertificate.Create(
            leaf, [TestCertificates.Root, TestCertificates.UntrustedRoot, TestCertificates.Intermediate, leaf]);
        Assert.Equal([leaf.RawData, TestCertificates.Intermediate.RawData], certificate.Chain.Select(der => der.ToArray()));
        Assert.Same(leaf, certificate.Leaf);
    }

    [Fact]
    public void A_self_signed_leaf_is_sent()
    {
        using X509Certificate2 leaf = TestCertificates.Leaf(issuer: TestIssuer.Self);
        Assert.Equal(leaf.RawData, Assert.Single(TlmspCertificate.Create(leaf, [leaf]).Chain).ToArray());
    }

    [Fact]
    public void A_certificate_of_the_caller_is_not_disposed()
    {
        using X509Certificate2 leaf = TestCertificates.Leaf();
        TlmspCertificate.Create(leaf).Dispose();
        Assert.NotEqual(0, leaf.Handle);
    }

    [Fact]
    public void Certificates_that_cannot_serve_are_refused_with_a_reason()
    {
        using X509Certificate2 bare = X509CertificateLoader.LoadCertificate(TestCertificates.Get().Chain[0].Span);
        AssertRefused(bare, "no private key");
        AssertRefused(TestCertificates.Leaf(key: TestKey.Rsa1024), "1024 bits");
        AssertRefused(TestCertificates.Leaf(key: TestKey.EcdsaSecp256k1), "P-256");
        AssertRefused(TestCertificates.Leaf(keyUsage: X509KeyUsageFlags.KeyAgreement), "sign");
        AssertRefused(TestCertificates.Leaf(key: TestKey.Rsa2048, keyUsage: X509KeyUsageFlags.KeyEncipherment), "digitalSignature");
    }

    [Theory]
    [InlineData(TestKey.EcdsaP256, false, null)]
    [InlineData(TestKey.EcdsaP256, true, null)]
    [InlineData(TestKey.Rsa2048, true, "secret")]
    public void Loads_pem_files(TestKey key, bool oneFile, string? password)
    {
        using X509Certificate2 leaf = TestCertificates.Leaf(key: key, issuer: TestIssuer.Intermediate);
        using AsymmetricAlgorithm pair = leaf.GetECDsaPrivateKey() ?? (AsymmetricAlgorithm)leaf.GetRSAPrivateKey()!;
        string keyPem = password is null
            ? pair.ExportPkcs8PrivateKeyPem()
            : pair.ExportEncryptedPkcs8PrivateKeyPem(
                password, new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 100));
        string chainPem = $"{leaf.ExportCertificatePem()}\n{TestCertificates.Intermediate.ExportCertificatePem()}\n";
        string certPath = Write("cert.pem", oneFile ? chainPem + keyPem : chainPem);
        string? keyPath = oneFile ? null : Write("key.pem", keyPem);

        using TlmspCertificate certificate = TlmspCertificate.FromPemFiles(certPath, keyPath, password);
        Assert.Equal([leaf.RawData, TestCertificates.Intermediate.RawData], certificate.Chain.Select(der => der.ToArray()));
        AssertSigns(certificate);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("secret")]
    public void Loads_a_pfx_file(string? password)
    {
        using X509Certificate2 leaf = TestCertificates.Leaf(issuer: TestIssuer.Intermediate);
        using X509Certificate2 intermediate = X509CertificateLoader.LoadCertificate(TestCertificates.Intermediate.RawData);
        string path = Path.Combine(_directory.FullName, "cert.pfx");
        File.WriteAllBytes(path, new X509Certificate2Collection { intermediate, leaf }.Export(X509ContentType.Pkcs12, password)!);

        using TlmspCertificate certificate = TlmspCertificate.FromPfxFile(path, password);
        Assert.Equal([leaf.RawData, intermediate.RawData], certificate.Chain.Select(der => der.ToArray()));
        AssertSigns(certificate);
    }

    [Fact]
    public void A_pfx_file_without_a_key_is_refused()
    {
        using X509Certificate2 bare = X509CertificateLoader.LoadCertificate(TestCertificates.Get().Chain[0].Span);
        string path = Path.Combine(_directory.FullName, "bare.pfx");
        File.WriteAllBytes(path, new X509Certificate2Collection { bare }.Export(X509ContentType.Pkcs12, "x")!);
        Assert.Contains("private key", Assert.Throws<ArgumentException>(() => TlmspCertificate.FromPfxFile(path, "x")).Message);
    }

    private static void AssertRefused(X509Certificate2 leaf, string reason) =>
        Assert.Contains(reason, Assert.Throws<ArgumentException>(() => TlmspCertificate.Create(leaf)).Message);

    private static void AssertSigns(TlmspCertificate certificate)
    {
        ushort scheme = SignatureSchemes.Select(certificate, []);
        Assert.True(SignatureSchemes.Verify(certificate.Leaf, scheme, [1, 2], SignatureSchemes.Sign(certificate, scheme, [1, 2])));
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_directory.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}
