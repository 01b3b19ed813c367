using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>A NIST prime curve through <see cref="ECDiffieHellman"/>.</summary>
internal sealed class NistGroup : KeyExchangeGroup
{
    private readonly ECCurve _curve;
    private readonly byte[] _order;
    private readonly byte _topMask;

    private NistGroup(ushort id, string name, ECCurve curve, string order, byte topMask)
    {
        Id = id;
        Name = name;
        _curve = curve;
        _order = Convert.FromHexString(order);
        _topMask = topMask;
    }

    public override ushort Id { get; }

    public override string Name { get; }

    public override bool IsSupported => true;

    internal override int PointLength => 1 + 2 * _order.Length;

    internal override int SecretLength => _order.Length;

    internal ECCurve Curve => _curve;

    // Group orders: SP 800-186 §3.2.1.
    public static NistGroup CreateP256() => new(0x0017, "secp256r1", ECCurve.NamedCurves.nistP256,
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 0xff);

    public static NistGroup CreateP384() => new(0x0018, "secp384r1", ECCurve.NamedCurves.nistP384,
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973", 0xff);

    public static NistGroup CreateP521() => new(0x0019, "secp521r1", ECCurve.NamedCurves.nistP521,
        "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa" +
        "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
        0x01);

    internal override EphemeralKey Generate(TlmspRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return new NistKey(this, ReferenceEquals(random, TlmspRandom.System) ? ECDiffieHellman.Create(_curve) : FromRandom(random));
    }

    private ECDiffieHellman FromRandom(TlmspRandom random)
    {
        byte[] d = GC.AllocateArray<byte>(_order.Length, pinned: true);
        try
        {
            // FIPS 186-5 A.2.2: draw until 0 < d < n. Honest randomness fails once in 2^32 draws or less; a stuck source must not hang us.
            for (int attempt = 0; attempt < 64; attempt++)
            {
                random.Fill(d);
                d[0] &= _topMask;
                if (d.AsSpan().ContainsAnyExcept((byte)0) && d.AsSpan().SequenceCompareTo(_order) < 0)
                {
                    // With D alone the platform computes the public point.
                    return ECDiffieHellman.Create(new ECParameters { Curve = _curve, D = d });
                }
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(d);
        }

        throw new CryptographicException("The random source gives no usable private key.");
    }
}
