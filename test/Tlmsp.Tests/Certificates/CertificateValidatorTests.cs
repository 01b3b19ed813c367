using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Tlmsp.TestSupport;

namespace Tlmsp.Tests.Certificates;

public class CertificateValidatorTests
{
    private static readonly CertificateValidator s_validator = new(TestCertificates.Trust());

    [Theory]
    [InlineData("localhost", "localhost")]
    [InlineData("localhost", "LOCALHOST")]
    [InlineData("a.example,b.example", "b.example")]
    [InlineData("*.example", "waf.example")]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::1", "::1")]
    [InlineData("xn--wf-via.example", "xn--wf-via.example")]
    public void Accepts_a_server_under_its_names(string names, string host)
    {
        TlmspCertificate certificate = TestCertificates.Get(names);
        X509Certificate2 leaf = s_validator.ValidateServer(certificate.Chain, host);
        Assert.Equal(certificate.Leaf.RawData, leaf.RawData);
        Assert.False(leaf.HasPrivateKey);
    }

    [Theory]
    [InlineData("localhost", "example.com")]
    [InlineData("*.example", "a.b.example")]
    [InlineData("*.example", "example")]
    [InlineData("w*.example", "waf.example")]
    [InlineData("waf.*.example", "waf.a.example")]
    [InlineData("*.0.0.1", "127.0.0.1")]
    [InlineData("127.0.0.1", "127.0.0.2")]
    [InlineData("127.0.0.1", "localhost")]
    [InlineData("", "test")]            // a subject CN is not a name (RFC 9525)
    [InlineData("localhost", "local host")]
    [InlineData("localhost", "localhost\0.example")]
    public void Refuses_a_server_under_another_name(string names, string host) =>
        Assert.Equal(Misbehaviour.CertificateNameMismatch, ServerFault(TestCertificates.Get(names), host));

