using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>
/// A certificate authority and the certificates of a whole path, made on the spot. For development and tests only: nothing protects the
/// authority's key, and nobody checks who gets a certificate.
/// </summary>
public sealed class TlmspDevelopmentCertificates : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const int RsaBits = 2048;
    private static readonly TimeSpan s_backdate = TimeSpan.FromHours(1);    // clocks on a path differ
    private readonly X509Certificate2 _authority;
    private readonly bool _rsa;

    private TlmspDevelopmentCertificates(X509Certificate2 authority, bool rsa)
    {
        _authority = authority;
        _rsa = rsa;
        Root = X509CertificateLoader.LoadCertificate(authority.RawData);
    }

    /// <summary>The authority's certificate, without its key: what every party has to trust.</summary>
    public X509Certificate2 Root { get; }

    /// <summary>Makes an authority.</summary>
    /// <param name="lifetime">How long it and its certificates are valid; default 30 days, at least an hour.</param>
    /// <param name="rsa">True for RSA keys of 2048 bits, false for ECDSA keys on P-256.</param>
    /// <exception cref="ArgumentOutOfRangeException">The lifetime is shorter than an hour.</exception>
    public static TlmspDevelopmentCertificates Create(TimeSpan? lifetime = null, bool rsa = false)
    {
        TimeSpan validity = lifetime ?? TimeSpan.FromDays(30);
        ArgumentOutOfRangeException.ThrowIfLessThan(validity, TimeSpan.FromHours(1), nameof(lifetime));
        using AsymmetricAlgorithm key = MakeKey(rsa);
        CertificateRequest request = Request("TLMSP development CA", key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return new TlmspDevelopmentCertificates(request.CreateSelfSigned(now - s_backdate, now + validity), rsa);
    }

    /// <summary>Issues a certificate for server and client authentication, which is what both servers and middleboxes need.</summary>
    /// <param name="party">What the subject calls the party, such as <c>orders API</c>.</param>
    /// <param name="names">Host names and IP addresses; for a middlebox the host of the address that clients list it under.</param>
    /// <returns>A certificate with its private key, valid as long as the authority; the caller's to dispose of.</returns>
    /// <exception cref="ArgumentException">There is no name, or one is empty.</exception>
    public X509Certificate2 Issue(string party, params ReadOnlySpan<string> names)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(party);
        using AsymmetricAlgorithm key = MakeKey(_rsa);
        CertificateRequest request = Request(party, key);
        request.CertificateExtensions.Add(AlternativeNames(names));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication), new Oid(ClientAuthentication)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority, true, false));
        using X509Certificate2 issued = request.Create(
            _authority, _authority.NotBefore, _authority.NotAfter, RandomNumberGenerator.GetBytes(16));
        return key is RSA rsaKey ? issued.CopyWithPrivateKey(rsaKey) : issued.CopyWithPrivateKey((ECDsa)key);
    }

    /// <summary>Disposes of the authority and its key; certificates that were issued stay as they are.</summary>
    public void Dispose()
    {
        _authority.Dispose();
        Root.Dispose();
    }

    private static AsymmetricAlgorithm MakeKey(bool rsa) => rsa ? RSA.Create(RsaBits) : ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static CertificateRequest Request(string commonName, AsymmetricAlgorithm key)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(commonName);
        return key is RSA rsa
            ? new CertificateRequest(subject.Build(), rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject.Build(), (ECDsa)key, HashAlgorithmName.SHA256);
    }

    private static X509Extension AlternativeNames(ReadOnlySpan<string> names)
    {
        if (names.IsEmpty)
        {
            throw new ArgumentException("A certificate needs a host name or an IP address.", nameof(names));
        }

        var builder = new SubjectAlternativeNameBuilder();
        foreach (string name in names)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(name, nameof(names));
            if (IPAddress.TryParse(name, out IPAddress? ip))
            {
                builder.AddIpAddress(ip);
            }
            else
            {
                builder.AddDnsName(name);
            }
        }

        return builder.Build();
    }
}
