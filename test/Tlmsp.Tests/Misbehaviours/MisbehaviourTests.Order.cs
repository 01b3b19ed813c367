using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>Messages left out, repeated, too early or out of place (handshake.md §7).</summary>
public partial class MisbehaviourTests
{
    private static MisbehaviourCase[] Order =>
    [
        .. ClientOrder,
        .. ServerOrder,
        .. MiddleboxOrder,

        new(DataBeforeFinished, "server", "data in place of the key exchange")
        {
            Attack = path => path.ToServer().Replace(HandshakeType.ClientKeyExchange, record => [Data(record)]),
        },
        new(DataBeforeFinished, "server", "data between ChangeCipherSpec and Finished")
        {
            Attack = path => path.ToServer().ReplaceProtected(0, record => [Data(record), record.Bytes]),
        },
        new(DataBeforeFinished, "client", "data in place of the server's Finished")
        {
            Attack = path => path.ToClient().ReplaceProtected(0, record => [Data(record)]),
        },
        new(DataBeforeFinished, "client", "data of the server, its last MiddleboxFinished lost")
        {
            Grants = "none",
            Attack = path => path.ToClient(0).ReplaceProtected(1, _ => []),
            Then = path => path.ServerSends(1, "forged"u8),
        },
        new(DataBeforeFinished, "middlebox 0", "data in place of the key exchange")
        {
            Grants = "1=r",
            Attack = path => path.ToServer(0).Replace(HandshakeType.ClientKeyExchange, record => [Data(record)]),
        },

        new(Renegotiation, "server", "a new ClientHello on an established session")
        {
            Then = path => Protected(path.ClientHandshake.Channel, HandshakeType.ClientHello, path.ToServer(), path),
        },
        new(Renegotiation, "client", "HelloRequest on an established session")
        {
            Then = path => Protected(path.ServerHandshake.Channel, HandshakeType.HelloRequest, path.ToClient(), path),
        },
        new(Renegotiation, "client", "Finished a second time, which the reference answers")
        {
            Then = path => Protected(path.ServerHandshake.Channel, HandshakeType.Finished, path.ToClient(), path),
        },
        new(Renegotiation, "middlebox 0", "a new ClientHello through a middlebox")
        {
            Grants = "none",
            Then = path => Protected(path.ClientHandshake.Channel, HandshakeType.ClientHello, path.ToServer(0), path),
        },
        new(Renegotiation, "server", "ChangeCipherSpec on an established session")
        {
            Then = path =>
            {
                path.ClientHandshake.Channel.WriteChangeCipherSpec(path.ToServer().Writer);
                path.ToServer().Flush();
                path.Pump();
            },
        },
    ];

