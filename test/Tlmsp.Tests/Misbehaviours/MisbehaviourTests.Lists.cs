using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;
using Tlmsp.Tests.Messages;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>The tlmsp extension and the list in it (handshake.md §2.2, §2.7).</summary>
public partial class MisbehaviourTests
{
    private static readonly TlmspAddress s_elsewhere = TlmspAddress.Parse("tlmsp://elsewhere.example:7009");

    private static MisbehaviourCase[] Lists =>
    [
        .. ClientLists(BadTlmspVersion, "version 2.0", bytes => bytes[0] = 2),
        .. ClientLists(BadTlmspVersion, "version 1.1", bytes => bytes[1] = 1),
        .. ClientLists(BadAddress, "an address of type 5", bytes => bytes[2] = 5),
        .. ClientLists(BadAddress, "NUL in an address", bytes => bytes[6] = 0),
        .. ClientLists(BadAddress, "a line break in an address", bytes => bytes[6] = (byte)'\n'),
        .. ClientLists(BadDiscovery, "client_discovery_ack 2", bytes => bytes[AckOffset(bytes)] = 2),
        .. ClientLists(BadMiddleboxEntry, "a ticket", bytes => bytes[^4] = 1),
        .. ClientLists(BadGrant, "auth 2", bytes => bytes[^1] = 2),
        .. ClientLists(NotCanonical, "a grant for context 0", bytes => bytes[^2] = 0),
        .. ClientLists(BadMiddleboxEntry, "the id 00", list => [list[0] with { Id = 0 }]),
        .. ClientLists(BadMiddleboxEntry, "the client's id", list => [list[0] with { Id = TlmspDialect.Client }]),
        .. ClientLists(BadMiddleboxEntry, "the server's id", list => [list[0] with { Id = TlmspDialect.Server }]),
        .. ClientLists(BadMiddleboxEntry, "the id ff", list => [list[0] with { Id = 0xff }]),
        .. ClientLists(BadGrant, "a grant for a context that does not exist", list => [list[0] with { Grant = Grant.Read(1, 9) }]),
        .. ClientLists(DuplicateMiddleboxId, "an id twice", list => [list[0], list[0] with { Address = s_elsewhere }]),
        .. ClientLists(LimitExceeded, "nine middleboxes", list =>
            [.. Enumerable.Range(2, 9).Select(id => list[0] with { Id = (byte)id })]),
        new(BadDiscovery, "server", "a hello after a discovery that never was")
        {
            Attack = path => ChangeClientHello(path.ToServer(), hello =>
                ChangeList(hello, list => (list with { Discovery = (1, new byte[32], list.Middleboxes) }).ToBytes())),
        },
        new(BadAddress, "middlebox 0", "a server address without a host, and no server name")
        {
            Grants = "1=r",
            Others = "client",
            Attack = path => ChangeClientHello(path.ToServer(0), hello =>
            {
                hello.Remove(TlmspDialect.ExtensionServerName);
                TlmspAddress nowhere = TlmspAddress.Create(TlmspAddressType.Mac, "00:11:22:33:44:55");
                ChangeList(hello, list => (list with { ServerAddress = nowhere }).ToBytes());
            }),
        },

        .. ServerLists(BadTlmspVersion, "version 1.1", answer => answer, bytes => bytes[1] = 1),
        .. ServerLists(BadAddress, "NUL in an address", answer => answer, bytes => bytes[10] = 0),
        .. ServerLists(AddressMismatch, "another client address", answer => answer with { ClientAddress = s_elsewhere }),
        .. ServerLists(AddressMismatch, "another server address", answer => answer with { ServerAddress = s_elsewhere }),
        .. ServerLists(BadMiddleboxEntry, "the client's id", answer =>
            answer with { Middleboxes = [answer.Middleboxes[0] with { Id = TlmspDialect.Client }] }),

        new(MiddleboxListRefused, "server", "a middlebox that the server does not allow")
        {
            Grants = "1=r",
            Configure = options => options.Server.MiddleboxPolicy = new TlmspServerOptions().MiddleboxPolicy,
        },
        new(MiddleboxListRefused, "server", "a transparent middlebox in the client's list")
        {
            Grants = "1=r",
            Attack = path => Relist(path.ToServer(1), list => [list[0] with { Transparent = true }]),
        },
        new(MiddleboxListRefused, "server", "a middlebox that claims to be inserted already")
        {
            Grants = "1=r",
            Attack = path => Relist(path.ToServer(1), list => [list[0] with { Inserted = true }]),
        },
        new(NotOnPath, "middlebox 0", "a list without this middlebox")
        {
            Grants = "1=r",
            Configure = options => options.Middleboxes[0].Addresses = [s_elsewhere],
        },
        new(NotOnPath, "middlebox 0", "its address spelled otherwise")
        {
            Grants = "1=r",
            Configure = options => options.Middleboxes[0].Addresses = [TlmspAddress.Parse("tlmsp://M0.example:7000")],
        },

        Mismatch("", "a middlebox put in between the endpoints", _ => [Elsewhere(9)], others: ""),
        Mismatch("1=r", "a middlebox put in behind another", list => [list[0], Elsewhere(OtherThan(list[0].Id))]),
        Mismatch("1=r", "a middlebox put in before another", list => [Elsewhere(OtherThan(list[0].Id)), list[0]], others: ""),
        Mismatch("1=r|1=r", "two middleboxes that change places", list => [list[1], list[0]]),
        Mismatch("1=r", "another id", list => [list[0] with { Id = OtherThan(list[0].Id) }]),
        Mismatch("1=r", "another address", list => [list[0] with { Address = s_elsewhere }]),
        Mismatch("1=r", "another grant", list => [list[0] with { Grant = Grant.Write(1) }], others: ""),
        Mismatch("1=r", "no grant", list => [list[0] with { Grant = Grant.None }], others: ""),
        new(MiddleboxListRefused, "client", "a middlebox taken out on the way to the server")
        {
            Grants = "1=r",
            Others = "server",
            Attack = path => Relist(path.ToServer(1), _ => []),
        },
        Answer(MiddleboxListRefused, "a middlebox that the server leaves out", _ => []),
        Answer(MiddleboxListRefused, "a middlebox that the server inserts", list => [.. list, Inserted(list)]),
        Answer(MiddleboxListMismatch, "a middlebox that the server passes off as the client's", list =>
            [list[0], list[0] with { Id = OtherThan(list[0].Id) }]),
        Answer(MiddleboxListMismatch, "another grant beside a middlebox that the server inserts", list =>
            [list[0] with { Grant = Grant.Write(1) }, Inserted(list)]),
        Answer(DuplicateMiddleboxId, "a middlebox that the server inserts under the id of another", list =>
            [Inserted(list) with { Id = list[0].Id }]),
        Answer(BadGrant, "an inserted middlebox with a grant for a context that does not exist", list =>
            [list[0], Inserted(list) with { Grant = Grant.Read(9) }]),
        Answer(BadAddress, "an inserted middlebox that cannot be dialled", list =>
            [list[0], Inserted(list) with { Address = TlmspAddress.Create(TlmspAddressType.Mac, "00:11:22:33:44:55") }]),
        Answer(LimitExceeded, "eight inserted middleboxes beside our own", list =>
            [list[0], .. Enumerable.Range(2, 9).Where(id => id != list[0].Id).Take(8).Select(id => Inserted(list) with { Id = (byte)id })]),
    ];

