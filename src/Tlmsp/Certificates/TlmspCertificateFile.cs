using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>
/// A certificate in files that are looked at again while the process runs. What replaces them is for new handshakes; sessions that exist go
/// on. Thread-safe.
/// </summary>
/// <remarks>
/// The files are read when a handshake asks, not watched: the content decides, so that links, copies with an old time and mounted secrets
/// count as well, and nothing is left running. Certificates that were replaced are not disposed of, since handshakes may still sign with them.
/// </remarks>
public sealed class TlmspCertificateFile
{
    private readonly string? _password;
    private TlmspCertificate _current;
    private Digest _loaded;
    private Digest? _reported;
    private long _lookedAt;
    private int _looking;

    /// <summary>Loads the files.</summary>
    /// <param name="path">A PKCS#12 file (<c>.pfx</c>, <c>.p12</c>), or a PEM file with the leaf and then its intermediates, if any.</param>
    /// <param name="keyPath">PEM file of the private key; by default it is in the same file.</param>
    /// <param name="password">Password of the PKCS#12 file or of the PEM key.</param>
    /// <exception cref="ArgumentException">The certificate cannot be used, or a key file is given for a PKCS#12 file.</exception>
    /// <exception cref="CryptographicException">The files hold something else.</exception>
    /// <exception cref="IOException">The files cannot be read.</exception>
    public TlmspCertificateFile(string path, string? keyPath = null, string? password = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        CertificatePath = path;
        KeyPath = keyPath;
        _password = password;
        if (IsPkcs12 && keyPath is not null)
        {
            throw new ArgumentException($"'{path}' is a PFX file, which holds its key. Remove the key file '{Path.GetFileName(keyPath)}'.", nameof(keyPath));
        }

        _loaded = ReadDigest();
        _current = Load();
        _lookedAt = Environment.TickCount64;
    }

    /// <summary>The certificate's file.</summary>
    public string CertificatePath { get; }

    /// <summary>The key's file, if it is another one.</summary>
    public string? KeyPath { get; }

    /// <summary>How long a look at the files is good for. Default 1 s; zero looks in every handshake.</summary>
    public TimeSpan CheckInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Called after a look that found something new: with null when it is in use, with the reason when it cannot be used and the certificate
    /// from before stays. Once per content of the files, on the thread of the handshake that looked. The hosts log it.
    /// </summary>
    public Action<TlmspCertificateFile, Exception?>? Changed { get; set; }

    /// <summary>The certificate for a handshake that begins now. Never throws because of the files.</summary>
    public TlmspCertificate Current
    {
        get
        {
            // One thread looks, the others go on with what there is.
            if (Environment.TickCount64 - Volatile.Read(ref _lookedAt) >= CheckInterval.TotalMilliseconds
                && Interlocked.CompareExchange(ref _looking, 1, 0) == 0)
            {
                try
                {
                    Look();
                }
                finally
                {
                    Volatile.Write(ref _lookedAt, Environment.TickCount64);
                    Volatile.Write(ref _looking, 0);
                }
            }

            return Volatile.Read(ref _current);
        }
    }

    private bool IsPkcs12 => Path.GetExtension(CertificatePath).ToUpperInvariant() is ".PFX" or ".P12";

    private void Look()
    {
        Digest found = default;
        Exception? problem = null;
        try
        {
            found = ReadDigest();
            if (found.Equals(_loaded))
            {
                _reported = null;
                return;
            }

            // If the files change in between, the next look sees that they are not what was read here.
            Volatile.Write(ref _current, Load());
            _loaded = found;
            _reported = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            // Half a file, or a key that is not there yet: tried again at the next look, said once.
            problem = e;
            if (_reported.Equals(found))
            {
                return;
            }

            _reported = found;
        }

        Changed?.Invoke(this, problem);
    }

    private TlmspCertificate Load() => IsPkcs12
        ? TlmspCertificate.FromPfxFile(CertificatePath, _password)
        : TlmspCertificate.FromPemFiles(CertificatePath, KeyPath, _password);

    private Digest ReadDigest()
    {
        byte[][] files = [File.ReadAllBytes(CertificatePath), KeyPath is null ? [] : File.ReadAllBytes(KeyPath)];
        Digest digest = Digest.Of([.. files.Select(file => (ReadOnlyMemory<byte>)file)]);
        foreach (byte[] file in files)
        {
            CryptographicOperations.ZeroMemory(file);
        }

        return digest;
    }
}
