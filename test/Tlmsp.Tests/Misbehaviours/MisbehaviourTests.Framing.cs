using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>One message per record, whole and no longer than it says (handshake.md §0.3).</summary>
public partial class MisbehaviourTests
{
    private static MisbehaviourCase[] Framing =>
    [
        new(FragmentedHandshakeMessage, "server", "ClientHello in two records")
        {
            Attack = path => Halve(path.ToServer(), HandshakeType.ClientHello),
        },
        new(FragmentedHandshakeMessage, "client", "Certificate in two records")
        {
            Attack = path => Halve(path.ToClient(), HandshakeType.Certificate),
        },
        new(FragmentedHandshakeMessage, "middlebox 0", "KeyMaterial in two records")
        {
            Grants = "1=r",
            Attack = path => Halve(path.ToServer(0), HandshakeType.MiddleboxKeyMaterial),
        },
        new(FragmentedHandshakeMessage, "server", "half a message header")
        {
            Attack = path => path.ToServer().Replace(HandshakeType.ClientKeyExchange, record => [record.With(record.Body[..3])]),
        },
        new(FragmentedHandshakeMessage, "server", "one byte per record")
        {
            Attack = path => path.ToServer().Replace(HandshakeType.ClientHello, record => record.Body.Select(one => record.With([one]))),
        },

        new(CoalescedHandshakeMessages, "client", "Certificate and ServerHelloDone in one record")
        {
            Attack = path => path.ToClient().Replace(HandshakeType.Certificate, record => [record.With([.. record.Body, 14, 0, 0, 0])]),
        },
        new(CoalescedHandshakeMessages, "server", "ClientKeyExchange with a byte behind it")
        {
            Attack = path => path.ToServer().Replace(HandshakeType.ClientKeyExchange, record => [record.With([.. record.Body, 0])]),
        },
        new(CoalescedHandshakeMessages, "middlebox 0", "two KeyMaterial messages in one record, on which the reference stalls")
        {
            Grants = "1=r",
            Attack = path => path.ToServer(0).Replace(
                HandshakeType.MiddleboxKeyMaterial, record => [record.With([.. record.Body, .. record.Body])]),
        },
        new(CoalescedHandshakeMessages, "server", "Finished with a byte behind it")
        {
            Attack = path => path.ToServer().ReplaceProtected(0, record =>
                [Forge.Reseal(path, toServer: true, record, 0, message => [.. message, 0])]),
        },

        .. Parties(HandshakeMessageTooLong, "a record beyond the limit", record => [22, 3, 3, 0xff, 0xff, .. record.Bytes[5..]]),
        new(HandshakeMessageTooLong, "server", "a message just beyond the limit")
        {
            Attack = path => path.ToServer().Replace(HandshakeType.ClientHello, record =>
            {
                path.ServerHandshake.Options.Limits.MaxHandshakeMessage = record.Body.Length - 1;
                return [record.Bytes];
            }),
        },
        new(HandshakeMessageTooLong, "middlebox 0", "a message just beyond the limit")
        {
            Grants = "1=r",
            Attack = path => path.ToClient(1).Replace(HandshakeType.Certificate, record =>
            {
                path.MiddleboxHandshakes[0].Options.Limits.MaxHandshakeMessage = record.Body.Length - 1;
                return [record.Bytes];
            }),
        },

        .. Parties(TruncatedMessage, "a message that ends inside a field", record => record.WithMessage(record.MessageBody[..^1])),
        .. Parties(TrailingBytes, "a message that goes on", record => record.WithMessage([.. record.MessageBody, 0])),
        new(TrailingBytes, "client", "ServerHelloDone with a body")
        {
            Attack = path => path.ToClient().Rewrite(HandshakeType.ServerHelloDone, _ => [0]),
        },
        new(TruncatedMessage, "server, client", "MiddleboxHelloDone without a body")
        {
            Grants = "1=r",
            Attack = path =>
            {
                path.ToClient(0).Rewrite(HandshakeType.MiddleboxHelloDone, _ => []);
                path.ToServer(1).Rewrite(HandshakeType.MiddleboxHelloDone, _ => []);
            },
        },
        new(TrailingBytes, "server, client", "MiddleboxKeyExchange that goes on, which the reference takes")
        {
            Grants = "1=r",
            Attack = path =>
            {
                path.ToClient(0).Rewrite(HandshakeType.MiddleboxKeyExchange, body => [.. body, 0]);
                path.ToServer(1).Rewrite(HandshakeType.MiddleboxKeyExchange, body => [.. body, 0]);
            },
        },

        new(BadChangeCipherSpec, "server", "another value")
        {
            Attack = path => path.ToServer().Replace(RecordType.ChangeCipherSpec, record => [record.With([2])]),
        },
        new(BadChangeCipherSpec, "client", "two bytes")
        {
            Attack = path => path.ToClient().Replace(RecordType.ChangeCipherSpec, record => [record.With([1, 1])]),
        },
        new(BadChangeCipherSpec, "middlebox 0", "another value")
        {
            Grants = "1=r",
            Attack = path => path.ToClient(1).Replace(RecordType.ChangeCipherSpec, record => [record.With([0])]),
        },
    ];

    /// <summary>The same fault in ClientKeyExchange for server and middlebox, and in ServerKeyExchange for client and middlebox.</summary>
    private static MisbehaviourCase[] Parties(Misbehaviour misbehaviour, string what, Func<WireRecord, byte[]> change) =>
    [
        new(misbehaviour, "server", what)
        {
            Attack = path => path.ToServer().Replace(HandshakeType.ClientKeyExchange, record => [change(record)]),
        },
        new(misbehaviour, "client", what)
        {
            Attack = path => path.ToClient().Replace(HandshakeType.ServerKeyExchange, record => [change(record)]),
        },
        new(misbehaviour, "middlebox 0", $"{what}, from the client")
        {
            Grants = "1=r",
            Attack = path => path.ToServer(0).Replace(HandshakeType.ClientKeyExchange, record => [change(record)]),
        },
        new(misbehaviour, "middlebox 0", $"{what}, from the server")
        {
            Grants = "1=r",
            Attack = path => path.ToClient(1).Replace(HandshakeType.ServerKeyExchange, record => [change(record)]),
        },
    ];

    private static void Halve(InMemoryPipe pipe, HandshakeType type) => pipe.Replace(
        type, record => [record.With(record.Body[..(record.Body.Length / 2)]), record.With(record.Body[(record.Body.Length / 2)..])]);
}