    private static MisbehaviourCase[] ClientOrder =>
    [
        Unexpected("client", "no Certificate", path => Drop(path.ToClient(), HandshakeType.Certificate)),
        Unexpected("client", "no ServerKeyExchange", path => Drop(path.ToClient(), HandshakeType.ServerKeyExchange)),
        Unexpected("client", "ServerHello twice", path => path.ToClient().Replace(
            HandshakeType.Certificate, record => [record.With(ServerHelloOf(path)), record.Bytes])),
        Unexpected("client", "Certificate twice", path => Repeat(path.ToClient(), HandshakeType.Certificate)),
        Unexpected("client", "ServerKeyExchange twice, which the reference takes", path =>
            Repeat(path.ToClient(), HandshakeType.ServerKeyExchange)),
        Unexpected("client", "ServerHelloDone twice", path => Repeat(path.ToClient(), HandshakeType.ServerHelloDone)),
        Unexpected("client", "two requests for a client certificate", path => path.ToClient().Replace(
            HandshakeType.ServerHelloDone, record => [CertificateRequest(record), CertificateRequest(record), record.Bytes])),
        Unexpected("client", "a certificate status that was not asked for", path => path.ToClient().Replace(
            HandshakeType.ServerKeyExchange, record => [Message(record, HandshakeType.CertificateStatus, [1, 0, 0, 0]), record.Bytes])),
        Unexpected("client", "a session ticket", path => path.ToClient().Replace(
            RecordType.ChangeCipherSpec, record => [Message(record, HandshakeType.NewSessionTicket, [0, 0, 0, 0, 0, 0]), record.Bytes])),
        Unexpected("client", "HelloRequest behind ServerHello", path => path.ToClient().Replace(
            HandshakeType.Certificate, record => [Message(record, HandshakeType.HelloRequest, []), record.Bytes])),
        Unexpected("client", "a message of an unknown type", path => path.ToClient().Replace(
            HandshakeType.ServerHelloDone, record => [Message(record, (HandshakeType)99, [1, 2]), record.Bytes])),
        Unexpected("client", "ChangeCipherSpec before the server's KeyMaterial", path => path.ToClient().Replace(
            HandshakeType.MiddleboxKeyMaterial, record => [ChangeCipherSpec(record), record.Bytes])),
        Unexpected("client", "ChangeCipherSpec twice", path => Repeat(path.ToClient(), RecordType.ChangeCipherSpec)),
        Unexpected("client", "a middlebox without its hello", path => Drop(path.ToClient(0), HandshakeType.MiddleboxHello), "1=r"),
        Unexpected("client", "a middlebox without its certificate", path =>
            Drop(path.ToClient(0), HandshakeType.MiddleboxCertificate), "1=r"),
        Unexpected("client", "a middlebox without its key exchange", path =>
            Drop(path.ToClient(0), HandshakeType.MiddleboxKeyExchange), "1=r"),
        Unexpected("client", "a flight that does not end", path => path.ToClient(0).Replace(
            HandshakeType.MiddleboxHelloDone, record => [Message(record, HandshakeType.MiddleboxHello, new byte[71])]), "1=r"),
        Unexpected("client", "no KeyConfirmation", path => Drop(path.ToClient(0), HandshakeType.MiddleboxKeyConfirmation), "1=r"),
    ];

    private static MisbehaviourCase[] ServerOrder =>
    [
        Unexpected("server", "a first message other than ClientHello", path => path.ToServer().Replace(
            HandshakeType.ClientHello, record => [Message(record, HandshakeType.ClientKeyExchange, [1, 9])])),
        Unexpected("server", "ClientHello twice", path => path.ToServer().Replace(
            HandshakeType.ClientKeyExchange, record => [Message(record, HandshakeType.ClientHello, new byte[50]), record.Bytes])),
        Unexpected("server", "no ClientKeyExchange", path => Drop(path.ToServer(), HandshakeType.ClientKeyExchange)),
        Unexpected("server", "a client certificate that was not asked for", path => path.ToServer().Replace(
            HandshakeType.ClientKeyExchange, record => [Message(record, HandshakeType.Certificate, [0, 0, 0]), record.Bytes])),
        Unexpected("server", "a client certificate that somebody else asked for", path => path.ToClient().Replace(
            HandshakeType.ServerHelloDone, record => [CertificateRequest(record), record.Bytes])),
        Unexpected("server", "no client certificate though one was asked for", path =>
            Drop(path.ToServer(), HandshakeType.Certificate), "+certificate"),
        Unexpected("server", "no CertificateVerify", path => Drop(path.ToServer(), HandshakeType.CertificateVerify), "+certificate"),
        Unexpected("server", "CertificateVerify twice", path => Repeat(path.ToServer(), HandshakeType.CertificateVerify), "+certificate"),
        Unexpected("middlebox 0", "CertificateVerify without a certificate", path => path.ToServer(0).Replace(
            HandshakeType.MiddleboxKeyMaterial, record => [Message(record, HandshakeType.CertificateVerify, [4, 3, 0, 0])]), "1=r"),
        Unexpected("server", "ChangeCipherSpec before any key", path => path.ToServer().Replace(
            HandshakeType.ClientKeyExchange, record => [ChangeCipherSpec(record), record.Bytes])),
        Unexpected("server", "ChangeCipherSpec in place of KeyMaterial", path => path.ToServer().Replace(
            HandshakeType.MiddleboxKeyMaterial, record => [ChangeCipherSpec(record)])),
        Unexpected("server", "no MiddleboxHelloDone", path => Drop(path.ToServer(1), HandshakeType.MiddleboxHelloDone), "1=r"),
        Unexpected("server", "no KeyConfirmation", path => Drop(path.ToServer(1), HandshakeType.MiddleboxKeyConfirmation), "1=r"),
        Unexpected("server", "the client's key exchange in place of a middlebox's flight", path =>
        {
            foreach (HandshakeType type in (HandshakeType[])[HandshakeType.MiddleboxHello, HandshakeType.MiddleboxCertificate,
                HandshakeType.MiddleboxKeyExchange, HandshakeType.MiddleboxHelloDone])
            {
                Drop(path.ToServer(1), type);
            }
        }, "1=r"),
        Unexpected("server", "another message in place of Finished", path => path.ToServer().ReplaceProtected(
            0, record => [Forge.Reseal(path, toServer: true, record, 0, message => [51, .. message[1..]])])),
        Unexpected("server", "no MiddleboxFinished before the next message", path => path.ToServer(1).ReplaceProtected(
            1, record => [Forge.Reseal(path, toServer: true, record, 1, message => [20, .. message[1..]])]), "1=r"),
        new(UnexpectedHandshakeMessage, "server", "MiddleboxFinished before Finished")
        {
            Grants = "1=r",
            Attack = path => SwapProtected(path, path.ToServer(1), toServer: true),
        },
    ];

