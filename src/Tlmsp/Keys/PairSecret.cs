using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>
/// What two parties share (records-keys.md §7.3–§7.5): a master secret, and an encryption key each way. A is the endpoint, or the
/// client where both are endpoints.
/// </summary>
internal sealed class PairSecret : IDisposable
{
    private readonly byte[] _master = GC.AllocateUninitializedArray<byte>(TlmspDialect.MasterSecretLength, pinned: true);

    /// <summary>Derives the secrets of a pair. In AEAD suites the MAC keys of the block are unused: encryption keys serve instead.</summary>
    public PairSecret(
        TlmspCipherSuite suite, ReadOnlySpan<byte> premaster, ReadOnlySpan<byte> idListHash, ReadOnlySpan<byte> aRandom, ReadOnlySpan<byte> bRandom)
    {
        Span<byte> seed = stackalloc byte[64 + TlmspDialect.RandomLength + TlmspDialect.RandomLength];
        idListHash.CopyTo(seed);
        aRandom.CopyTo(seed[idListHash.Length..]);
        bRandom.CopyTo(seed[(idListHash.Length + aRandom.Length)..]);
        seed = seed[..(idListHash.Length + aRandom.Length + bRandom.Length)];
        TlmspPrf.Expand(suite, premaster, TlmspDialect.LabelMasterSecret, seed, _master);

        int length = suite.KeyLength;
        Span<byte> block = stackalloc byte[4 * 32];
        block = block[..(4 * length)];
        TlmspPrf.Expand(suite, _master, TlmspDialect.LabelKeyExpansion, seed[idListHash.Length..], block);
        BToA = new SecretKey(block.Slice(2 * length, length));
        AToB = new SecretKey(block.Slice(3 * length, length));
        CryptographicOperations.ZeroMemory(block);
    }

    public ReadOnlySpan<byte> Master => _master;

    public SecretKey AToB { get; }

    public SecretKey BToA { get; }

    /// <summary>Drops cipher objects while the connection idles.</summary>
    public void Release()
    {
        AToB.Release();
        BToA.Release();
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_master);
        AToB.Dispose();
        BToA.Dispose();
    }
}
