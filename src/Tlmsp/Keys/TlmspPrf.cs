using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Tlmsp;

/// <summary>
/// The PRF of the reference stack (records-keys.md §7.1). Its recurrence feeds back the previous output block, A(i+1) = out(i), so
/// everything after the first hash length differs from RFC 5246 §5.
/// </summary>
internal static class TlmspPrf
{
    /// <summary>Fills <paramref name="output"/> with PRF(secret, label, seed).</summary>
    public static void Expand(
        TlmspCipherSuite suite, ReadOnlySpan<byte> secret, string label, ReadOnlySpan<byte> seed, Span<byte> output)
    {
        int hash = suite.HashLength;
        int labelled = label.Length + seed.Length;
        byte[] rented = ArrayPool<byte>.Shared.Rent(hash + labelled);
        try
        {
            // Layout: previous block, then label and seed; the first round uses the part without a previous block.
            Span<byte> block = rented.AsSpan(0, hash);
            Span<byte> input = rented.AsSpan(0, hash + labelled);
            Encoding.ASCII.GetBytes(label, input[hash..]);
            seed.CopyTo(input[(hash + label.Length)..]);

            CryptographicOperations.HmacData(suite.Hash, secret, input[hash..], block);
            Span<byte> next = stackalloc byte[64];
            for (int written = 0; written < output.Length; written += hash)
            {
                CryptographicOperations.HmacData(suite.Hash, secret, input, next[..hash]);
                next[..hash].CopyTo(block);
                next[..Math.Min(hash, output.Length - written)].CopyTo(output[written..]);
            }

            CryptographicOperations.ZeroMemory(next);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(rented);
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
