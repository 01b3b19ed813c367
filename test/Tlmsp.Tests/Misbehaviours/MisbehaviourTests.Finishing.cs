using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>Finished and MiddleboxFinished (records-keys.md §9).</summary>
public partial class MisbehaviourTests
{
    private static MisbehaviourCase[] Finishing =>
    [
        new(BadFinished, "server", "another value")
        {
            Attack = path => Refinish(path, path.ToServer(), 0, message => Patch(message, -1)),
        },
        new(BadFinished, "client", "another value")
        {
            Attack = path => Refinish(path, path.ToClient(), 0, message => Patch(message, -1)),
        },
        new(BadFinished, "server", "a value cut short")
        {
            Attack = path => Refinish(path, path.ToServer(), 0, message => [20, 0, 0, 11, .. message[4..^1]]),
        },
        new(BadFinished, "server", "no value")
        {
            Attack = path => Refinish(path, path.ToServer(), 0, _ => [20, 0, 0, 0]),
        },
        new(BadFinished, "client", "the client's own Finished sent back")
        {
            Attack = path => Refinish(path, path.ToClient(), 0, _ => path.ServerHandshake.Transcript.ClientFinished),
        },
        new(BadFinished, "server", "a hello changed on its way: the order of the suites")
        {
            Attack = path => ChangeClientHello(path.ToServer(), hello => hello.Suites = [0xc0, 0x2b, 0, 0xff]),
        },
        new(BadFinished, "server", "a hello changed on its way: the purpose of a context")
        {
            Attack = path => ChangeClientHello(path.ToServer(), hello => hello.Replace(
                TlmspDialect.ExtensionContextList,
                ContextListExtension.ToBytes([new TlmspContext(1, "harmless"), new TlmspContext(2, "body")]))),
        },
        new(BadFinished, "server", "a hello changed on its way: the groups")
        {
            Attack = path => ChangeClientHello(path.ToServer(), hello => hello.Replace(10, [0, 2, 0, 0x1d])),
        },
        new(BadFinished, "server", "a version in MiddleboxHello that nobody looks at, changed towards the server")
        {
            Grants = "1=r",
            Attack = path => path.ToServer(1).Rewrite(HandshakeType.MiddleboxHello, body => Patch(body, 2)),
        },

        new(BadMiddleboxFinished, "middlebox 0", "another value of the client")
        {
            Grants = "1=r",
            Attack = path => Refinish(path, path.ToServer(0), 1, message => Patch(message, -1)),
        },
        new(BadMiddleboxFinished, "middlebox 0", "another value of the server")
        {
            Grants = "1=r",
            Attack = path => Refinish(path, path.ToClient(1), 1, message => Patch(message, -1)),
        },
        new(BadMiddleboxFinished, "server", "another value of the middlebox")
        {
            Grants = "1=r",
            Attack = path => Refinish(path, path.ToServer(1), 1, message => Patch(message, 6)),
        },
        new(BadMiddleboxFinished, "client", "another value of the middlebox")
        {
            Grants = "1=r",
            Attack = path => Refinish(path, path.ToClient(0), 1, message => Patch(message, 6)),
        },
        new(BadMiddleboxFinished, "server", "the client's value, which the middlebox has not replaced")
        {
            Grants = "1=r",
            Attack = path =>
            {
                byte[] ofClient = [];
                Refinish(path, path.ToServer(0), 1, message => ofClient = message);
                Refinish(path, path.ToServer(1), 1, _ => ofClient);
            },
        },
        new(BadMiddleboxFinished, "server", "a value that goes on")
        {
            Grants = "1=r",
            Attack = path => Refinish(path, path.ToServer(1), 1, message => [51, 0, 0, 14, .. message[4..], 0]),
        },
        new(BadMiddleboxFinished, "middlebox 0", "a value cut short")
        {
            Grants = "1=r",
            Attack = path => Refinish(path, path.ToServer(0), 1, message => [51, 0, 0, 12, .. message[4..^1]]),
        },
        new(BadMiddleboxFinished, "middlebox 1", "Finished of the client, changed by the middlebox before")
        {
            Grants = "1=r|1=r",
            Others = "server",
            Attack = path => Refinish(path, path.ToServer(1), 0, message => Patch(message, -1)),
        },

        new(WrongMiddleboxId, "server", "MiddleboxFinished of nobody on the path")
        {
            Grants = "1=r",
            Attack = path => Refinish(path, path.ToServer(1), 1, message => Patch(message, 4)),
        },
        new(WrongMiddleboxId, "middlebox 0", "MiddleboxFinished of nobody on the path")
        {
            Grants = "1=r",
            Attack = path => Refinish(path, path.ToServer(0), 1, message => Patch(message, 4)),
        },
        new(WrongMiddleboxId, "client", "MiddleboxFinished in the wrong order")
        {
            Grants = "1=r|1=r",
            Attack = path => Refinish(path, path.ToClient(0), 1, message =>
                [.. message[..4], path.MiddleboxHandshakes[1].Self, .. message[5..]]),
        },
    ];

    private static void Refinish(InMemoryPath path, InMemoryPipe pipe, int place, Func<byte[], byte[]> change)
    {
        bool toServer = path.Hops.Any(hop => hop.ToServer == pipe);
        pipe.ReplaceProtected(place, record => [Forge.Reseal(path, toServer, record, (ulong)place, change)]);
    }
}
