using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>The certificate with which a server or a middlebox proves who it is: leaf, private key, and the chain to send.</summary>
public sealed class TlmspCertificate : IDisposable
{
    private readonly bool _ownsLeaf;

    private TlmspCertificate(X509Certificate2 leaf, IEnumerable<X509Certificate2> intermediates, bool ownsLeaf)
    {
        Leaf = leaf;
        _ownsLeaf = ownsLeaf;
        Key = LeafKey.Of(leaf);
        Chain = CertificateChain.Order(leaf, intermediates);
    }

    /// <summary>The certificate itself, with its private key.</summary>
    public X509Certificate2 Leaf { get; }

    /// <summary>The certificates to send, DER encoded: the leaf, then each issuer that was given. A root is left out.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Chain { get; }

    /// <summary>The public key.</summary>
    internal LeafKey Key { get; }

    /// <summary>Whether signatures are ECDSA, which decides the cipher suites of a server.</summary>
    public bool IsEcdsa => Key.Ecdsa is not null;

    /// <summary>Whether signatures are RSA.</summary>
    internal bool IsRsa => Key.Rsa is not null;

    /// <summary>Whether it is for a host: by its subject alternative names, of which a wildcard stands for one left-most label (RFC 9525).</summary>
    /// <param name="host">A host name in ASCII form or an IP address; anything else matches nothing.</param>
    public bool IsFor(string host) => CertificateValidator.MatchesName(Leaf, host);

    /// <summary>Uses a certificate that is already loaded. It stays the caller's: <see cref="Dispose"/> leaves it alone.</summary>
    /// <param name="leaf">A certificate with its private key, RSA (2048 bits or more) or ECDSA (P-256, P-384, P-521).</param>
    /// <param name="intermediates">Its issuers, in any order; only those that link up with the leaf are sent.</param>
    /// <exception cref="ArgumentException">The certificate cannot be used; the message says why.</exception>
    public static TlmspCertificate Create(X509Certificate2 leaf, IEnumerable<X509Certificate2>? intermediates = null)
    {
        ArgumentNullException.ThrowIfNull(leaf);
        if (Problem(leaf) is { } problem)
        {
            throw new ArgumentException(problem, nameof(leaf));
        }

        return new TlmspCertificate(leaf, intermediates ?? [], ownsLeaf: false);
    }

    /// <summary>Loads PEM files.</summary>
    /// <param name="certPath">The leaf, followed by its intermediates if there are any.</param>
    /// <param name="keyPath">The private key; by default it is in the same file.</param>
    /// <param name="password">The password of an encrypted key.</param>
    /// <exception cref="ArgumentException">The certificate cannot be used; the message says why.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The files cannot be read.</exception>
    public static TlmspCertificate FromPemFiles(string certPath, string? keyPath = null, string? password = null)
    {
        ArgumentNullException.ThrowIfNull(certPath);
        X509Certificate2 leaf = password is null
            ? X509Certificate2.CreateFromPemFile(certPath, keyPath)
            : X509Certificate2.CreateFromEncryptedPemFile(certPath, password, keyPath);
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(certPath);
        return FromOwned(Persisted(leaf), all, nameof(certPath));
    }

    /// <summary>Loads a PKCS#12 file; the certificate that has a private key is the leaf, the others are its intermediates.</summary>
    /// <param name="path">The file.</param>
    /// <param name="password">Its password, or null.</param>
    /// <exception cref="ArgumentException">The certificate cannot be used; the message says why.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The file cannot be read.</exception>
    public static TlmspCertificate FromPfxFile(string path, string? password)
    {
        ArgumentNullException.ThrowIfNull(path);
        X509Certificate2Collection all = X509CertificateLoader.LoadPkcs12CollectionFromFile(path, password);
        X509Certificate2? leaf = all.FirstOrDefault(certificate => certificate.HasPrivateKey);
        if (leaf is null)
        {
            DisposeAll(all, except: null);
            throw new ArgumentException("The file holds no certificate with a private key.", nameof(path));
        }

        return FromOwned(leaf, all, nameof(path));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_ownsLeaf)
        {
            Leaf.Dispose();
        }
    }

    private static TlmspCertificate FromOwned(X509Certificate2 leaf, X509Certificate2Collection all, string parameter)
    {
        try
        {
            if (Problem(leaf) is { } problem)
            {
                leaf.Dispose();
                throw new ArgumentException(problem, parameter);
            }

            return new TlmspCertificate(leaf, all, ownsLeaf: true);
        }
        finally
        {
            DisposeAll(all, leaf);
        }
    }

    private static string? Problem(X509Certificate2 leaf)
    {
        string name = $"The certificate '{leaf.Subject}'";
        if (!leaf.HasPrivateKey)
        {
            return $"{name} has no private key; load it from a PKCS#12 file, or from PEM together with its key.";
        }

        if (LeafKey.Of(leaf).Problem is { } problem)
        {
            return $"{name} has {problem}.";
        }

        return CertificateChain.MaySign(leaf)
            ? null
            : $"{name} has a key usage without digitalSignature, which ECDHE needs (RFC 5246 §7.4.2).";
    }

    // Windows serves plain TLS from keys in its key store only, and the endpoint may have to (AllowTls).
    private static X509Certificate2 Persisted(X509Certificate2 certificate)
    {
        if (!OperatingSystem.IsWindows())
        {
            return certificate;
        }

        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        }
    }

    private static void DisposeAll(X509Certificate2Collection certificates, X509Certificate2? except)
    {
        foreach (X509Certificate2 certificate in certificates)
        {
            if (!ReferenceEquals(certificate, except))
            {
                certificate.Dispose();
            }
        }
    }
}
