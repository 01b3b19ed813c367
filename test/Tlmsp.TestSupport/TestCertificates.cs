using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp.TestSupport;

/// <summary>The private key of a test certificate.</summary>
public enum TestKey { EcdsaP256, EcdsaP384, EcdsaP521, EcdsaSecp256k1, Rsa2048, Rsa1024 }

/// <summary>The extended key usages of a test certificate.</summary>
public enum TestUsage { ServerAndClient, ServerOnly, ClientOnly, Unrestricted, CodeSigningOnly }

/// <summary>The validity period of a test certificate.</summary>
public enum TestValidity { Current, Expired, NotYetValid }

/// <summary>Who signed a test certificate.</summary>
public enum TestIssuer { Root, Intermediate, UntrustedRoot, Self }

/// <summary>Makes certificates in memory, each combination once per process.</summary>
public static class TestCertificates
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string CodeSigning = "1.3.6.1.5.5.7.3.3";

    private static readonly ConcurrentDictionary<Specification, Lazy<TlmspCertificate>> s_certificates = new();
    private static readonly ConcurrentDictionary<TestKey, Lazy<AsymmetricAlgorithm>> s_keys = new();
    private static readonly Lazy<X509Certificate2> s_root = new(() => MakeAuthority("Test Root", null));
    private static readonly Lazy<X509Certificate2> s_intermediate = new(() => MakeAuthority("Test Intermediate", s_root.Value));
    private static readonly Lazy<X509Certificate2> s_untrusted = new(() => MakeAuthority("Untrusted Root", null));

    /// <summary>The root that tests trust, with its private key.</summary>
    public static X509Certificate2 Root => s_root.Value;

    /// <summary>An authority below <see cref="Root"/>.</summary>
    public static X509Certificate2 Intermediate => s_intermediate.Value;

    /// <summary>A root that nobody trusts.</summary>
    public static X509Certificate2 UntrustedRoot => s_untrusted.Value;

    /// <summary>Trust in <see cref="Root"/> alone.</summary>
    public static CertificateTrust Trust()
    {
        var trust = new CertificateTrust();
        trust.CustomRootTrust.Add(Certificate(Root.RawData));
        return trust;
    }

    /// <summary>A certificate with its key and chain. Shared: do not dispose it.</summary>
    /// <param name="names">Host names and IP addresses, separated by commas; empty for no subject alternative name.</param>
    public static TlmspCertificate Get(
        string names = "localhost", TestKey key = TestKey.EcdsaP256, TestUsage usage = TestUsage.ServerAndClient,
        TestValidity validity = TestValidity.Current, TestIssuer issuer = TestIssuer.Root)
    {
        var specification = new Specification(names, key, usage, validity, issuer);
        return s_certificates.GetOrAdd(specification, static s => new(() => TlmspCertificate.Create(
            Leaf(s.Names, s.Key, s.Usage, s.Validity, s.Issuer),
            s.Issuer == TestIssuer.Intermediate ? [Intermediate] : null))).Value;
    }

    /// <summary>A certificate with its key, made anew; also of kinds that <see cref="TlmspCertificate"/> refuses.</summary>
    public static X509Certificate2 Leaf(
        string names = "localhost", TestKey key = TestKey.EcdsaP256, TestUsage usage = TestUsage.ServerAndClient,
        TestValidity validity = TestValidity.Current, TestIssuer issuer = TestIssuer.Root,
        X509KeyUsageFlags keyUsage = X509KeyUsageFlags.DigitalSignature, (DateTimeOffset From, DateTimeOffset To)? period = null)
    {
        AsymmetricAlgorithm pair = s_keys.GetOrAdd(key, static k => new(() => MakeKey(k))).Value;
        CertificateRequest request = Request($"CN=test {(names.Length > 40 ? "long" : names.Split(',')[0])}", pair);
        AddNames(request, names);
        AddUsage(request, usage);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(keyUsage, true));
        (DateTimeOffset from, DateTimeOffset to) = period ?? Period(validity);
        if (issuer == TestIssuer.Self)
        {
            return request.CreateSelfSigned(from, to);
        }

        X509Certificate2 authority = issuer switch
        {
            TestIssuer.Root => Root,
            TestIssuer.Intermediate => Intermediate,
            _ => UntrustedRoot,
        };
        using ECDsa authorityKey = authority.GetECDsaPrivateKey()!;
        using X509Certificate2 bare = request.Create(
            authority.SubjectName, X509SignatureGenerator.CreateForECDsa(authorityKey), from, to, RandomNumberGenerator.GetBytes(16));
        if (pair is RSA rsa)
        {
            return bare.CopyWithPrivateKey(rsa);
        }

        if (keyUsage == X509KeyUsageFlags.KeyAgreement)
        {
            using var agreement = ECDiffieHellman.Create(((ECDsa)pair).ExportParameters(true));   // .NET goes by the usage
            return bare.CopyWithPrivateKey(agreement);
        }

        return bare.CopyWithPrivateKey((ECDsa)pair);
    }

    private static X509Certificate2 MakeAuthority(string name, X509Certificate2? parent)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = Request($"CN={name}", key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        if (parent is null)
        {
            return request.CreateSelfSigned(now.AddYears(-5), now.AddYears(5));
        }

        using X509Certificate2 bare = request.Create(parent, now.AddYears(-4), now.AddYears(4), RandomNumberGenerator.GetBytes(16));
        return bare.CopyWithPrivateKey(key);
    }

    private static CertificateRequest Request(string subject, AsymmetricAlgorithm key) => key is RSA rsa
        ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
        : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);

    private static AsymmetricAlgorithm MakeKey(TestKey key) => key switch
    {
        TestKey.Rsa2048 => RSA.Create(2048),
        TestKey.Rsa1024 => RSA.Create(1024),
        TestKey.EcdsaP256 => ECDsa.Create(ECCurve.NamedCurves.nistP256),
        TestKey.EcdsaP384 => ECDsa.Create(ECCurve.NamedCurves.nistP384),
        TestKey.EcdsaP521 => ECDsa.Create(ECCurve.NamedCurves.nistP521),
        TestKey.EcdsaSecp256k1 => ECDsa.Create(ECCurve.CreateFromValue("1.3.132.0.10")),
        _ => throw new ArgumentOutOfRangeException(nameof(key)),
    };

    private static void AddNames(CertificateRequest request, string names)
    {
        var builder = new SubjectAlternativeNameBuilder();
        foreach (string name in names.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (IPAddress.TryParse(name, out IPAddress? ip))
            {
                builder.AddIpAddress(ip);
            }
            else
            {
                builder.AddDnsName(name);
            }
        }

        if (names.Length > 0)
        {
            request.CertificateExtensions.Add(builder.Build());
        }
    }

    private static void AddUsage(CertificateRequest request, TestUsage usage)
    {
        string[] oids = usage switch
        {
            TestUsage.ServerAndClient => [ServerAuthentication, ClientAuthentication],
            TestUsage.ServerOnly => [ServerAuthentication],
            TestUsage.ClientOnly => [ClientAuthentication],
            TestUsage.CodeSigningOnly => [CodeSigning],
            _ => [],
        };
        if (oids.Length > 0)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. oids.Select(oid => new Oid(oid))], false));
        }
    }

    private static (DateTimeOffset From, DateTimeOffset To) Period(TestValidity validity)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return validity switch
        {
            TestValidity.Expired => (now.AddDays(-30), now.AddDays(-1)),
            TestValidity.NotYetValid => (now.AddDays(1), now.AddDays(30)),
            _ => (now.AddDays(-1), now.AddDays(365)),
        };
    }

    private static X509Certificate2 Certificate(byte[] der) => X509CertificateLoader.LoadCertificate(der);

    private sealed record Specification(string Names, TestKey Key, TestUsage Usage, TestValidity Validity, TestIssuer Issuer);
}
