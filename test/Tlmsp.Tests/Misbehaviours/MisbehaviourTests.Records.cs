using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>Records (records-keys.md §1).</summary>
public partial class MisbehaviourTests
{
    private static readonly byte[] s_helloRequest = [22, 3, 3, 0, 4, 0, 0, 0, 0];

    private static MisbehaviourCase[] Records =>
    [
        new(UnknownRecordType, "server", "a heartbeat in the handshake")
        {
            Attack = path => path.ToServer().Replace(HandshakeType.ClientKeyExchange, record => [[24, .. record.Bytes[1..]]]),
        },
        new(UnknownRecordType, "server", "another protocol")
        {
            Attack = path => path.ToServer().Replace(HandshakeType.ClientHello, _ => ["GET / HTTP/1.1\r\n\r\n"u8.ToArray()]),
        },
        new(UnknownRecordType, "client", "type 25 in the handshake")
        {
            Attack = path => path.ToClient().Replace(HandshakeType.ServerHelloDone, record => [[25, .. record.Bytes[1..]]]),
        },
        new(UnknownRecordType, "middlebox 0", "type 19 in the handshake")
        {
            Grants = "1=r",
            Attack = path => path.ToClient(1).Replace(HandshakeType.Certificate, record => [[19, .. record.Bytes[1..]]]),
        },
        new(UnknownRecordType, "server", "a heartbeat among the data") { Then = path => SendData(path, record => record.Flip(0, 15)) },
        new(UnknownRecordType, "middlebox 0", "a heartbeat among the data")
        {
            Grants = "none",
            Then = path => SendData(path, record => record.Flip(0, 15)),
        },

        new(BadRecordVersion, "server", "SSL 2 in the first record")
        {
            Attack = path => path.ToServer().Replace(HandshakeType.ClientHello, record => [record.Flip(1)]),
        },
        new(BadRecordVersion, "server", "TLS 1.1 after the hello")
        {
            Attack = path => path.ToServer().Replace(HandshakeType.ClientKeyExchange, record => [record.Flip(2)]),
        },
        new(BadRecordVersion, "client", "TLS 1.3 after the hello")
        {
            Attack = path => path.ToClient().Replace(HandshakeType.Certificate, record => [record.Flip(2, 7)]),
        },
        new(BadRecordVersion, "middlebox 0", "TLS 1.1 from the server")
        {
            Grants = "1=r",
            Attack = path => path.ToClient(1).Replace(HandshakeType.ServerHello, record => [record.Flip(2)]),
        },
        new(BadRecordVersion, "client", "TLS 1.1 among the data") { Then = path => ServeData(path, record => record.Flip(2)) },

        new(RecordTooShort, "server", "no room for the session id")
        {
            Attack = path => path.ToServer().Replace(HandshakeType.ClientKeyExchange, _ => [[22, 3, 3, 0, 3, 1, 2, 3]]),
        },
        new(RecordTooShort, "client", "a plain alert of somebody on the path, behind the hellos")
        {
            Attack = path => path.ToClient().Replace(HandshakeType.Certificate, _ => [[21, 3, 3, 0, 2, 2, 40]]),
        },
        new(RecordTooShort, "server", "a plain alert of somebody on the path, behind the client's key exchange")
        {
            Attack = path => path.ToServer().Replace(RecordType.ChangeCipherSpec, _ => [[21, 3, 3, 0, 2, 2, 40]]),
        },
        new(RecordTooShort, "middlebox 0", "no room for the session id among the data")
        {
            Grants = "none",
            Then = path => SendData(path, record => [.. record.Bytes[..3], 0, 0]),
        },

        new(WrongSessionId, "server", "a flipped bit in the handshake")
        {
            Attack = path => path.ToServer().Replace(HandshakeType.ClientKeyExchange, record => [record.Flip(8)]),
        },
        new(WrongSessionId, "client", "the first record with a session id lacks it")
        {
            Attack = path => path.ToClient().Replace(HandshakeType.Certificate, record =>
                [[.. (record with { HasSessionId = false }).With(record.Body)]]),
        },
        new(WrongSessionId, "middlebox 0", "a flipped bit in the handshake")
        {
            Grants = "1=r",
            Attack = path => path.ToServer(0).Replace(HandshakeType.ClientKeyExchange, record => [record.Flip(5, 128)]),
        },
        new(WrongSessionId, "server", "a record of another session")
        {
            Then = path =>
            {
                using InMemoryPath other = new PathOptions("", audited: false).Make().Connect();
                other.ClientSends(1, "forged"u8);
                path.ToServer().Deliver(other.ToServer().Writes[^1]);
                path.Pump();
            },
        },

        new(EmptyRecord, "server", "in place of the hello")
        {
            Attack = path => path.ToServer().Replace(HandshakeType.ClientHello, record => [[22, 3, 1, 0, 0]]),
        },
        new(EmptyRecord, "client", "a handshake record with nothing but a session id")
        {
            Attack = path => path.ToClient().Replace(HandshakeType.ServerHelloDone, record => [record.With([])]),
        },
        new(EmptyRecord, "middlebox 0", "an empty alert") { Grants = "1=r", Attack = path =>
            path.ToServer(0).Replace(HandshakeType.ClientKeyExchange, record => [[21, .. record.With([])[1..]]]) },
        new(EmptyRecord, "client", "no container among the data") { Then = path => ServeData(path, record => record.With([])) },

        new(BadRecordTag, "server", "a flipped bit in Finished")
        {
            Attack = path => path.ToServer().ReplaceProtected(0, record => [record.FlipBody(20)]),
        },
        new(BadRecordTag, "client", "a flipped bit in the nonce of Finished")
        {
            Attack = path => path.ToClient().ReplaceProtected(0, record => [record.FlipBody(3)]),
        },
        new(BadRecordTag, "middlebox 0", "a flipped bit in the tag of MiddleboxFinished")
        {
            Grants = "1=r",
            Attack = path => path.ToServer(0).ReplaceProtected(1, record => [record.FlipBody(-1)]),
        },
        new(BadRecordTag, "server", "shorter than its protection")
        {
            Attack = path => path.ToServer().ReplaceProtected(0, record => [record.With(record.Body[..27])]),
        },
        new(BadRecordTag, "client", "Finished in the clear, which the reference would take")
        {
            Attack = path => path.ToClient().ReplaceProtected(0, record => [record.With([0xfe, .. new byte[60]])]),
        },
        new(BadRecordTag, "server", "MiddleboxFinished twice")
        {
            Grants = "1=r|2=r",
            Attack = path => path.ToServer(2).ReplaceProtected(1, record => [record.Bytes, record.Bytes]),
        },

        new(UnknownRecordAuthor, "server", "an entity that is not on the path")
        {
            Attack = path => path.ToServer().ReplaceProtected(0, record => [record.FlipBody(0, 0x60)]),
        },
        new(UnknownRecordAuthor, "server", "the client itself, behind a middlebox")
        {
            Grants = "1=rw,2=rw",
            Attack = path => path.ToServer(1).ReplaceProtected(0, record => [record.With([TlmspDialect.Client, .. record.Body[1..]])]),
        },
        new(UnknownRecordAuthor, "middlebox 0", "the middlebox's own id")
        {
            Grants = "1=r",
            Attack = path => path.ToClient(1).ReplaceProtected(0, record =>
                [record.With([path.MiddleboxHandshakes[0].Self, .. record.Body[1..]])]),
        },

        new(TooManyEmptyMessages, "client", "HelloRequests without end")
        {
            Attack = path => path.ToClient().Replace(HandshakeType.ServerHello, record =>
                [.. Enumerable.Repeat(s_helloRequest, 5), record.Bytes]),
        },
    ];

    /// <summary>The client sends something in context 1, and somebody on the first hop changes its record.</summary>
    private static void SendData(InMemoryPath path, Func<WireRecord, byte[]> change)
    {
        path.ToServer().Replace(RecordType.ApplicationData, record => [change(record)]);
        path.ClientSends(1, "forged"u8);
    }

    /// <summary>The server sends something in context 1, and somebody on the last hop changes its record.</summary>
    private static void ServeData(InMemoryPath path, Func<WireRecord, byte[]> change)
    {
        path.Hops[^1].ToClient.Replace(RecordType.ApplicationData, record => [change(record)]);
        path.ServerSends(1, "forged"u8);
    }
}
