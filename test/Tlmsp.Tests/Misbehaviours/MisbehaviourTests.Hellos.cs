using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;
using Tlmsp.Tests.Messages;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>What ClientHello and ServerHello may not hold (handshake.md §2.7, §9).</summary>
public partial class MisbehaviourTests
{
    private static MisbehaviourCase[] Hellos =>
    [
        .. ClientHellos(BadHelloVersion, "TLS 1.1", hello => hello.Version = 0x0302),
        .. ServerHellos(BadHelloVersion, "TLS 1.1", hello => hello.Version = 0x0302),
        .. ServerHellos(BadHelloVersion, "TLS 1.3", hello => hello.Version = 0x0304),
        .. ClientHellos(BadCompression, "no null compression", hello => hello.Compression = [1]),
        .. ServerHellos(BadCompression, "DEFLATE", hello => hello.Compression = [1]),

        new(NoCommonCipherSuite, "server", "suites that only the other kind of certificate serves")
        {
            Configure = options => options.Client.CipherSuites = [TlmspCipherSuite.EcdheRsaAes128GcmSha256],
        },
        new(NoCommonCipherSuite, "server", "no suite but the renegotiation signal")
        {
            Attack = path => ChangeClientHello(path.ToServer(), hello => hello.Suites = [0, 0xff]),
        },
        new(NoCommonGroup, "server", "groups that the server does not have")
        {
            Configure = options =>
            {
                options.Client.Groups = [KeyExchangeGroup.P384];
                options.Server.Groups = [KeyExchangeGroup.P256];
            },
        },
        new(NoCommonGroup, "middlebox 0", "a group that the middlebox does not have")
        {
            Grants = "1=r",
            Configure = options =>
            {
                options.Client.Groups = [KeyExchangeGroup.P384];
                options.Middleboxes[0].Groups = [KeyExchangeGroup.P256];
            },
        },
        new(NoCommonSignatureScheme, "server", "RSA schemes for an ECDSA server")
        {
            Configure = options => options.Client.SignatureSchemes = [SignatureSchemes.RsaPssSha256],
        },
        new(NoCommonSignatureScheme, "middlebox 0", "RSA schemes for an ECDSA middlebox")
        {
            Grants = "1=r",
            Configure = options =>
            {
                options.Client.SignatureSchemes = [SignatureSchemes.RsaPssSha256];
                options.Server.Certificates = [TestCertificates.Get("server.example", TestKey.Rsa2048)];
            },
        },
        .. ServerHellos(SuiteNotOffered, "a suite of TLS 1.3", hello => hello.Suites = [0x13, 0x01]),
        .. ServerHellos(SuiteNotOffered, "the null suite", hello => hello.Suites = [0, 0]),
        new(SuiteNotOffered, "client", "a good suite that this client does not offer")
        {
            Configure = options => options.Client.CipherSuites = [TlmspCipherSuite.EcdheEcdsaAes128GcmSha256],
            Attack = path => ChangeServerHello(path.ToClient(), hello => hello.Suites = [0xc0, 0x2f]),
        },
        new(GroupNotOffered, "client", "a group that this client does not offer")
        {
            Configure = options => options.Client.Groups = [KeyExchangeGroup.P256],
            Attack = path => path.ToClient().Rewrite(HandshakeType.ServerKeyExchange, _ =>
                Forge.ServerKeyExchange(path, KeyExchangeGroup.P384.Id, Forge.Point(KeyExchangeGroup.P384))),
        },
        new(GroupNotOffered, "client", "a group that nobody has")
        {
            Attack = path => path.ToClient().Rewrite(HandshakeType.ServerKeyExchange, _ =>
                Forge.ServerKeyExchange(path, 0x001e, new byte[56])),
        },

        .. ClientHellos(PlainTls, "no tlmsp extension", hello => hello.Remove(TlmspDialect.ExtensionTlmsp)),
        .. ClientHellos(PlainTls, "no extensions at all", hello => hello.OmitExtensions = true),
        .. ClientHellos(FallbackRefused, "no tlmsp extension, and the ALPN id of a fallback", hello =>
        {
            hello.Remove(TlmspDialect.ExtensionTlmsp);
            hello.Extensions.Add((TlmspDialect.ExtensionAlpn, [0, 15, 14, .. "tlmsp-fallback"u8]));
        }),
        .. ServerHellos(MissingTlmspExtension, "no tlmsp extension", hello => hello.Remove(TlmspDialect.ExtensionTlmsp)),
        .. ClientHellos(MissingContextList, "no context list", hello => hello.Remove(TlmspDialect.ExtensionContextList)),
        .. ClientHellos(DuplicateExtension, "an extension twice", hello => hello.Extensions.Add(hello.Extensions[^1])),
        .. ServerHellos(DuplicateExtension, "an extension twice", hello => hello.Extensions.Add(hello.Extensions[^1])),
        .. ClientHellos(ForbiddenExtension, "ALPN", hello => hello.Extensions.Add((TlmspDialect.ExtensionAlpn, []))),
        .. ClientHellos(ForbiddenExtension, "NPN", hello => hello.Extensions.Add((TlmspDialect.ExtensionNpn, []))),
        .. ClientHellos(ForbiddenExtension, "extended_master_secret", hello =>
            hello.Extensions.Add((TlmspDialect.ExtensionExtendedMasterSecret, []))),
        .. ServerHellos(ForbiddenExtension, "a context list", hello => hello.Extensions.Add((TlmspDialect.ExtensionContextList, [0, 0]))),
        new(ForbiddenExtension, "client", "ALPN of the server")
        {
            Attack = path => ChangeServerHello(path.ToClient(), hello => hello.Extensions.Add((TlmspDialect.ExtensionAlpn, [0, 0]))),
        },
        new(UnofferedExtension, "client", "a stapled status that was not asked for")
        {
            Attack = path => ChangeServerHello(path.ToClient(), hello => hello.Extensions.Add((5, []))),
        },
        new(UnofferedExtension, "client", "a session ticket")
        {
            Attack = path => ChangeServerHello(path.ToClient(), hello => hello.Extensions.Add((35, []))),
        },
        .. ClientHellos(Renegotiation, "verify_data of an earlier handshake", hello =>
            hello.Extensions.Add((TlmspDialect.ExtensionRenegotiationInfo, [12, .. new byte[12]]))),
        .. ServerHellos(Renegotiation, "verify_data of an earlier handshake", hello =>
            hello.Replace(TlmspDialect.ExtensionRenegotiationInfo, [24, .. new byte[24]])),

        new(ContextsRefused, "server", "contexts that the server has no use for")
        {
            Configure = options => options.Server.ContextPolicy = offer => $"{offer.Contexts.Count} contexts",
        },
        new(ContextsRefused, "server", "the same through a middlebox")
        {
            Grants = "1=r",
            Configure = options => options.Server.ContextPolicy = offer => $"{offer.Contexts.Count} contexts",
        },
        .. ClientHellos(BadContextDescription, "context 0", hello => hello.Replace(TlmspDialect.ExtensionContextList, [0, 4, 0, 0, 0, 0])),
        .. ClientHellos(BadContextDescription, "origin verification", hello =>
            hello.Replace(TlmspDialect.ExtensionContextList, [0, 4, 1, 0, 1, 0])),
        .. ClientHellos(NotCanonical, "contexts in descending order", hello =>
            hello.Replace(TlmspDialect.ExtensionContextList, [0, 8, 2, 0, 0, 0, 1, 0, 0, 0])),
        .. ClientHellos(LimitExceeded, "no contexts", hello => hello.Replace(TlmspDialect.ExtensionContextList, [0, 0])),
    ];

