using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>Key shares, their signatures, and the flights of middleboxes (handshake.md §3.2 to §3.5, §4).</summary>
public partial class MisbehaviourTests
{
    private const ushort X25519 = 0x001d;
    private const ushort P256 = 0x0017;

    private static MisbehaviourCase[] KeyExchange =>
    [
        ServerShare("the zero point", X25519, new byte[32]),
        ServerShare("a point of order 8", X25519,
            Convert.FromHexString("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")),
        ServerShare("a point that is too short", X25519, new byte[31]),
        ServerShare("a point off the curve", P256, [4, .. new byte[63], 1]),
        ServerShare("a compressed point", P256, [2, .. Forge.Point(KeyExchangeGroup.P256)[1..33]]),
        ClientShare("server", "", "the zero point", _ => new byte[32]),
        ClientShare("server", "", "an empty point", _ => []),
        ClientShare("middlebox 0", "1=r", "the zero point", _ => new byte[32]),
        MiddleboxShare("client", path => path.ToClient(0)),
        MiddleboxShare("server", path => path.ToServer(1)),
        new(BadKeyShare, "client", "explicit curve parameters")
        {
            Attack = path => path.ToClient().Rewrite(HandshakeType.ServerKeyExchange, body => [1, .. body[1..]]),
        },

        new(GroupMismatch, "server, client", "a middlebox that uses another group than the server")
        {
            Grants = "1=r",
            Attack = path => OnBothSides(path, HandshakeType.MiddleboxKeyExchange, _ => Forge.MiddleboxKeyExchange(
                path, 0, P256, Forge.Point(KeyExchangeGroup.P256), Forge.Point(KeyExchangeGroup.P256))),
        },

        new(NoCommonSignatureScheme, "client", "SHA-1 of the server")
        {
            Attack = path => path.ToClient().Rewrite(HandshakeType.ServerKeyExchange, _ => Forge.ServerKeyExchange(
                path, X25519, Forge.Point(KeyExchangeGroup.X25519), SignatureSchemes.EcdsaSha1)),
        },
        new(BadSignatureScheme, "client", "an RSA scheme for an ECDSA key")
        {
            Attack = path => path.ToClient().Rewrite(HandshakeType.ServerKeyExchange, body =>
                SetScheme(body, SignatureSchemes.RsaPssSha256)),
        },
        new(BadSignatureScheme, "middlebox 0", "a scheme that nobody knows")
        {
            Grants = "1=r",
            Attack = path => path.ToClient(1).Rewrite(HandshakeType.ServerKeyExchange, body => SetScheme(body, 0x0999)),
        },
        new(NoCommonSignatureScheme, "server, client", "SHA-1 of a middlebox, which the reference always uses")
        {
            Grants = "1=r",
            Attack = path => OnBothSides(path, HandshakeType.MiddleboxKeyExchange, _ => Forge.MiddleboxKeyExchange(
                path, 0, X25519, Forge.Point(KeyExchangeGroup.X25519), Forge.Point(KeyExchangeGroup.X25519), SignatureSchemes.EcdsaSha1)),
        },

        new(BadServerKeyExchangeSignature, "client", "another point under the old signature")
        {
            Attack = path => path.ToClient().Rewrite(HandshakeType.ServerKeyExchange, body => Patch(body, 10)),
        },
        new(BadServerKeyExchangeSignature, "middlebox 0", "another point under the old signature")
        {
            Grants = "1=r",
            Attack = path => path.ToClient(1).Rewrite(HandshakeType.ServerKeyExchange, body => Patch(body, 10)),
        },
        new(BadServerKeyExchangeSignature, "client", "a signature cut short")
        {
            Attack = path => path.ToClient().Rewrite(HandshakeType.ServerKeyExchange, body => [.. body[..38], 0, 1, body[40]]),
        },
        new(BadServerKeyExchangeSignature, "client", "the key exchange of another session of the same server")
        {
            Attack = path => path.ToClient().Rewrite(HandshakeType.ServerKeyExchange, _ =>
                OfAnotherSession(HandshakeType.ServerKeyExchange, "")),
        },
        new(BadCertificateVerify, "server", "a signature of the client with a flipped bit")
        {
            Grants = "+certificate",
            Attack = path => path.ToServer().Rewrite(HandshakeType.CertificateVerify, body => Patch(body, -1)),
        },
        new(BadCertificateVerify, "server", "a signature of the client in another session")
        {
            Grants = "+certificate",
            Attack = path => path.ToServer().Rewrite(HandshakeType.CertificateVerify, _ =>
                OfAnotherSession(HandshakeType.CertificateVerify, "+certificate", toServer: true)),
        },
        new(BadCertificateVerify, "server", "a hello changed on its way, found before Finished")
        {
            Grants = "1=r+certificate",
            Attack = path => ChangeClientHello(path.ToServer(0), hello => hello.Suites = [0xc0, 0x2b, 0, 0xff]),
        },
        new(NoCommonSignatureScheme, "server", "SHA-1 of the client")
        {
            Grants = "+certificate",
            Attack = path => path.ToServer().Rewrite(HandshakeType.CertificateVerify, body => [2, 3, .. body[2..]]),
        },
        new(BadMiddleboxKeyExchangeSignature, "client", "another point for the client")
        {
            Grants = "1=r",
            Attack = path => path.ToClient(0).Rewrite(HandshakeType.MiddleboxKeyExchange, body => Patch(body, 10)),
        },
        new(BadMiddleboxKeyExchangeSignature, "client", "another point for the server, told to the client")
        {
            Grants = "1=r",
            Attack = path => path.ToClient(0).Rewrite(HandshakeType.MiddleboxKeyExchange, body => Patch(body, -100)),
        },
        new(BadMiddleboxKeyExchangeSignature, "server", "another point for the server")
        {
            Grants = "1=r",
            Attack = path => path.ToServer(1).Rewrite(HandshakeType.MiddleboxKeyExchange, body => Patch(body, -100)),
        },
        new(BadMiddleboxKeyExchangeSignature, "server, client", "the key exchange of another session of the same middlebox")
        {
            Grants = "1=r",
            Attack = path => OnBothSides(path, HandshakeType.MiddleboxKeyExchange, body =>
                [body[0], .. OfAnotherSession(HandshakeType.MiddleboxKeyExchange, "1=r")[1..]]),
        },
        new(BadMiddleboxKeyExchangeSignature, "client", "another random in MiddleboxHello")
        {
            Grants = "1=r",
            Attack = path => path.ToClient(0).Rewrite(HandshakeType.MiddleboxHello, body => Patch(body, 60)),
        },

        .. WrongIds(HandshakeType.MiddleboxHello),
        .. WrongIds(HandshakeType.MiddleboxCertificate),
        .. WrongIds(HandshakeType.MiddleboxKeyExchange),
        .. WrongIds(HandshakeType.MiddleboxHelloDone),
        new(BadMiddleboxHello, "server, client", "a cipher suite in MiddleboxHello")
        {
            Grants = "1=r",
            Attack = path => OnBothSides(path, HandshakeType.MiddleboxHello, body => [.. body[..68], 0, 2, 0xc0, 0x2b, 0]),
        },
        new(BadMiddleboxHello, "server, middlebox 0", "a byte behind MiddleboxHello")
        {
            Grants = "1=r|1=r",
            Attack = path =>
            {
                path.ToServer(2).Rewrite(HandshakeType.MiddleboxHello, body => [.. body, 0]);
                path.ToClient(1).Rewrite(HandshakeType.MiddleboxHello, body => [.. body, 0]);
            },
        },
    ];

