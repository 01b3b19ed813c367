using System.Buffers.Binary;

namespace Tlmsp;

/// <summary>Where the 12-byte nonces of one connection half come from.</summary>
internal abstract class NonceSource
{
    public abstract void Next(Span<byte> nonce);
}

/// <summary>
/// Own entity id, then an 88-bit counter behind a random start: a nonce never repeats under any key that this half uses, even where
/// one nonce serves two keys (records-keys.md §3.2). Random nonces, which the reference uses, only make that unlikely.
/// </summary>
internal sealed class CounterNonceSource : NonceSource
{
    private readonly byte _entity;
    private uint _high;
    private ulong _low;

    public CounterNonceSource(byte entity, TlmspRandom random)
    {
        _entity = entity;
        Span<byte> start = stackalloc byte[12];
        random.Fill(start);
        _high = BinaryPrimitives.ReadUInt32BigEndian(start) & 0x00ff_ffff;
        _low = BinaryPrimitives.ReadUInt64BigEndian(start[4..]);
    }

    public override void Next(Span<byte> nonce)
    {
        if (++_low == 0)
        {
            _high = (_high + 1) & 0x00ff_ffff;
        }

        BinaryPrimitives.WriteUInt32BigEndian(nonce, ((uint)_entity << 24) | _high);
        BinaryPrimitives.WriteUInt64BigEndian(nonce[4..], _low);
    }
}