    /// <summary>A fault of ClientHello that both a server and a middlebox must find.</summary>
    private static MisbehaviourCase[] ClientHellos(Misbehaviour misbehaviour, string what, Action<HelloParts> change) =>
    [
        new(misbehaviour, "server", $"{what} in ClientHello") { Attack = path => ChangeClientHello(path.ToServer(), change) },
        new(misbehaviour, "middlebox 0", $"{what} in ClientHello")
        {
            Grants = "1=r",
            Attack = path => ChangeClientHello(path.ToServer(0), change),
        },
    ];

    /// <summary>A fault of ServerHello that both a client and a middlebox must find.</summary>
    private static MisbehaviourCase[] ServerHellos(Misbehaviour misbehaviour, string what, Action<HelloParts> change) =>
    [
        new(misbehaviour, "client", $"{what} in ServerHello") { Attack = path => ChangeServerHello(path.ToClient(), change) },
        new(misbehaviour, "middlebox 0", $"{what} in ServerHello")
        {
            Grants = "1=r",
            Attack = path => ChangeServerHello(path.ToClient(1), change),
        },
    ];

    private static void ChangeClientHello(InMemoryPipe pipe, Action<HelloParts> change) => pipe.Replace(HandshakeType.ClientHello, record =>
    {
        var parts = new HelloParts(ClientHello.Read(record.MessageBody));
        change(parts);
        return [record.With(parts.ToMessage())];
    });

    private static void ChangeServerHello(InMemoryPipe pipe, Action<HelloParts> change) => pipe.Replace(HandshakeType.ServerHello, record =>
    {
        var parts = new HelloParts(ServerHello.Read(record.MessageBody));
        change(parts);
        return [record.With(parts.ToMessage())];
    });
}
