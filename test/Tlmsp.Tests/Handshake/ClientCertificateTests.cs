using Tlmsp.TestSupport;

namespace Tlmsp.Tests;

/// <summary>Client authentication (handshake.md §1.4).</summary>
public class ClientCertificateTests
{
    public static TheoryData<string, TestKey, bool> Shapes
    {
        get
        {
            var data = new TheoryData<string, TestKey, bool>();
            foreach (string grants in (string[])["", "1=r", "1=rw|2=r"])
            {
                foreach (TestKey key in (TestKey[])[TestKey.EcdsaP256, TestKey.EcdsaP384, TestKey.Rsa2048])
                {
                    data.Add(grants, key, key == TestKey.EcdsaP384);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_server_knows_who_the_client_is(string grants, TestKey key, bool aes256)
    {
        TlmspCertificate own = TestCertificates.Get("client.example", key, TestUsage.ClientOnly);
        using InMemoryPath path = Make(grants, own, TlmspClientAuthentication.Require, aes256).Connect();
        path.ClientSends(1, "head"u8);
        path.ServerSends(2, "content"u8);

        Assert.Empty(path.Faults);
        Assert.Equal(own.Leaf.RawData, path.Server!.Info.ClientCertificate!.RawData);
        Assert.Null(path.Client!.Info.ClientCertificate);
        Assert.Equal("head"u8, path.AtServer.Data(1));
        Assert.Equal("content"u8, path.AtClient.Data(2));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1=r|2=r")]
    public void A_client_without_a_certificate_is_let_in_where_that_is_allowed(string grants)
    {
        using InMemoryPath path = Make(grants, own: null, TlmspClientAuthentication.Allow).Connect();
        path.ClientSends(1, "head"u8);

        Assert.Null(path.Server!.Info.ClientCertificate);
        Assert.Equal("head"u8, path.AtServer.Data(1));
    }

    [Fact]
    public void A_certificate_that_nobody_asked_for_is_not_sent()
    {
        using InMemoryPath path = Make("1=r", TestCertificates.Get("client.example", usage: TestUsage.ClientOnly), TlmspClientAuthentication.None).Connect();

        Assert.Null(path.Server!.Info.ClientCertificate);
        Assert.True(path.ClientHandshake.ClientLeaf.IsEmpty);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1=r")]
    public void A_client_without_a_certificate_is_refused_where_one_is_required(string grants) =>
        Refused(Make(grants, own: null, TlmspClientAuthentication.Require), Misbehaviour.ClientCertificateMissing, TlmspAlert.HandshakeFailure);

    public static TheoryData<TestUsage, TestValidity, TestIssuer, Misbehaviour, TlmspAlert> BadCertificates => new()
    {
        { TestUsage.ClientOnly, TestValidity.Current, TestIssuer.UntrustedRoot, Misbehaviour.UntrustedCertificate, TlmspAlert.UnknownCa },
        { TestUsage.ClientOnly, TestValidity.Expired, TestIssuer.Root, Misbehaviour.ExpiredCertificate, TlmspAlert.CertificateExpired },
        { TestUsage.ServerOnly, TestValidity.Current, TestIssuer.Root, Misbehaviour.UnsuitableCertificate, TlmspAlert.UnsupportedCertificate },
    };

    [Theory]
    [MemberData(nameof(BadCertificates))]
    public void A_certificate_that_is_not_valid_is_refused_in_both_modes(
        TestUsage usage, TestValidity validity, TestIssuer issuer, Misbehaviour misbehaviour, TlmspAlert alert)
    {
        TlmspCertificate own = TestCertificates.Get("client.example", usage: usage, validity: validity, issuer: issuer);
        Refused(Make("", own, TlmspClientAuthentication.Allow), misbehaviour, alert);
        Refused(Make("1=r", own, TlmspClientAuthentication.Require), misbehaviour, alert);
    }

    [Fact]
    public void A_certificate_is_of_no_use_without_its_key()
    {
        TlmspCertificate own = TestCertificates.Get("client.example", usage: TestUsage.ClientOnly);
        InMemoryPath path = Make("1=r", own, TlmspClientAuthentication.Require);
        path.Hops[0].ToServer.Tamper = bytes => ForgeVerify(bytes);

        Refused(path, Misbehaviour.BadCertificateVerify, TlmspAlert.DecryptError);
    }

    [Fact]
    public void Trust_in_clients_can_be_another_than_in_middleboxes()
    {
        TlmspClientOptions client = TestPaths.Client(audited: false, Grant.Read(1));
        client.Certificate = TestCertificates.Get("client.example", usage: TestUsage.ClientOnly, issuer: TestIssuer.UntrustedRoot);
        TlmspServerOptions server = TestPaths.Server();
        server.ClientAuthentication = TlmspClientAuthentication.Require;
        CertificateParty? seen = null;
        server.ClientTrust = new CertificateTrust
        {
            ValidationCallback = context =>
            {
                seen = context.Party;
                return context.Certificate.Subject == "CN=test client.example";
            },
        };
        using InMemoryPath path = new InMemoryPath(client, server, TestPaths.Middlebox(0)).Connect();

        Assert.Equal(CertificateParty.Client, seen);
        Assert.NotNull(path.Server!.Info.ClientCertificate);
    }

    /// <summary>Changes the last byte of CertificateVerify's signature, wherever it is in what is sent.</summary>
    private static byte[] ForgeVerify(byte[] bytes)
    {
        for (int at = 0; at + RecordHeader.Size < bytes.Length;)
        {
            int end = at + RecordHeader.Size + (bytes[at + 3] << 8) + bytes[at + 4];
            if (bytes[at] == (byte)RecordType.Handshake && bytes[at + RecordHeader.Size + TlmspDialect.SessionIdLength] == (byte)HandshakeType.CertificateVerify)
            {
                bytes[end - 1] ^= 1;
            }

            at = end;
        }

        return bytes;
    }

    private static void Refused(InMemoryPath made, Misbehaviour misbehaviour, TlmspAlert alert)
    {
        using InMemoryPath path = made.TryConnect();
        Assert.Equal(misbehaviour, path.Faults["server"].Misbehaviour);
        Assert.Equal(alert, path.Faults["client"].Alert);
        Assert.True(path.Faults["client"].FromPeer);
        Assert.Null(path.Server);
    }

    private static InMemoryPath Make(string grants, TlmspCertificate? own, TlmspClientAuthentication mode, bool aes256 = false)
    {
        Grant[] parsed = [.. grants.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(Grant.Parse)];
        TlmspClientOptions client = TestPaths.Client(audited: false, parsed);
        client.Certificate = own;
        client.CipherSuites = [.. aes256 ? TlmspCipherSuite.Aes256 : TlmspCipherSuite.Aes128];
        TlmspServerOptions server = TestPaths.Server();
        server.ClientAuthentication = mode;
        return new InMemoryPath(client, server, [.. parsed.Select((_, index) => TestPaths.Middlebox(index))]);
    }
}
