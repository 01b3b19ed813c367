using System.Security.Cryptography.X509Certificates;
using Tlmsp.TestSupport;

namespace Tlmsp.Tests.Crypto;

public class SignatureSchemesTests
{
    private static readonly ushort[] s_ecdsa = [0x0203, 0x0403, 0x0503, 0x0603];
    private static readonly ushort[] s_rsa = [0x0201, 0x0401, 0x0501, 0x0601, 0x0804, 0x0805, 0x0806];

    public static TheoryData<TestKey, ushort> Fitting
    {
        get
        {
            var data = new TheoryData<TestKey, ushort>();
            foreach (TestKey key in (TestKey[])[TestKey.EcdsaP256, TestKey.EcdsaP384, TestKey.EcdsaP521, TestKey.Rsa2048])
            {
                foreach (ushort scheme in key == TestKey.Rsa2048 ? s_rsa : s_ecdsa)
                {
                    data.Add(key, scheme);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Fitting))]
    public void Signs_and_verifies(TestKey kind, ushort scheme)
    {
        TlmspCertificate own = TestCertificates.Get(key: kind);
        using X509Certificate2 seen = X509CertificateLoader.LoadCertificate(own.Chain[0].Span);
        byte[] data = "client random | server random | params"u8.ToArray();
        byte[] signature = SignatureSchemes.Sign(own, scheme, data);

        Assert.True(SignatureSchemes.Fits(scheme, seen));
        Assert.True(SignatureSchemes.Verify(seen, scheme, data, signature));
        Assert.False(SignatureSchemes.Verify(seen, scheme, [.. data, 0], signature));
        Assert.False(SignatureSchemes.Verify(seen, scheme, data, []));
        Assert.False(SignatureSchemes.Verify(seen, scheme, data, signature.AsSpan(1)));
        Assert.False(SignatureSchemes.Verify(seen, scheme, data, [.. signature, 0]));
        Assert.False(SignatureSchemes.Verify(seen, scheme, data, signature.AsSpan(0, signature.Length - 1)));
        for (int i = 0; i < signature.Length; i += 7)
        {
            byte[] flipped = [.. signature];
            flipped[i] ^= 0x10;
            Assert.False(SignatureSchemes.Verify(seen, scheme, data, flipped));
        }

        // The same bytes under every other scheme, other keys included.
        foreach (ushort other in s_ecdsa.Concat(s_rsa).Where(other => other != scheme))
        {
            Assert.False(SignatureSchemes.Verify(seen, other, data, signature));
        }
    }

    [Fact]
    public void A_scheme_goes_with_its_kind_of_key_only()
    {
        TlmspCertificate ecdsa = TestCertificates.Get();
        TlmspCertificate rsa = TestCertificates.Get(key: TestKey.Rsa2048);
        Assert.Equal((true, false), (ecdsa.IsEcdsa, ecdsa.IsRsa));
        Assert.Equal((false, true), (rsa.IsEcdsa, rsa.IsRsa));
        Assert.All(s_ecdsa, scheme => Assert.True(SignatureSchemes.Fits(scheme, ecdsa.Leaf) && !SignatureSchemes.Fits(scheme, rsa.Leaf)));
        Assert.All(s_rsa, scheme => Assert.True(SignatureSchemes.Fits(scheme, rsa.Leaf) && !SignatureSchemes.Fits(scheme, ecdsa.Leaf)));
        Assert.Throws<ArgumentException>(() => SignatureSchemes.Sign(rsa, 0x0403, [1]));
        Assert.Throws<ArgumentException>(() => SignatureSchemes.Sign(ecdsa, 0x0804, [1]));
    }

    [Theory]
    [InlineData(0x0000)]
    [InlineData(0x0101)]   // MD5
    [InlineData(0x0202)]   // DSA
    [InlineData(0x0303)]   // SHA-224
    [InlineData(0x0807)]   // Ed25519
    [InlineData(0x0809)]   // PSS with an RSASSA-PSS key
    [InlineData(0x0803)]
    [InlineData(0xffff)]
    public void Unknown_schemes_fit_nothing(ushort scheme)
    {
        Assert.False(SignatureSchemes.IsKnown(scheme));
        Assert.False(SignatureSchemes.Fits(scheme, TestCertificates.Get().Leaf));
        Assert.False(SignatureSchemes.Verify(TestCertificates.Get(key: TestKey.Rsa2048).Leaf, scheme, [1], [2]));
    }

    [Fact]
    public void Keys_that_are_too_weak_or_unknown_verify_nothing()
    {
        foreach (TestKey weak in (TestKey[])[TestKey.Rsa1024, TestKey.EcdsaSecp256k1])
        {
            using X509Certificate2 leaf = TestCertificates.Leaf(key: weak);
            Assert.All(s_ecdsa.Concat(s_rsa), scheme => Assert.False(SignatureSchemes.Fits(scheme, leaf)));
        }
    }

    [Fact]
    public void Offer_holds_no_sha1()
    {
        Assert.Equal([0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601], SignatureSchemes.Default.ToArray());
        Assert.All(SignatureSchemes.Default.ToArray(), scheme => Assert.False(SignatureSchemes.IsLegacySha1(scheme)));
        Assert.True(SignatureSchemes.IsLegacySha1(0x0201) && SignatureSchemes.IsLegacySha1(0x0203));
    }

    [Theory]
    [InlineData(TestKey.EcdsaP256, new int[0], 0x0403)]
    [InlineData(TestKey.Rsa2048, new int[0], 0x0401)]
    [InlineData(TestKey.EcdsaP256, new[] { 0x0603, 0x0403 }, 0x0403)]
    [InlineData(TestKey.EcdsaP384, new[] { 0x0403, 0x0503 }, 0x0503)]
    [InlineData(TestKey.EcdsaP521, new[] { 0x0403, 0x0603 }, 0x0603)]
    [InlineData(TestKey.EcdsaP521, new[] { 0x0403, 0x0503 }, 0x0403)]
    [InlineData(TestKey.Rsa2048, new[] { 0x0203, 0x0401, 0x0403, 0x0804 }, 0x0804)]
    [InlineData(TestKey.Rsa2048, new[] { 0x0201, 0x0601 }, 0x0601)]
    public void Selects_what_both_sides_know(TestKey key, int[] offered, int expected) =>
        Assert.Equal(expected, SignatureSchemes.Select(TestCertificates.Get(key: key), [.. offered.Select(scheme => (ushort)scheme)]));

    [Theory]
    [InlineData(TestKey.EcdsaP256, new[] { 0x0203 })]
    [InlineData(TestKey.EcdsaP256, new[] { 0x0401, 0x0804, 0x0201 })]
    [InlineData(TestKey.Rsa2048, new[] { 0x0403, 0x0201 })]
    [InlineData(TestKey.Rsa2048, new[] { 0x0807, 0x1234 })]
    public void Selects_nothing_weak_or_unfitting(TestKey key, int[] offered)
    {
        ushort[] schemes = [.. offered.Select(scheme => (ushort)scheme)];
        Assert.Equal(Misbehaviour.NoCommonSignatureScheme,
            Assert.Throws<TlmspException>(() => SignatureSchemes.Select(TestCertificates.Get(key: key), schemes)).Misbehaviour);
    }

    [Fact]
    public void One_certificate_signs_and_verifies_on_many_threads()
    {
        foreach (TestKey key in (TestKey[])[TestKey.EcdsaP256, TestKey.Rsa2048])
        {
            TlmspCertificate own = TestCertificates.Get(key: key);
            ushort scheme = SignatureSchemes.Select(own, []);
            Parallel.For(0, 200, i =>
            {
                byte[] data = BitConverter.GetBytes(i);
                Assert.True(SignatureSchemes.Verify(own.Leaf, scheme, data, SignatureSchemes.Sign(own, scheme, data)));
            });
        }
    }
}