    private static MisbehaviourCase[] MiddleboxOrder =>
    [
        Unexpected("middlebox 0", "a first message other than ClientHello", path => path.ToServer(0).Replace(
            HandshakeType.ClientHello, record => [Message(record, HandshakeType.ClientKeyExchange, [1, 9])]), "1=r"),
        Unexpected("middlebox 0", "ServerHello before ClientHello", path =>
        {
            path.ToClient(1).Deliver([22, 3, 3, 0, 4, 2, 0, 0, 0]);
            path.Pump();
        }, "1=r"),
        Unexpected("middlebox 0", "no Certificate", path => Drop(path.ToClient(1), HandshakeType.Certificate), "1=r"),
        Unexpected("middlebox 0", "no ServerKeyExchange", path => Drop(path.ToClient(1), HandshakeType.ServerKeyExchange), "1=r"),
        Unexpected("middlebox 0", "a second request for a client certificate", path => path.ToClient(1).Replace(
            HandshakeType.ServerHelloDone, record =>
            {
                byte[] request = CertificateRequest(record);
                return [request, request];
            }), "1=r"),
        Unexpected("middlebox 0", "the client's key exchange before the middlebox's flight", path => path.ToServer(0).Replace(
            HandshakeType.ClientHello, record =>
                [record.Bytes, Message(record with { Bytes = record.Flip(2, 2) }, HandshakeType.ClientKeyExchange, [1, 9])]), "1=r"),
        Unexpected("middlebox 1", "a flight from the client's side before its turn", path => path.ToServer(1).Replace(
            HandshakeType.ClientHello, record => [record.Bytes, Message(record, HandshakeType.MiddleboxHello,
                [path.MiddleboxHandshakes[0].Self, 3, 3, .. new byte[68]])]), "1=r|1=r"),
        Unexpected("middlebox 0", "no flight of the middlebox behind", path =>
            Drop(path.ToClient(1), HandshakeType.MiddleboxHello), "1=r|1=r"),
        Unexpected("middlebox 1", "no KeyConfirmation of the middlebox before", path => path.ToServer(1).Replace(
            HandshakeType.MiddleboxKeyConfirmation, _ => []), "1=r|1=r"),
        Unexpected("middlebox 0", "ChangeCipherSpec in place of KeyMaterial", path => path.ToServer(0).Replace(
            HandshakeType.MiddleboxKeyMaterial, record => [ChangeCipherSpec(record)]), "1=r"),
        Unexpected("middlebox 0", "the client's ChangeCipherSpec before the server's KeyMaterial", path =>
            RecordTap.On(path.ToServer(0)).Replace(
                record => record.Message == HandshakeType.MiddleboxKeyMaterial && record.Id == TlmspDialect.Server,
                record => [record.Bytes, ChangeCipherSpec(record)]), "1=r"),
        Unexpected("middlebox 0", "the server's ChangeCipherSpec before the client's Finished", path =>
            RecordTap.On(path.ToClient(1)).Replace(
                record => record.Message == HandshakeType.MiddleboxKeyMaterial && record.Id == TlmspDialect.Client,
                record => [record.Bytes, ChangeCipherSpec(record)]), "1=r"),
        Unexpected("middlebox 0", "KeyMaterial of the server before that of the client", path => path.ToClient(1).Replace(
            HandshakeType.ServerHelloDone, record =>
            [
                record.Bytes,
                Message(record, HandshakeType.MiddleboxKeyMaterial, [path.MiddleboxHandshakes[0].Self, .. new byte[80]]),
            ]), "1=r"),
        new(UnexpectedHandshakeMessage, "middlebox 0", "MiddleboxFinished before the server's Finished, which the reference takes")
        {
            Grants = "1=r",
            Attack = path => SwapProtected(path, path.ToClient(1), toServer: false),
        },
    ];

