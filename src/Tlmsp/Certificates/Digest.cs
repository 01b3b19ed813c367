using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>A SHA-256 value as a cache key.</summary>
[InlineArray(4)]
internal struct Digest : IEquatable<Digest>
{
    private ulong _word;

    /// <summary>The hash of one string of bytes.</summary>
    public static Digest Of(ReadOnlySpan<byte> data)
    {
        Digest digest = default;
        SHA256.HashData(data, MemoryMarshal.AsBytes((Span<ulong>)digest));
        return digest;
    }

    /// <summary>The hash of a list: each item with its length, so that no other list gives the same input.</summary>
    public static Digest Of(IReadOnlyList<ReadOnlyMemory<byte>> items)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[4];
        foreach (ReadOnlyMemory<byte> item in items)
        {
            BinaryPrimitives.WriteInt32BigEndian(length, item.Length);
            hash.AppendData(length);
            hash.AppendData(item.Span);
        }

        Digest digest = default;
        hash.GetHashAndReset(MemoryMarshal.AsBytes((Span<ulong>)digest));
        return digest;
    }

    public readonly bool Equals(Digest other) => ((ReadOnlySpan<ulong>)this).SequenceEqual(other);

    public override readonly bool Equals(object? obj) => obj is Digest other && Equals(other);

    public override readonly int GetHashCode() => this[0].GetHashCode();
}
