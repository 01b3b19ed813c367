using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>A certificate with its private key, and the chain that is sent with it.</summary>
public sealed class TlmspCertificate : IDisposable
{
    private TlmspCertificate(X509Certificate2 leaf, IReadOnlyList<ReadOnlyMemory<byte>> chain, ECDsa? ecdsa, RSA? rsa)
    {
        Leaf = leaf;
        Chain = chain;
        EcdsaKey = ecdsa;
        RsaKey = rsa;
    }

    /// <summary>The leaf.</summary>
    public X509Certificate2 Leaf { get; }

    /// <summary>DER certificates to send, leaf first.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Chain { get; }

    internal ECDsa? EcdsaKey { get; }

    internal RSA? RsaKey { get; }

    internal bool IsEcdsa => EcdsaKey is not null;

    /// <summary>Takes a certificate with a private key.</summary>
    /// <param name="leaf">The certificate; stays owned by the caller.</param>
    /// <param name="intermediates">Certificates between leaf and root, nearest to the leaf first.</param>
    /// <exception cref="ArgumentException">There is no private key, or it is neither ECDSA nor RSA.</exception>
    public static TlmspCertificate Create(X509Certificate2 leaf, IEnumerable<X509Certificate2>? intermediates = null)
    {
        ArgumentNullException.ThrowIfNull(leaf);
        if (!leaf.HasPrivateKey)
        {
            throw new ArgumentException($"The certificate '{leaf.Subject}' has no private key. Load it together with its key.", nameof(leaf));
        }

        ECDsa? ecdsa = leaf.GetECDsaPrivateKey();
        RSA? rsa = ecdsa is null ? leaf.GetRSAPrivateKey() : null;
        if (ecdsa is null && rsa is null)
        {
            throw new ArgumentException($"The key of '{leaf.Subject}' is neither ECDSA nor RSA. Use a certificate of one of these kinds.", nameof(leaf));
        }

        ReadOnlyMemory<byte>[] chain = [leaf.RawData, .. (intermediates ?? []).Where(c => c.Subject != c.Issuer).Select(c => (ReadOnlyMemory<byte>)c.RawData)];
        return new TlmspCertificate(leaf, chain, ecdsa, rsa);
    }

    /// <summary>Loads a PEM file; certificates after the first are sent as intermediates.</summary>
    /// <param name="certificatePath">File with the certificates.</param>
    /// <param name="keyPath">File with the key; the certificate file when null.</param>
    /// <param name="password">Password of the key, if it has one.</param>
    /// <exception cref="CryptographicException">A file cannot be read as PEM.</exception>
    public static TlmspCertificate FromPemFiles(string certificatePath, string? keyPath = null, string? password = null)
    {
        ArgumentNullException.ThrowIfNull(certificatePath);
        X509Certificate2 leaf = password is null
            ? X509Certificate2.CreateFromPemFile(certificatePath, keyPath ?? certificatePath)
            : X509Certificate2.CreateFromEncryptedPemFile(certificatePath, password, keyPath ?? certificatePath);
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(certificatePath);
        return Create(leaf, all.Skip(1));
    }

    /// <summary>Loads a PFX (PKCS#12) file; its other certificates are sent as intermediates.</summary>
    /// <exception cref="CryptographicException">The file is no PFX or the password is wrong.</exception>
    public static TlmspCertificate FromPfxFile(string path, string? password)
    {
        X509Certificate2Collection all = X509CertificateLoader.LoadPkcs12CollectionFromFile(path, password);
        X509Certificate2 leaf = all.FirstOrDefault(c => c.HasPrivateKey)
            ?? throw new ArgumentException($"'{path}' holds no certificate with a private key.", nameof(path));
        return Create(leaf, all.Where(c => !ReferenceEquals(c, leaf)));
    }

    /// <summary>Lets go of the key handles.</summary>
    public void Dispose()
    {
        EcdsaKey?.Dispose();
        RsaKey?.Dispose();
    }
}
