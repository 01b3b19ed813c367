using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>
/// One AES-GCM key. The cipher object (1.4 KB) is made on first use and dropped by <see cref="Release"/> while the connection idles;
/// the key itself stays in a pinned array that is zeroed on dispose.
/// </summary>
internal sealed class SecretKey : IDisposable
{
    private readonly byte[] _key;
    private AesGcm? _cipher;
    private bool _disposed;

    public SecretKey(ReadOnlySpan<byte> key)
    {
        _key = GC.AllocateUninitializedArray<byte>(key.Length, pinned: true);
        key.CopyTo(_key);
    }

    public ReadOnlySpan<byte> Bytes => _key;

    private AesGcm Cipher
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _cipher ??= new AesGcm(_key, TlmspDialect.TagLength);
        }
    }

    public void Encrypt(
        ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext, Span<byte> tag, ReadOnlySpan<byte> aad)
        => Cipher.Encrypt(nonce, plaintext, ciphertext, tag, aad);

    /// <returns>False when the tag does not match; <paramref name="plaintext"/> is then zeroed.</returns>
    public bool TryDecrypt(
        ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> tag, Span<byte> plaintext, ReadOnlySpan<byte> aad)
    {
        try
        {
            Cipher.Decrypt(nonce, ciphertext, tag, plaintext, aad);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    /// <summary>GMAC: AES-GCM of nothing, the input as additional data (records-keys.md §3.2).</summary>
    public void Gmac(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> input, Span<byte> mac) => Cipher.Encrypt(nonce, [], [], mac, input);

    public bool VerifyGmac(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> input, ReadOnlySpan<byte> mac)
    {
        Span<byte> expected = stackalloc byte[TlmspDialect.TagLength];
        Gmac(nonce, input, expected);
        return CryptographicOperations.FixedTimeEquals(expected, mac);
    }

    /// <summary>Drops the cipher object; the next use makes a new one.</summary>
    public void Release()
    {
        _cipher?.Dispose();
        _cipher = null;
    }

    public void Dispose()
    {
        _disposed = true;
        Release();
        CryptographicOperations.ZeroMemory(_key);
    }
}