    public static TheoryData<TestKey, TestUsage, TestValidity, TestIssuer, Misbehaviour?, Misbehaviour?> Table => new()
    {
        // key, usage, validity, issuer; what a client finds (server authentication); what a server finds (client authentication)
        { TestKey.EcdsaP256, TestUsage.ServerAndClient, TestValidity.Current, TestIssuer.Root, null, null },
        { TestKey.EcdsaP384, TestUsage.Unrestricted, TestValidity.Current, TestIssuer.Root, null, null },
        { TestKey.Rsa2048, TestUsage.ServerAndClient, TestValidity.Current, TestIssuer.Intermediate, null, null },
        { TestKey.EcdsaP256, TestUsage.ServerOnly, TestValidity.Current, TestIssuer.Root, null, Misbehaviour.UnsuitableCertificate },
        { TestKey.EcdsaP256, TestUsage.ClientOnly, TestValidity.Current, TestIssuer.Root, Misbehaviour.UnsuitableCertificate, null },
        {
            TestKey.EcdsaP256, TestUsage.CodeSigningOnly, TestValidity.Current, TestIssuer.Root, Misbehaviour.UnsuitableCertificate,
            Misbehaviour.UnsuitableCertificate
        },
        {
            TestKey.EcdsaP256, TestUsage.ServerAndClient, TestValidity.Expired, TestIssuer.Root, Misbehaviour.ExpiredCertificate,
            Misbehaviour.ExpiredCertificate
        },
        {
            TestKey.EcdsaP256, TestUsage.ServerAndClient, TestValidity.NotYetValid, TestIssuer.Root, Misbehaviour.ExpiredCertificate,
            Misbehaviour.ExpiredCertificate
        },
        {
            TestKey.EcdsaP256, TestUsage.ServerAndClient, TestValidity.Current, TestIssuer.UntrustedRoot, Misbehaviour.UntrustedCertificate,
            Misbehaviour.UntrustedCertificate
        },
        {
            TestKey.EcdsaP256, TestUsage.ServerAndClient, TestValidity.Current, TestIssuer.Self, Misbehaviour.UntrustedCertificate,
            Misbehaviour.UntrustedCertificate
        },
        {   // trust decides first
            TestKey.EcdsaP256, TestUsage.CodeSigningOnly, TestValidity.Expired, TestIssuer.UntrustedRoot, Misbehaviour.UntrustedCertificate,
            Misbehaviour.UntrustedCertificate
        },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void Validity_trust_and_purpose(
        TestKey key, TestUsage usage, TestValidity validity, TestIssuer issuer, Misbehaviour? atClient, Misbehaviour? atServer)
    {
        TlmspCertificate certificate = TestCertificates.Get("waf.example", key, usage, validity, issuer);
        TlmspAddress address = TlmspAddress.Parse("waf.example:7001");
        for (int round = 0; round < 2; round++)   // the second round meets a warm cache
        {
            Assert.Equal(atClient, Fault(() => s_validator.ValidateServer(certificate.Chain, "waf.example")));
            Assert.Equal(atClient, Fault(() => s_validator.ValidateMiddlebox(certificate.Chain, address, verifierIsServer: false, false)));
            Assert.Equal(atServer, Fault(() => s_validator.ValidateMiddlebox(certificate.Chain, address, verifierIsServer: true, false)));
        }
    }

    [Theory]
    [InlineData(TlmspAddressType.Url, "tlmsp://waf.example:7001/path", null)]
    [InlineData(TlmspAddressType.Fqdn, "waf.example", null)]
    [InlineData(TlmspAddressType.IPv4, "10.0.0.1", null)]
    [InlineData(TlmspAddressType.Url, "tlmsp://[2001:db8::1]:7001", null)]
    [InlineData(TlmspAddressType.IPv6, "2001:db8:0::1", null)]
    [InlineData(TlmspAddressType.Url, "tlmsp://evil.example", Misbehaviour.CertificateNameMismatch)]
    [InlineData(TlmspAddressType.Url, "tlmsp://waf.example@evil.example", Misbehaviour.CertificateNameMismatch)]
    [InlineData(TlmspAddressType.IPv4, "10.0.0.2", Misbehaviour.CertificateNameMismatch)]
    [InlineData(TlmspAddressType.Mac, "aa:bb:cc:dd:ee:ff", Misbehaviour.CertificateNameMismatch)]
    [InlineData(TlmspAddressType.Url, "", Misbehaviour.CertificateNameMismatch)]
    public void A_middlebox_is_bound_to_its_address(TlmspAddressType type, string text, Misbehaviour? fault)
    {
        TlmspCertificate certificate = TestCertificates.Get("waf.example,10.0.0.1,2001:db8::1");
        TlmspAddress address = TlmspAddress.FromWire(type, Encoding.ASCII.GetBytes(text));
        Assert.Equal(fault, Fault(() => s_validator.ValidateMiddlebox(certificate.Chain, address, false, allowNameMismatch: false)));
        Assert.Null(Fault(() => s_validator.ValidateMiddlebox(certificate.Chain, address, false, allowNameMismatch: true)));
        Assert.Equal(fault, Fault(() => s_validator.ValidateMiddlebox(certificate.Chain, address, false, allowNameMismatch: false)));
    }

    [Fact]
    public void Allowing_another_name_allows_nothing_else()
    {
        TlmspCertificate untrusted = TestCertificates.Get(issuer: TestIssuer.UntrustedRoot);
        TlmspAddress address = TlmspAddress.Parse("waf.example");
        Assert.Equal(Misbehaviour.UntrustedCertificate, Fault(() => s_validator.ValidateMiddlebox(untrusted.Chain, address, false, true)));
    }

    [Fact]
    public void A_missing_intermediate_is_not_made_up_for()
    {
        TlmspCertificate full = TestCertificates.Get("chain.example", issuer: TestIssuer.Intermediate);
        Assert.Equal(2, full.Chain.Count);
        Assert.Equal(Misbehaviour.UntrustedCertificate, Fault(() => new CertificateValidator(TestCertificates.Trust())
            .ValidateServer([full.Chain[0]], "chain.example")));
        s_validator.ValidateServer(full.Chain, "chain.example");
        s_validator.ValidateServer([.. full.Chain, TestCertificates.Root.RawData], "chain.example");   // a root may be sent, too
        Assert.Equal(Misbehaviour.UntrustedCertificate, Fault(() => s_validator.ValidateServer([full.Chain[0]], "chain.example")));
    }

    [Fact]
    public void A_root_that_the_peer_sends_is_not_trusted()
    {
        TlmspCertificate certificate = TestCertificates.Get(issuer: TestIssuer.UntrustedRoot);
        Assert.Equal(Misbehaviour.UntrustedCertificate, Fault(() =>
            s_validator.ValidateServer([certificate.Chain[0], TestCertificates.UntrustedRoot.RawData], "localhost")));
    }

    [Fact]
    public void An_ordinary_certificate_is_no_authority()
    {
        TlmspCertificate issuer = TestCertificates.Get("issuer.example");
        using ECDsa key = issuer.Leaf.GetECDsaPrivateKey()!;
        var request = new CertificateRequest("CN=forged", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("bank.example");
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 forged = request.Create(issuer.Leaf.SubjectName, X509SignatureGenerator.CreateForECDsa(key),
            DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), [1]);
        Assert.NotNull(Fault(() => s_validator.ValidateServer([forged.RawData, issuer.Chain[0]], "bank.example")));
    }

    [Fact]
    public void Lists_that_are_empty_too_long_or_garbage()
    {
        byte[] good = TestCertificates.Get().Chain[0].ToArray();
        Assert.Equal(Misbehaviour.EmptyCertificateList, Fault(() => s_validator.ValidateServer([], "localhost")));
        Assert.Equal(Misbehaviour.LimitExceeded, Fault(() =>
            s_validator.ValidateServer([.. Enumerable.Repeat(new ReadOnlyMemory<byte>(good), 17)], "localhost")));
        byte[][] bad =
        [
            [], [0], [0x30, 0x82, 0xff, 0xff], good[..^1], [.. good, 0], [.. good, .. good],
            Encoding.ASCII.GetBytes(TestCertificates.Get().Leaf.ExportCertificatePem()),
        ];
        foreach (byte[] der in bad)
        {
            Assert.Equal(Misbehaviour.MalformedCertificate, Fault(() => s_validator.ValidateServer([der], "localhost")));
            Assert.Equal(Misbehaviour.MalformedCertificate, Fault(() => s_validator.ParseLeaf([der])));
        }

        // An intermediate that is garbage is not skipped; a fresh leaf, since a good chain is known already.
        byte[] fresh = TestCertificates.Get("garbage.example").Chain[0].ToArray();
        Assert.Equal(
            Misbehaviour.MalformedCertificate, Fault(() => s_validator.ValidateServer([fresh, new byte[] { 1 }], "garbage.example")));
    }

    [Fact]
    public void Every_changed_byte_of_a_certificate_is_noticed()
    {
        byte[] good = TestCertificates.Get("flip.example").Chain[0].ToArray();
        for (int i = 0; i < good.Length; i += 3)
        {
            byte[] bad = [.. good];
            bad[i] ^= 0x20;
            Misbehaviour? fault = Fault(() => s_validator.ValidateServer([bad], "flip.example"));
            Assert.True(fault is Misbehaviour.MalformedCertificate or Misbehaviour.UntrustedCertificate or Misbehaviour.UnsuitableCertificate,
                $"byte {i}: {fault}");
        }
    }

    [Fact]
    public void Keys_that_cannot_sign_are_unsuitable_whatever_the_callback_says()
    {
        CertificateTrust trust = TestCertificates.Trust();
        trust.ValidationCallback = _ => true;
        foreach (CertificateValidator validator in (CertificateValidator[])[s_validator, new(trust)])
        {
            foreach (X509Certificate2 leaf in (X509Certificate2[])[
                TestCertificates.Leaf(key: TestKey.Rsa1024), TestCertificates.Leaf(key: TestKey.EcdsaSecp256k1),
                TestCertificates.Leaf(keyUsage: X509KeyUsageFlags.KeyAgreement), TestCertificates.Leaf(
                    key: TestKey.Rsa2048, keyUsage: X509KeyUsageFlags.KeyEncipherment)])
            {
                Assert.Equal(Misbehaviour.UnsuitableCertificate, Fault(() => validator.ValidateServer([leaf.RawData], "localhost")));
            }
        }
    }

    [Fact]
    public void The_callback_sees_what_is_wrong_and_has_the_last_word()
    {
        var seen = new List<(CertificateParty, string, string?, SslPolicyErrors, int)>();
        bool answer = true;
        CertificateTrust trust = TestCertificates.Trust();
        trust.ValidationCallback = context =>
        {
            seen.Add((context.Party, context.Address.Text, context.HostName, context.Errors, context.Chain.ChainElements.Count));
            return answer;
        };
        var validator = new CertificateValidator(trust);
        TlmspCertificate good = TestCertificates.Get("waf.example");
        TlmspCertificate untrusted = TestCertificates.Get("waf.example", issuer: TestIssuer.UntrustedRoot);
        TlmspAddress address = TlmspAddress.Parse("evil.example:1");

        validator.ValidateServer(good.Chain, "waf.example");
        validator.ValidateServer(good.Chain, "waf.example");
        validator.ValidateMiddlebox(good.Chain, address, true, false);
        validator.ValidateMiddlebox(untrusted.Chain, address, true, false);
        Assert.Equal(
            [
                (CertificateParty.Server, "", "waf.example", SslPolicyErrors.None, 2),
                (CertificateParty.Server, "", "waf.example", SslPolicyErrors.None, 2),
                (CertificateParty.Middlebox, "tlmsp://evil.example:1", "evil.example", SslPolicyErrors.RemoteCertificateNameMismatch, 2),
                (CertificateParty.Middlebox, "tlmsp://evil.example:1", "evil.example",
                    SslPolicyErrors.RemoteCertificateNameMismatch | SslPolicyErrors.RemoteCertificateChainErrors, 1),
            ],
            seen);

        answer = false;
        Assert.Equal(Misbehaviour.CertificateRefused, Fault(() => validator.ValidateServer(good.Chain, "waf.example")));
        Assert.Equal(Misbehaviour.CertificateNameMismatch, Fault(() => validator.ValidateServer(good.Chain, "evil.example")));
        Assert.Equal(Misbehaviour.UntrustedCertificate, Fault(() => validator.ValidateServer(untrusted.Chain, "evil.example")));
        Assert.Equal(7, seen.Count);
    }

    [Fact]
    public void A_callback_that_throws_refuses()
    {
        CertificateTrust trust = TestCertificates.Trust();
        trust.ValidationCallback = _ => throw new InvalidOperationException("broken");
        var fault = Assert.Throws<TlmspException>(
            () => new CertificateValidator(trust).ValidateServer(TestCertificates.Get().Chain, "localhost"));
        Assert.Equal(Misbehaviour.CertificateRefused, fault.Misbehaviour);
        Assert.IsType<InvalidOperationException>(fault.InnerException);
    }

    [Fact]
    public void A_known_chain_still_expires()
    {
        var time = new ManualTime();
        CertificateTrust trust = TestCertificates.Trust();
        trust.TimeProvider = time;
        var validator = new CertificateValidator(trust);
        using X509Certificate2 leaf = TestCertificates.Leaf("short.example", period: (time.Now.AddMinutes(-1), time.Now.AddMinutes(2)));
        DateTimeOffset start = time.Now;
        void Validate() => validator.ValidateServer([leaf.RawData], "short.example");

        Validate();
        time.Now = start.AddSeconds(110);
        Validate();
        time.Now = start.AddSeconds(121);
        Assert.Equal(Misbehaviour.ExpiredCertificate, Fault(Validate));
        time.Now = start.AddMinutes(-2);   // a clock set back is before the beginning
        Assert.Equal(Misbehaviour.ExpiredCertificate, Fault(Validate));
        time.Now = start;
        Validate();
    }

    [Fact]
    public void Trust_is_read_once()
    {
        CertificateTrust trust = TestCertificates.Trust();
        var validator = new CertificateValidator(trust);
        trust.CustomRootTrust.Clear();
        trust.ValidationCallback = _ => false;
        validator.ValidateServer(TestCertificates.Get().Chain, "localhost");
    }

    [Fact]
    public void Without_custom_roots_the_system_decides() =>
        Assert.Equal(Misbehaviour.UntrustedCertificate, Fault(() =>
            new CertificateValidator(new CertificateTrust()).ValidateServer(TestCertificates.Get().Chain, "localhost")));

    [Fact]
    public void A_chain_policy_replaces_the_built_in_one()
    {
        CertificateTrust trust = TestCertificates.Trust();
        trust.ChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid,
        };
        trust.ChainPolicy.CustomTrustStore.Add(TestCertificates.UntrustedRoot);
        var validator = new CertificateValidator(trust);
        validator.ValidateServer(TestCertificates.Get(issuer: TestIssuer.UntrustedRoot).Chain, "localhost");
        validator.ValidateServer(TestCertificates.Get(issuer: TestIssuer.UntrustedRoot, validity: TestValidity.Expired).Chain, "localhost");
        Assert.Equal(Misbehaviour.UntrustedCertificate, Fault(() => validator.ValidateServer(TestCertificates.Get().Chain, "localhost")));
        Assert.Equal(Misbehaviour.UnsuitableCertificate, Fault(() => validator.ValidateServer(
            TestCertificates.Get(issuer: TestIssuer.UntrustedRoot, usage: TestUsage.ClientOnly).Chain, "localhost")));
        Assert.Empty(trust.ChainPolicy.ApplicationPolicy);
    }

