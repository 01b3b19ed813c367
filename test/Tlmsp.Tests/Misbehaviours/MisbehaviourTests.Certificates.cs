using System.Security.Cryptography.X509Certificates;
using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>Certificates (handshake.md §8.3): everybody checks those of others, but the server its own.</summary>
public partial class MisbehaviourTests
{
    private static MisbehaviourCase[] Certificates =>
    [
        .. ServerCertificates(UntrustedCertificate, "a root that nobody trusts", () =>
            TestCertificates.Get("server.example", issuer: TestIssuer.UntrustedRoot)),
        .. ServerCertificates(UntrustedCertificate, "signed by itself", () =>
            TestCertificates.Get("server.example", issuer: TestIssuer.Self)),
        .. ServerCertificates(ExpiredCertificate, "expired", () =>
            TestCertificates.Get("server.example", validity: TestValidity.Expired)),
        .. ServerCertificates(ExpiredCertificate, "not yet valid", () =>
            TestCertificates.Get("server.example", validity: TestValidity.NotYetValid)),
        .. ServerCertificates(CertificateNameMismatch, "of another server", () => TestCertificates.Get("other.example")),
        .. ServerCertificates(CertificateNameMismatch, "of a middlebox on the path", () => TestCertificates.Get("m0.example")),
        .. ServerCertificates(UnsuitableCertificate, "for signing code", () =>
            TestCertificates.Get("server.example", usage: TestUsage.CodeSigningOnly)),
        .. ServerCertificates(UnsuitableCertificate, "for clients only", () =>
            TestCertificates.Get("server.example", usage: TestUsage.ClientOnly)),

        .. MiddleboxCertificates(UntrustedCertificate, "a root that nobody trusts", host =>
            TestCertificates.Get(host, issuer: TestIssuer.UntrustedRoot)),
        .. MiddleboxCertificates(ExpiredCertificate, "expired", host => TestCertificates.Get(host, validity: TestValidity.Expired)),
        .. MiddleboxCertificates(CertificateNameMismatch, "of the server", _ => TestCertificates.Get("server.example")),
        .. MiddleboxCertificates(UnsuitableCertificate, "for signing code", host =>
            TestCertificates.Get(host, usage: TestUsage.CodeSigningOnly)),
        new(UnsuitableCertificate, "server", "a middlebox certificate for servers only")
        {
            Grants = "1=r",
            Configure = options => options.Middleboxes[0].Certificate = TestCertificates.Get("m0.example", usage: TestUsage.ServerOnly),
        },
        new(UnsuitableCertificate, "client", "a middlebox certificate for clients only")
        {
            Grants = "1=r",
            Configure = options => options.Middleboxes[0].Certificate = TestCertificates.Get("m0.example", usage: TestUsage.ClientOnly),
        },
        new(UnsuitableCertificate, "middlebox 0", "a certificate for clients only, of the middlebox towards the server")
        {
            Grants = "1=r|1=r",
            Configure = options => options.Middleboxes[1].Certificate = TestCertificates.Get("m1.example", usage: TestUsage.ClientOnly),
        },
        new(UnsuitableCertificate, "middlebox 1", "a certificate for servers only, of the middlebox towards the client")
        {
            Grants = "1=r|1=r",
            Configure = options => options.Middleboxes[0].Certificate = TestCertificates.Get("m0.example", usage: TestUsage.ServerOnly),
        },
        ClientCertificate(UntrustedCertificate, "a root that nobody trusts", TestUsage.ClientOnly, TestIssuer.UntrustedRoot),
        ClientCertificate(UnsuitableCertificate, "for servers only", TestUsage.ServerOnly, TestIssuer.Root),
        new(ClientCertificateMissing, "server", "a client that has none")
        {
            Grants = "+certificate",
            Configure = options => options.Client.Certificate = null,
        },
        new(ClientCertificateMissing, "server", "a client whose certificate was taken away on its way")
        {
            Grants = "1=r+certificate",
            Attack = path => path.ToServer(1).Rewrite(HandshakeType.Certificate, _ => [0, 0, 0]),
        },
        new(ClientCertificateMissing, "server", "a client that cannot sign as the request wants")
        {
            Grants = "+certificate",
            Configure = options => options.Server.SignatureSchemes = [SignatureSchemes.RsaPssSha256],
        },
        new(MalformedCertificate, "server", "bytes that are no certificate of the client")
        {
            Grants = "+certificate",
            Attack = path => SendCertificate(path.ToServer(), new byte[100]),
        },
        new(RevokedCertificate, "client", "a server certificate that its issuer has revoked")
        {
            Configure = options =>
            {
                options.Server.Certificates = [RevocableCertificate.Revoked];
                options.Client.Trust = TestCertificates.Trust();
                options.Client.Trust.RevocationMode = X509RevocationMode.Online;
            },
        },

        new(UnsuitableCertificate, "client", "an RSA key under an ECDSA suite")
        {
            Configure = options => options.Server.Certificates = [TestCertificates.Get("server.example", TestKey.Rsa2048)],
            Attack = path => ChangeServerHello(path.ToClient(), hello => hello.Suites = [0xc0, 0x2b]),
        },
        new(UnsuitableCertificate, "client", "an RSA key of 1024 bits")
        {
            Attack = path => SendCertificate(path.ToClient(), TestCertificates.Leaf("server.example", TestKey.Rsa1024).RawData),
        },
        new(UnsuitableCertificate, "client", "a key on a curve that TLS 1.2 clients do not share")
        {
            Attack = path => SendCertificate(path.ToClient(), TestCertificates.Leaf("server.example", TestKey.EcdsaSecp256k1).RawData),
        },
        new(UnsuitableCertificate, "client", "a key usage that cannot be read")
        {
            Attack = path => SendCertificate(
                path.ToClient(), BreakKeyUsage(TestCertificates.Get("server.example", TestKey.Rsa2048).Leaf.RawData)),
        },
        new(UnsuitableCertificate, "client", "a key that may not sign")
        {
            Attack = path => SendCertificate(
                path.ToClient(), TestCertificates.Leaf("server.example", keyUsage: X509KeyUsageFlags.KeyAgreement).RawData),
        },

        .. BadChains(EmptyCertificateList, "no certificate"),
        .. BadChains(MalformedCertificate, "bytes that are no certificate", new byte[100]),
        .. BadChains(MalformedCertificate, "an empty certificate", new byte[][] { [] }),
        .. BadChains(LimitExceeded, "more than 16 certificates", [.. Enumerable.Repeat(new byte[] { 0x30 }, 17)]),
        .. BadChains(LimitExceeded, "more than 32 KB", new byte[33_000]),
        new(MalformedCertificate, "client", "a certificate in PEM form")
        {
            Attack = path => SendCertificate(
                path.ToClient(), System.Text.Encoding.ASCII.GetBytes(TestCertificates.Get("server.example").Leaf.ExportCertificatePem())),
        },
        new(MalformedCertificate, "client", "an intermediate that is none")
        {
            Attack = path => path.ToClient().Rewrite(HandshakeType.Certificate, _ =>
                Chain(TestCertificates.Get("server.example").Leaf.RawData, [1, 2, 3])),
        },

        new(CertificateRefused, "client", "a certificate that the application refuses")
        {
            Configure = options => options.Client.Trust = Refusing(CertificateParty.Server),
        },
        new(CertificateRefused, "server", "a middlebox that the server's application refuses")
        {
            Grants = "1=r",
            Configure = options => options.Server.Trust = Refusing(CertificateParty.Middlebox),
        },
        new(CertificateRefused, "middlebox 0", "a server that the middlebox's application refuses")
        {
            Grants = "1=r",
            Configure = options => options.Middleboxes[0].Trust = Refusing(CertificateParty.Server),
        },
        new(CertificateRefused, "client", "a validation callback that fails")
        {
            Configure = options =>
            {
                options.Client.Trust = TestCertificates.Trust();
                options.Client.Trust.ValidationCallback = _ => throw new InvalidOperationException("out of order");
            },
        },
    ];

