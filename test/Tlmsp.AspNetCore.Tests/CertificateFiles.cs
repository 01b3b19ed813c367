using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>A folder with a certificate for localhost in the forms that servers are given, removed at the end.</summary>
internal sealed class CertificateFiles : IDisposable
{
    public const string Password = "correct horse";

    public CertificateFiles()
    {
        Folder = Directory.CreateTempSubdirectory("tlmsp-test-").FullName;
        using X509Certificate2 leaf = TestCertificates.Leaf();
        using ECDsa key = leaf.GetECDsaPrivateKey()!;
        string certificate = leaf.ExportCertificatePem();
        var cost = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000);
        File.WriteAllBytes(At("server.pfx"), leaf.Export(X509ContentType.Pfx, Password));
        File.WriteAllText(At("server.pem"), certificate);
        File.WriteAllText(At("server.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(At("server.encrypted.key"), key.ExportEncryptedPkcs8PrivateKeyPem(Password, cost));
        File.WriteAllText(At("both.pem"), certificate + "\n" + key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(At("root.pem"), TestCertificates.Root.ExportCertificatePem());
        File.WriteAllText(At("empty.pem"), "nothing here\n");
    }

    public string Folder { get; }

    /// <summary>Replaces the certificate and the key of all forms.</summary>
    public void Replace(X509Certificate2 leaf)
    {
        ReplaceCertificate(leaf);
        ReplaceKey(leaf);
        File.WriteAllBytes(At("server.pfx"), leaf.Export(X509ContentType.Pfx, Password));
    }

    public void ReplaceCertificate(X509Certificate2 leaf) => File.WriteAllText(At("server.pem"), leaf.ExportCertificatePem());

    public void ReplaceKey(X509Certificate2 leaf)
    {
        using AsymmetricAlgorithm key = (AsymmetricAlgorithm?)leaf.GetECDsaPrivateKey() ?? leaf.GetRSAPrivateKey()!;
        File.WriteAllText(At("server.key"), key.ExportPkcs8PrivateKeyPem());
    }

    public string At(string name) => Path.Combine(Folder, name);

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
