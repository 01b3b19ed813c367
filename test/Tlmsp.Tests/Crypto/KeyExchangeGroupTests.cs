using System.Globalization;
using System.Numerics;

namespace Tlmsp.Tests.Crypto;

public class KeyExchangeGroupTests
{
    private static readonly KeyExchangeGroup[] s_nist = [KeyExchangeGroup.P256, KeyExchangeGroup.P384, KeyExchangeGroup.P521];

    public static TheoryData<string> Groups => [.. KeyExchangeGroup.Default.Select(group => group.Name)];

    public static TheoryData<string> NistGroups => [.. s_nist.Select(group => group.Name)];

    [Fact]
    public void Default_order_and_wire_numbers()
    {
        Assert.True(!OperatingSystem.IsLinux() || KeyExchangeGroup.X25519.IsSupported);
        ushort[] expected = KeyExchangeGroup.X25519.IsSupported ? [0x001d, 0x0017, 0x0018, 0x0019] : [0x0017, 0x0018, 0x0019];
        Assert.Equal(expected, KeyExchangeGroup.Default.Select(group => group.Id));
        Assert.All(KeyExchangeGroup.Default, group => Assert.Same(group, KeyExchangeGroup.FromId(group.Id)));
        Assert.Null(KeyExchangeGroup.FromId(0x001e));
    }

    [Theory]
    [MemberData(nameof(Groups))]
    public void Both_sides_derive_the_same_secret(string name)
    {
        KeyExchangeGroup group = Named(name);
        using EphemeralKey a = group.Generate(TlmspRandom.System);
        using EphemeralKey b = group.Generate(new CountingRandom(7));
        byte[] secret = Derive(a, b.PublicPoint);

        Assert.Equal(group.PointLength, a.PublicPoint.Length);
        Assert.Equal(group.SecretLength, secret.Length);
        Assert.Equal(secret, Derive(b, a.PublicPoint));
        Assert.Contains(secret, value => value != 0);
        Assert.NotEqual(secret, Derive(a, a.PublicPoint));
    }

    [Theory]
    [MemberData(nameof(Groups))]
    public void Fixed_randomness_gives_fixed_keys(string name)
    {
        KeyExchangeGroup group = Named(name);
        using EphemeralKey a = group.Generate(new CountingRandom(1));
        using EphemeralKey b = group.Generate(new CountingRandom(1));
        using EphemeralKey c = group.Generate(new CountingRandom(2));
        Assert.Equal(a.PublicPoint, b.PublicPoint);
        Assert.False(a.PublicPoint.SequenceEqual(c.PublicPoint));

        using EphemeralKey d = group.Generate(TlmspRandom.System);
        using EphemeralKey e = group.Generate(TlmspRandom.System);
        Assert.False(d.PublicPoint.SequenceEqual(e.PublicPoint));
    }

    [Theory]
    [MemberData(nameof(Groups))]
    public void Points_of_another_length_are_refused(string name)
    {
        using EphemeralKey key = Named(name).Generate(TlmspRandom.System);
        byte[] point = key.PublicPoint.ToArray();
        for (int length = 0; length < point.Length; length++)
        {
            AssertRefused(key, point[..length]);
        }

        AssertRefused(key, [.. point, 0]);
        Assert.Throws<ArgumentException>(() => key.DeriveSecret(key.PublicPoint, new byte[key.SecretLength - 1]));
    }

    [Theory]
    [MemberData(nameof(NistGroups))]
    public void Points_that_are_not_on_the_curve_are_refused(string name)
    {
        using EphemeralKey key = Named(name).Generate(TlmspRandom.System);
        byte[] good = key.PublicPoint.ToArray();
        AssertRefused(key, [4, .. new byte[good.Length - 1]]);
        AssertRefused(key, [4, .. Enumerable.Repeat((byte)0xff, good.Length - 1)]);
        AssertRefused(key, new byte[good.Length]);
        foreach (int at in (int[])[1, good.Length / 2, good.Length - 1])
        {
            byte[] bad = [.. good];
            bad[at] ^= 1;
            AssertRefused(key, bad);
        }

        // Compressed, hybrid and unknown formats (RFC 8422 §5.1.2).
        foreach (byte format in (byte[])[0, 1, 2, 3, 5, 6, 7, 0xff])
        {
            AssertRefused(key, [format, .. good[1..]]);
        }
    }

    // (0, sqrt b) is on P-256; the same point with x = p is not in reduced form.
    [Fact]
    public void Coordinates_are_below_the_field_prime()
    {
        const string Y = "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4";
        const string P = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
        using EphemeralKey key = KeyExchangeGroup.P256.Generate(TlmspRandom.System);
        Derive(key, Convert.FromHexString("04" + new string('0', 64) + Y));
        AssertRefused(key, Convert.FromHexString("04" + P + Y));
    }

