namespace Tlmsp.Tests.Crypto;

public class X25519Tests
{
    private const string AlicePrivate = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
    private const string AlicePublic = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
    private const string BobPrivate = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
    private const string BobPublic = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";

    private static readonly X25519Group s_group = (X25519Group)KeyExchangeGroup.X25519;

    // RFC 7748 §6.1.
    [LinuxFact]
    public void Diffie_Hellman_vector()
    {
        const string Shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
        using EphemeralKey alice = Key(AlicePrivate);
        using EphemeralKey bob = s_group.Generate(new Fixed(BobPrivate));
        Assert.Equal(AlicePublic, Convert.ToHexStringLower(alice.PublicPoint));
        Assert.Equal(BobPublic, Convert.ToHexStringLower(bob.PublicPoint));
        Assert.Equal(Shared, Convert.ToHexStringLower(KeyExchangeGroupTests.Derive(alice, bob.PublicPoint)));
        Assert.Equal(Shared, Convert.ToHexStringLower(KeyExchangeGroupTests.Derive(bob, alice.PublicPoint)));
    }

    // RFC 7748 §5.2: the second point has the unused top bit set.
    [LinuxTheory]
    [InlineData("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
        "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c", "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")]
    [InlineData("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
        "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493", "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957")]
    public void Function_vectors(string scalar, string point, string result)
    {
        using EphemeralKey key = Key(scalar);
        Assert.Equal(result, Convert.ToHexStringLower(KeyExchangeGroupTests.Derive(key, Convert.FromHexString(point))));
    }

    // RFC 7748 §5.2: k, u := X25519(k, u), k, a thousand times.
    [LinuxFact]
    public void Iterated_vector()
    {
        byte[] k = [9, .. new byte[31]];
        byte[] u = k;
        for (int i = 1; i <= 1000; i++)
        {
            using EphemeralKey key = s_group.FromScalar(k);
            (k, u) = (KeyExchangeGroupTests.Derive(key, u), k);
            if (i == 1)
            {
                Assert.Equal("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079", Convert.ToHexStringLower(k));
            }
        }

        Assert.Equal("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51", Convert.ToHexStringLower(k));
    }

    // Orders 1, 2, 4 and 8 on the curve and its twist, reduced and not.
    [LinuxTheory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")]
    [InlineData("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    public void Points_of_small_order_are_refused(string point)
    {
        using EphemeralKey key = s_group.Generate(TlmspRandom.System);
        KeyExchangeGroupTests.AssertRefused(key, Convert.FromHexString(point));

        // And the failure leaves nothing behind for the next operation on this thread.
        using EphemeralKey other = s_group.Generate(TlmspRandom.System);
        Assert.Equal(KeyExchangeGroupTests.Derive(key, other.PublicPoint), KeyExchangeGroupTests.Derive(other, key.PublicPoint));
    }

    [Theory]
    [InlineData("7f0000000000-7f0000100000 r-xp 00000000 08:01 123                        /usr/lib/x86_64-linux-gnu/libcrypto.so.3",
        "/usr/lib/x86_64-linux-gnu/libcrypto.so.3")]
    [InlineData("7f00-7f01 r--p 0 08:01 1 /opt/my libs/libcrypto.so.1.1", "/opt/my libs/libcrypto.so.1.1")]
    [InlineData("7f00-7f01 r--p 0 08:01 1 /usr/lib/libcrypto.so.3 (deleted)", null)]
    [InlineData("7f00-7f01 r--p 0 08:01 1 /usr/lib/libcrypto.so", null)]
    [InlineData("7f00-7f01 r--p 0 08:01 1 /usr/lib/libssl.so.3", null)]
    [InlineData("7f00-7f01 r--p 0 08:01 1 /usr/lib/libcrypto.so.3/evil.so", null)]
    [InlineData("7f00-7f01 rw-p 0 00:00 0 [heap]", null)]
    [InlineData("", null)]
    public void Only_a_versioned_library_that_is_in_use_is_taken(string line, string? path) =>
        Assert.Equal(path, LoadedLibCrypto.FindPath(["7f-80 r--p 0 00:00 0 ", line]));

    private static EphemeralKey Key(string scalar) => s_group.FromScalar(Convert.FromHexString(scalar));

    private sealed class Fixed(string hex) : TlmspRandom
    {
        public override void Fill(Span<byte> buffer) => Convert.FromHexString(hex).CopyTo(buffer);
    }

    private sealed class LinuxFactAttribute : FactAttribute
    {
        public LinuxFactAttribute() => Skip = OperatingSystem.IsLinux() ? null : "X25519 comes from OpenSSL";
    }

    private sealed class LinuxTheoryAttribute : TheoryAttribute
    {
        public LinuxTheoryAttribute() => Skip = OperatingSystem.IsLinux() ? null : "X25519 comes from OpenSSL";
    }
}
