using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp.TestSupport;

/// <summary>A throw-away CA and leaf certificates, made in memory.</summary>
public static class TestCertificates
{
    public const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    public const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private static readonly Lazy<X509Certificate2> Authority = new(() => MakeAuthority("Test CA"));
    private static readonly Lazy<RSA> SharedRsa = new(() => RSA.Create(2048));

    /// <summary>The root that signs <see cref="Leaf"/>.</summary>
    public static X509Certificate2 Root => Authority.Value;

    public static X509Certificate2 MakeAuthority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-2), DateTimeOffset.UtcNow.AddYears(5));
    }

    /// <summary>A leaf for host names or IP addresses; extended key usage for both sides unless said otherwise.</summary>
    public static X509Certificate2 Leaf(
        string host = "localhost", bool rsa = false, X509Certificate2? issuer = null, string[]? usages = null,
        DateTimeOffset? notBefore = null, DateTimeOffset? notAfter = null)
    {
        issuer ??= Root;
        using ECDsa? ecdsaKey = rsa ? null : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = rsa
            ? new CertificateRequest($"CN={host}", SharedRsa.Value, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest($"CN={host}", ecdsaKey!, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (string name in host.Split(','))
        {
            if (IPAddress.TryParse(name, out IPAddress? ip))
            {
                names.AddIpAddress(ip);
            }
            else
            {
                names.AddDnsName(name);
            }
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        var oids = new OidCollection();
        foreach (string usage in usages ?? [ServerAuthentication, ClientAuthentication])
        {
            oids.Add(new Oid(usage));
        }

        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(oids, false));
        byte[] serial = RandomNumberGenerator.GetBytes(12);
        serial[0] &= 0x7f;
        using X509Certificate2 issued = request.Create(
            issuer, notBefore ?? DateTimeOffset.UtcNow.AddDays(-1), notAfter ?? DateTimeOffset.UtcNow.AddDays(30), serial);
        return rsa ? issued.CopyWithPrivateKey(SharedRsa.Value) : issued.CopyWithPrivateKey(ecdsaKey!);
    }

    public static TlmspCertificate Tlmsp(string host = "localhost", bool rsa = false) => TlmspCertificate.Create(Leaf(host, rsa));

    public static CertificateTrust Trust()
    {
        var trust = new CertificateTrust();
        trust.CustomRootTrust.Add(Root);
        return trust;
    }
}