    /// <summary>A list changed on its way to the server, which answers with what it has seen.</summary>
    private static MisbehaviourCase Mismatch(
        string grants, string what, Func<IReadOnlyList<MiddleboxEntry>, MiddleboxEntry[]> change, string others = "server") =>
        new(MiddleboxListMismatch, "client", what)
        {
            Grants = grants,
            Others = others,
            Attack = path => Relist(path.Hops[^1].ToServer, change),
        };

    /// <summary>A list that stands in ServerHello alone.</summary>
    private static MisbehaviourCase Answer(
        Misbehaviour misbehaviour, string what, Func<IReadOnlyList<MiddleboxEntry>, MiddleboxEntry[]> change) =>
        new(misbehaviour, "client", what)
        {
            Grants = "1=r",
            Attack = path => ChangeServerHello(
                path.ToClient(1), hello => ChangeAnswer(hello, answer => answer with { Middleboxes = change(answer.Middleboxes) })),
        };

    private static MiddleboxEntry Inserted(IReadOnlyList<MiddleboxEntry> list) => Elsewhere(OtherThan(list[0].Id)) with { Inserted = true };

    /// <summary>A fault of the extension in ClientHello that a server and a middlebox must find.</summary>
    private static MisbehaviourCase[] ClientLists(Misbehaviour misbehaviour, string what, Action<byte[]> patch)
    {
        return
        [
            new(misbehaviour, "server", $"{what} in ClientHello")
            {
                Grants = "1=r",
                Attack = path => ChangeClientHello(path.ToServer(1), Patch),
            },
            new(misbehaviour, "middlebox 0", $"{what} in ClientHello")
            {
                Grants = "1=r",
                Attack = path => ChangeClientHello(path.ToServer(0), Patch),
            },
        ];

        void Patch(HelloParts hello) => ChangeList(hello, list =>
        {
            byte[] bytes = list.ToBytes();
            patch(bytes);
            return bytes;
        });
    }