    private static MisbehaviourCase ServerShare(string what, ushort group, byte[] point) =>
        new(BadKeyShare, "client", $"{what}, signed by the server")
        {
            Attack = path => path.ToClient().Rewrite(HandshakeType.ServerKeyExchange, _ => Forge.ServerKeyExchange(path, group, point)),
        };

    private static MisbehaviourCase ClientShare(string reporter, string grants, string what, Func<byte[], byte[]> change) =>
        new(BadKeyShare, reporter, $"{what} of the client")
        {
            Grants = grants,
            Attack = path => path.ToServer(0).Rewrite(HandshakeType.ClientKeyExchange, body =>
            {
                byte[] point = change(body[1..]);
                return [(byte)point.Length, .. point];
            }),
        };

    private static MisbehaviourCase MiddleboxShare(string reporter, Func<InMemoryPath, InMemoryPipe> pipe) =>
        new(BadKeyShare, reporter, "the zero point, signed by the middlebox")
        {
            Grants = "1=r",
            Attack = path => pipe(path).Rewrite(
                HandshakeType.MiddleboxKeyExchange, _ => Forge.MiddleboxKeyExchange(path, 0, X25519, new byte[32], new byte[32])),
        };

    /// <summary>A message of the flight with an id that is not on the path, and with the id of the other middlebox.</summary>
    private static MisbehaviourCase[] WrongIds(HandshakeType type) =>
    [
        new(WrongMiddleboxId, "server, client", $"{type} of nobody on the path")
        {
            Grants = "1=r",
            Attack = path => OnBothSides(path, type, body => [(byte)(body[0] ^ 8), .. body[1..]]),
        },
        new(WrongMiddleboxId, "middlebox 0", $"{type} of middlebox 1 under the id of middlebox 0")
        {
            Grants = "1=r|1=r",
            Attack = path => path.ToClient(1).Rewrite(type, body => [path.MiddleboxHandshakes[0].Self, .. body[1..]]),
        },
        new(WrongMiddleboxId, "middlebox 1", $"{type} of middlebox 0 under the id of middlebox 1")
        {
            Grants = "1=r|1=r",
            Attack = path => path.ToServer(1).Rewrite(type, body => [path.MiddleboxHandshakes[1].Self, .. body[1..]]),
        },
    ];

    /// <summary>Changes a message of a single middlebox on its way to both endpoints.</summary>
    private static void OnBothSides(InMemoryPath path, HandshakeType type, Func<byte[], byte[]> change)
    {
        path.ToClient(0).Rewrite(type, change);
        path.ToServer(1).Rewrite(type, change);
    }

    /// <summary>The body of a message from a second session of the same parties, on its first hop.</summary>
    private static byte[] OfAnotherSession(HandshakeType type, string grants, bool toServer = false)
    {
        byte[]? body = null;
        using InMemoryPath other = new PathOptions(grants, audited: false).Make();
        (toServer ? other.ToServer(0) : other.ToClient(0)).Rewrite(type, own => body = own);
        other.Connect();
        return body!;
    }

    private static byte[] Patch(byte[] body, int at)
    {
        byte[] changed = [.. body];
        changed[at < 0 ? body.Length + at : at] ^= 1;
        return changed;
    }

    /// <summary>The scheme behind an X25519 share.</summary>
    private static byte[] SetScheme(byte[] body, ushort scheme) => [.. body[..36], (byte)(scheme >> 8), (byte)scheme, .. body[38..]];
}