    private static MisbehaviourCase Unexpected(string reporter, string what, Action<InMemoryPath> attack, string grants = "") =>
        new(UnexpectedHandshakeMessage, reporter, what) { Grants = grants, Attack = attack };

    private static void Drop(InMemoryPipe pipe, HandshakeType type) => pipe.Replace(type, _ => []);

    private static void Repeat(InMemoryPipe pipe, HandshakeType type) => pipe.Replace(type, record => [record.Bytes, record.Bytes]);

    private static void Repeat(InMemoryPipe pipe, RecordType type) => pipe.Replace(type, record => [record.Bytes, record.Bytes]);

    private static byte[] Message(WireRecord record, HandshakeType type, byte[] body) =>
        [22, .. record.With([(byte)type, 0, (byte)(body.Length >> 8), (byte)body.Length, .. body])[1..]];

    private static byte[] CertificateRequest(WireRecord record) =>
        Message(record, HandshakeType.CertificateRequest, [1, 64, 0, 2, 4, 3, 0, 0]);

    private static byte[] ChangeCipherSpec(WireRecord record) => [20, .. record.With([1])[1..]];

    private static byte[] Data(WireRecord record) => [23, .. record.With(new byte[120])[1..]];

    private static byte[] ServerHelloOf(InMemoryPath path) =>
        new WireRecord([.. WireRecord.Split(path.ToClient().Writes[0]).First()], HasSessionId: false, IsProtected: false).Body;

    /// <summary>Finished and the first MiddleboxFinished change places, each with the number of its new place.</summary>
    private static void SwapProtected(InMemoryPath path, InMemoryPipe pipe, bool toServer)
    {
        WireRecord? finished = null;
        pipe.ReplaceProtected(0, record =>
        {
            finished = record;
            return [];
        });
        pipe.ReplaceProtected(0, record =>
        [
            Forge.Reseal(path, toServer, record, 1, message => message, newSequence: 0),
            Forge.Reseal(path, toServer, finished!, 0, message => message, newSequence: 1),
        ]);
    }

    private static void Protected(HandshakeChannel sender, HandshakeType type, InMemoryPipe pipe, InMemoryPath path)
    {
        sender.WriteMessage([(byte)type, 0, 0, 0], pipe.Writer);
        pipe.Flush();
        path.Pump();
    }
}