    /// <summary>A fault of the list in ClientHello that a server and a middlebox must find.</summary>
    private static MisbehaviourCase[] ClientLists(
        Misbehaviour misbehaviour, string what, Func<IReadOnlyList<MiddleboxEntry>, MiddleboxEntry[]> change) =>
    [
        new(misbehaviour, "server", $"{what} in ClientHello") { Grants = "1=r", Attack = path => Relist(path.ToServer(1), change) },
        new(misbehaviour, "middlebox 0", $"{what} in ClientHello") { Grants = "1=r", Attack = path => Relist(path.ToServer(0), change) },
    ];

    /// <summary>A fault of the extension in ServerHello that a client and a middlebox must find.</summary>
    private static MisbehaviourCase[] ServerLists(
        Misbehaviour misbehaviour, string what, Func<TlmspServerExtension, TlmspServerExtension> change, Action<byte[]>? patch = null)
    {
        return
        [
            new(misbehaviour, "client", $"{what} in ServerHello")
            {
                Grants = "1=r",
                Attack = path => ChangeServerHello(path.ToClient(0), hello => ChangeAnswer(hello, change, patch)),
            },
            new(misbehaviour, "middlebox 0", $"{what} in ServerHello")
            {
                Grants = "1=r",
                Attack = path => ChangeServerHello(path.ToClient(1), hello => ChangeAnswer(hello, change, patch)),
            },
        ];
    }

    private static void Relist(InMemoryPipe pipe, Func<IReadOnlyList<MiddleboxEntry>, MiddleboxEntry[]> change) =>
        ChangeClientHello(pipe, hello => ChangeList(hello, list => (list with { Middleboxes = change(list.Middleboxes) }).ToBytes()));

    private static void ChangeList(HelloParts hello, Func<TlmspClientExtension, byte[]> change) =>
        hello.Replace(TlmspDialect.ExtensionTlmsp, change(TlmspClientExtension.Read(Tlmsp(hello))));

    private static void ChangeAnswer(
        HelloParts hello, Func<TlmspServerExtension, TlmspServerExtension> change, Action<byte[]>? patch = null)
    {
        byte[] bytes = change(TlmspServerExtension.Read(Tlmsp(hello))).ToBytes();
        patch?.Invoke(bytes);
        hello.Replace(TlmspDialect.ExtensionTlmsp, bytes);
    }

    private static byte[] Tlmsp(HelloParts hello) =>
        hello.Extensions.Single(extension => extension.Type == TlmspDialect.ExtensionTlmsp).Data;

    /// <summary>Ids are random.</summary>
    private static byte OtherThan(byte id) => id == 9 ? (byte)10 : (byte)9;

    private static MiddleboxEntry Elsewhere(byte id) => new(id, s_elsewhere, Grant.Read(1));

    /// <summary>Behind the version and two addresses.</summary>
    private static int AckOffset(byte[] extension)
    {
        int server = 2 + 3 + extension[4];
        return server + 3 + extension[server + 2];
    }
}