    [Fact]
    public void A_revocation_check_that_fails_refuses()
    {
        CertificateTrust trust = TestCertificates.Trust();
        trust.RevocationMode = X509RevocationMode.Offline;   // there is no list to be found
        Assert.Equal(Misbehaviour.CertificateRefused, Fault(() =>
            new CertificateValidator(trust).ValidateServer(TestCertificates.Get().Chain, "localhost")));
    }

    [Fact]
    public void Parsed_certificates_are_shared_and_survive_use_on_many_threads()
    {
        var validator = new CertificateValidator(TestCertificates.Trust());
        TlmspCertificate certificate = TestCertificates.Get("shared.example", issuer: TestIssuer.Intermediate);
        X509Certificate2 first = validator.ValidateServer(certificate.Chain, "shared.example");
        Parallel.For(0, 200, i =>
        {
            string host = i % 3 == 0 ? "shared.example" : i % 3 == 1 ? "SHARED.example" : "other.example";
            Misbehaviour? fault = Fault(() => Assert.Same(first, validator.ValidateServer(certificate.Chain, host)));
            Assert.Equal(i % 3 == 2 ? Misbehaviour.CertificateNameMismatch : null, fault);
        });
        Assert.Same(first, validator.ParseLeaf(certificate.Chain));
    }

    [Fact]
    public void More_certificates_than_the_cache_holds()
    {
        var parser = new CertificateParser(capacity: 2);
        byte[][] all = [.. Enumerable.Range(0, 4).Select(i => TestCertificates.Get($"many{i}.example").Chain[0].ToArray())];
        X509Certificate2 first = parser.Parse(all[0]);
        parser.Parse(all[1]);
        Assert.Same(first, parser.Parse(all[0]));   // used again, so the other one goes
        parser.Parse(all[2]);
        Assert.Same(first, parser.Parse(all[0]));
        parser.Parse(all[2]);
        parser.Parse(all[3]);
        Assert.NotSame(first, parser.Parse(all[0]));
        Assert.Equal(all[0], first.RawData);        // forgotten, not disposed
    }

    private static Misbehaviour? ServerFault(TlmspCertificate certificate, string host) =>
        Fault(() => s_validator.ValidateServer(certificate.Chain, host));

    private static Misbehaviour? Fault(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (TlmspException e)
        {
            return e.Misbehaviour;
        }
    }

    private static Misbehaviour? Fault(Func<X509Certificate2> action) => Fault(() => { _ = action(); });
}