    private static MisbehaviourCase[] ServerCertificates(Misbehaviour misbehaviour, string what, Func<TlmspCertificate> certificate) =>
    [
        new(misbehaviour, "client", $"a server certificate: {what}")
        {
            Configure = options => options.Server.Certificates = [certificate()],
        },
        new(misbehaviour, "middlebox 0", $"a server certificate: {what}")
        {
            Grants = "1=r",
            Configure = options => options.Server.Certificates = [certificate()],
        },
    ];

    /// <summary>Both neighbours of a middlebox judge its certificate; the other endpoint then gets the alert.</summary>
    private static MisbehaviourCase[] MiddleboxCertificates(
        Misbehaviour misbehaviour, string what, Func<string, TlmspCertificate> certificate) =>
    [
        new(misbehaviour, "server, client", $"a middlebox certificate: {what}")
        {
            Grants = "1=r",
            Configure = options => options.Middleboxes[0].Certificate = certificate("m0.example"),
        },
        new(misbehaviour, "server, middlebox 0", $"a middlebox certificate: {what}")
        {
            Grants = "1=r|1=r",
            Configure = options => options.Middleboxes[1].Certificate = certificate("m1.example"),
        },
    ];

    private static MisbehaviourCase ClientCertificate(Misbehaviour misbehaviour, string what, TestUsage usage, TestIssuer issuer) =>
        new(misbehaviour, "server", $"a client certificate: {what}")
        {
            Grants = "1=r+certificate",
            Configure = options => options.Client.Certificate = TestCertificates.Get("client.example", usage: usage, issuer: issuer),
        };

