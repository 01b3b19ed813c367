using System.Security.Cryptography;

namespace Tlmsp.Benchmarks;

/// <summary>
/// The cryptographic operations that a container costs at sender and receiver and nothing else: what no implementation on this platform
/// can go below. Per side: AES-GCM over the data, GMAC over the fragment (writer MAC), SHA-256 of the fragment, two GMACs of short inputs.
/// </summary>
internal sealed class BareCrypto(int size) : IDisposable
{
    private readonly AesGcm _reader = new(RandomNumberGenerator.GetBytes(16), 16);
    private readonly AesGcm _writer = new(RandomNumberGenerator.GetBytes(16), 16);
    private readonly AesGcm _synch = new(RandomNumberGenerator.GetBytes(16), 16);
    private readonly AesGcm _check = new(RandomNumberGenerator.GetBytes(16), 16);
    private readonly byte[] _nonce = new byte[12];
    private readonly byte[] _tag = new byte[16];
    private readonly byte[] _plaintext = new byte[size];
    private readonly byte[] _fragment = new byte[size + 60];

    public void SendAndReceive()
    {
        Span<byte> ciphertext = _fragment.AsSpan(28, size);
        _reader.Encrypt(_nonce, _plaintext, ciphertext, _tag, _fragment.AsSpan(0, 19));
        Macs();
        Macs();
        _reader.Decrypt(_nonce, ciphertext, _tag, _plaintext, _fragment.AsSpan(0, 19));
    }

    public void Dispose()
    {
        _reader.Dispose();
        _writer.Dispose();
        _synch.Dispose();
        _check.Dispose();
    }

    private void Macs()
    {
        Span<byte> hash = stackalloc byte[32];
        Span<byte> mac = stackalloc byte[16];
        _writer.Encrypt(_nonce, [], [], mac, _fragment);
        SHA256.HashData(_fragment, hash);
        _synch.Encrypt(_nonce, [], [], mac, hash);
        _check.Encrypt(_nonce, [], [], mac, _fragment.AsSpan(0, 36));
    }
}