    // d = 1 gives the base point; FIPS 186-5 draws again for 0 and for the order and above.
    [Theory]
    [InlineData(0x0017, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")]
    [InlineData(0x0018, "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
        "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7")]
    [InlineData(0x0019,
        "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
        "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66")]
    public void Private_keys_are_drawn_from_1_to_the_order(ushort id, string order, string baseX)
    {
        KeyExchangeGroup group = KeyExchangeGroup.FromId(id)!;
        byte[] zero = new byte[order.Length / 2];
        byte[] one = [.. zero];
        one[^1] = 1;
        BigInteger n = BigInteger.Parse("0" + order, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        byte[] last = [.. zero];
        (n - 1).ToByteArray(isUnsigned: true, isBigEndian: true).CopyTo(last.AsSpan(last.Length - (n - 1).GetByteCount(isUnsigned: true)));

        using EphemeralKey first = group.Generate(new Draws(zero, Convert.FromHexString(order), one));
        Assert.Equal(baseX, Convert.ToHexStringLower(first.PublicPoint.Slice(1, zero.Length)));

        using EphemeralKey negated = group.Generate(new Draws(last));   // n - 1 = -1: the same x
        Assert.Equal(first.PublicPoint[..(1 + zero.Length)], negated.PublicPoint[..(1 + zero.Length)]);
    }

    [Theory]
    [MemberData(nameof(NistGroups))]
    public void A_stuck_random_source_does_not_hang(string name) =>
        Assert.Throws<System.Security.Cryptography.CryptographicException>(() => Named(name).Generate(new StuckRandom()));

    // The secret must keep leading zero bytes (handshake.md §4.1): found by search with fixed keys.
    [Fact]
    public void Secrets_are_padded_to_the_field_size()
    {
        using EphemeralKey key = KeyExchangeGroup.P256.Generate(new CountingRandom(1));
        for (int seed = 2; seed < 2000; seed++)
        {
            using EphemeralKey peer = KeyExchangeGroup.P256.Generate(new CountingRandom(seed));
            byte[] secret = Derive(key, peer.PublicPoint);
            if (secret[0] == 0)
            {
                Assert.Equal(32, secret.Length);
                Assert.Equal(secret, Derive(peer, key.PublicPoint));
                return;
            }
        }

        Assert.Fail("No key gives a secret with a leading zero.");
    }

    [Theory]
    [MemberData(nameof(Groups))]
    public void One_key_derives_on_many_threads(string name)
    {
        KeyExchangeGroup group = Named(name);
        using EphemeralKey key = group.Generate(TlmspRandom.System);
        using EphemeralKey peer = group.Generate(TlmspRandom.System);
        byte[] point = peer.PublicPoint.ToArray();
        byte[] expected = Derive(key, point);
        Parallel.For(0, 200, _ => Assert.Equal(expected, Derive(key, point)));
    }

    [Theory]
    [MemberData(nameof(Groups))]
    public void A_disposed_key_derives_nothing(string name)
    {
        EphemeralKey key = Named(name).Generate(TlmspRandom.System);
        byte[] point = key.PublicPoint.ToArray();
        key.Dispose();
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Derive(key, point));
    }

    internal static byte[] Derive(EphemeralKey key, ReadOnlySpan<byte> point)
    {
        byte[] secret = new byte[key.SecretLength];
        key.DeriveSecret(point, secret);
        return secret;
    }

    internal static void AssertRefused(EphemeralKey key, byte[] point)
    {
        byte[] secret = new byte[key.SecretLength];
        Assert.Equal(Misbehaviour.BadKeyShare, Assert.Throws<TlmspException>(() => key.DeriveSecret(point, secret)).Misbehaviour);
        Assert.Equal(new byte[secret.Length], secret);
    }

    private static KeyExchangeGroup Named(string name) => KeyExchangeGroup.Default.Single(group => group.Name == name);

    private sealed class CountingRandom(int seed) : TlmspRandom
    {
        private int _next = seed * 7919;

        public override void Fill(Span<byte> buffer)
        {
            foreach (ref byte value in buffer)
            {
                value = (byte)((_next = (_next * 1103515245) + 12345) >> 16);
            }
        }
    }

    private sealed class StuckRandom : TlmspRandom
    {
        public override void Fill(Span<byte> buffer) => buffer.Fill(0xff);
    }

    private sealed class Draws(params byte[][] values) : TlmspRandom
    {
        private int _next;

        public override void Fill(Span<byte> buffer) => values[_next++].CopyTo(buffer);
    }
}