    /// <summary>A chain that cannot be read, from a server and from a middlebox.</summary>
    private static MisbehaviourCase[] BadChains(Misbehaviour misbehaviour, string what, params byte[][] chain) =>
    [
        new(misbehaviour, "client", $"{what} of the server") { Attack = path => SendCertificate(path.ToClient(), chain) },
        new(misbehaviour, "middlebox 0", $"{what} of the server")
        {
            Grants = "1=r",
            Attack = path => SendCertificate(path.ToClient(1), chain),
        },
        new(misbehaviour, "client", $"{what} of a middlebox")
        {
            Grants = "1=r",
            Attack = path => path.ToClient(0).Rewrite(HandshakeType.MiddleboxCertificate, body => [body[0], .. Chain(chain)]),
        },
        new(misbehaviour, "middlebox 1", $"{what} of a middlebox")
        {
            Grants = "1=r|1=r",
            Attack = path => path.ToServer(1).Rewrite(HandshakeType.MiddleboxCertificate, body => [body[0], .. Chain(chain)]),
        },
    ];

    private static void SendCertificate(InMemoryPipe pipe, params byte[][] chain) =>
        pipe.Rewrite(HandshakeType.Certificate, _ => Chain(chain));

    private static byte[] Chain(params byte[][] chain) =>
        CertificateMessage.Write(chain.Select(certificate => (ReadOnlyMemory<byte>)certificate))[HandshakeMessage.HeaderLength..];

    /// <summary>Says that 255 bits of the one byte of the key usage are unused.</summary>
    private static byte[] BreakKeyUsage(byte[] certificate)
    {
        byte[] changed = [.. certificate];
        int usage = changed.AsSpan().IndexOf<byte>([0x03, 0x02, 0x07, 0x80]);
        changed[usage + 2] = 0xff;
        return changed;
    }

    private static CertificateTrust Refusing(CertificateParty party)
    {
        CertificateTrust trust = TestCertificates.Trust();
        trust.ValidationCallback = context => context.Party != party;
        return trust;
    }
}
