using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;
using static Tlmsp.Misbehaviour;
using Bytes = Tlmsp.Tests.Hostile.ContainerBytes;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>Middleboxes that do more than was granted: they have keys, but not those.</summary>
public partial class MisbehaviourTests
{
    private static MisbehaviourCase[] Rights =>
    [
        new(NotPermitted, "server", "a reader changes data in its own name")
        {
            Grants = "1=r",
            Then = path =>
            {
                HostileMiddlebox.TakeOver(path, 0, RelayAction.Modify);
                path.ClientSends(1, "good"u8);
            },
        },
        new(NotPermitted, "middlebox 1", "a reader changes data before another reader")
        {
            Grants = "1=r|1=r",
            Then = path =>
            {
                HostileMiddlebox.TakeOver(path, 0, RelayAction.Modify);
                path.ClientSends(1, "good"u8);
            },
        },
        new(BadWriterMac, "server", "a reader changes data in the client's name")
        {
            Grants = "1=r",
            Then = path =>
            {
                HostileMiddlebox.TakeOver(path, 0, RelayAction.Modify, author: TlmspDialect.Client);
                path.ClientSends(1, "good"u8);
            },
        },
        new(BadWriterMac, "middlebox 1", "a reader changes data in the client's name before a middlebox that may write")
        {
            Grants = "1=r|1=rw",
            Then = path =>
            {
                HostileMiddlebox.TakeOver(path, 0, RelayAction.Modify, author: TlmspDialect.Client);
                path.Handlers[1, 0] = new HostileMiddlebox.Always(RelayAction.Modify, "laundered"u8.ToArray());
                path.ClientSends(1, "good"u8);
            },
        },
        new(NotPermitted, "server", "a reader inserts data")
        {
            Grants = "1=r",
            Then = Insert,
        },
        new(NotPermitted, "middlebox 1", "a reader inserts data before a middlebox without access")
        {
            Grants = "1=r|none",
            Then = Insert,
        },
        new(NotPermitted, "server", "a reader deletes data")
        {
            Grants = "1=r",
            Then = path =>
            {
                HostileMiddlebox.TakeOver(path, 0, RelayAction.Delete);
                path.ClientSends(1, "good"u8);
            },
        },
        new(NotPermitted, "server", "a writer of another context deletes data")
        {
            Grants = "1=r,2=rw",
            Then = path =>
            {
                HostileMiddlebox.TakeOver(path, 0, RelayAction.Delete);
                path.ClientSends(1, "good"u8);
            },
        },
        new(NotPermitted, "server", "a middlebox moves its own data to a context that it has no access to")
        {
            Grants = "1=rw",
            Then = path =>
            {
                path.ToServer(1).RewriteData(body => Bytes.Set(body, Bytes.ContextId, 2));
                Insert(path);
            },
        },
        new(NotPermitted, "server", "a middlebox without access sends an alert in a context")
        {
            Grants = "1=r",
            Then = path =>
            {
                path.ToServer(1).Replace(RecordType.Alert, record => [record.With(Bytes.Set(record.Body, Bytes.ContextId, 2))]);
                HostileMiddlebox.Sends(path, 0, (flow, pipe) => flow.Originate(RecordType.Alert, 1, [1, 90], pipe.Writer));
            },
        },
        new(UnknownAuthor, "server", "an inserted container in the client's name")
        {
            Grants = "1=rw",
            Then = path => HostileMiddlebox.Sends(
                path, 0, (flow, pipe) => flow.Originate(RecordType.ApplicationData, 1, "forged"u8, pipe.Writer), TlmspDialect.Client),
        },
        new(BadWriterMac, "server", "a writer MAC on a reader's alert")
        {
            Grants = "1=r",
            Then = path =>
            {
                const int mInfo = 2;
                path.ToServer(1).Replace(RecordType.Alert, record => [record.FlipBody(mInfo + Bytes.WriterMac(record.Body[mInfo..]))]);
                HostileMiddlebox.Sends(path, 0, (flow, pipe) => flow.Originate(RecordType.Alert, 1, [1, 90], pipe.Writer));
            },
        },

        Deletion(BadMInfo, "of nothing", _ => []),
        Deletion(BadDeleteIndicator, "of no container", _ => [TlmspDialect.Client, 0, 0]),
        Deletion(BadDeleteIndicator, "of its own containers", path => [path.MiddleboxHandshakes[0].Self, 0, 1]),
        Deletion(BadDeleteIndicator, "of containers of the receiver", _ => [TlmspDialect.Server, 0, 1]),
        Deletion(BadDeleteIndicator, "of containers of nobody on the path", _ => [0, 0, 1]),
        Deletion(BadDeleteIndicator, "the second of two indicators being forged", path =>
            [TlmspDialect.Client, 0, 1, path.MiddleboxHandshakes[0].Self, 0, 1]),
        new(BadDeleteIndicator, "server", "a deletion of containers of a middlebox downstream")
        {
            Grants = "1=rw|1=rw",
            Then = path =>
            {
                // The middlebox downstream is not upstream of itself: only the server can be made to believe it.
                path.ToServer(1).Tamper = bytes =>
                {
                    path.ToServer(2).Deliver(bytes);
                    return null;
                };
                HostileMiddlebox.SendsDeletion(path, 0, 1, path.MiddleboxHandshakes[1].Self, 0, 1);
            },
        },
        new(BadDeleteIndicator, "middlebox 1", "a deletion of containers of the middlebox that receives it")
        {
            Grants = "1=rw|1=rw",
            Then = path => HostileMiddlebox.SendsDeletion(path, 0, 1, path.MiddleboxHandshakes[1].Self, 0, 1),
        },
        new(BadMInfo, "middlebox 0", "inserted by a middlebox downstream")
        {
            Grants = "1=rw|1=rw",
            Then = path => ChangeData(path.ToServer(0), path, body =>
                Bytes.WithMInfo(body, 0x8000, path.MiddleboxHandshakes[1].Self, 0)),
        },
        new(BadMInfo, "middlebox 0", "inserted by the middlebox that receives it")
        {
            Grants = "1=rw",
            Then = path => ChangeData(path.ToServer(0), path, body =>
                Bytes.WithMInfo(body, 0x8000, path.MiddleboxHandshakes[0].Self, 0)),
        },
        new(BadMInfo, "server", "an insertion with delete indicators")
        {
            Grants = "1=rw",
            Then = path => ChangeData(path.ToServer(1), path, body =>
                Bytes.WithMInfo(body, 0x8000, path.MiddleboxHandshakes[0].Self, 1, TlmspDialect.Client, 0, 1)),
        },
    ];

    /// <summary>The first middlebox inserts data in context 1.</summary>
    private static void Insert(InMemoryPath path) =>
        HostileMiddlebox.Sends(path, 0, (flow, pipe) => flow.Originate(RecordType.ApplicationData, 1, "forged"u8, pipe.Writer));

    private static MisbehaviourCase Deletion(Misbehaviour misbehaviour, string what, Func<InMemoryPath, byte[]> indicators) =>
        new(misbehaviour, "server", $"a deletion {what}")
        {
            Grants = "1=rw",
            Then = path => HostileMiddlebox.SendsDeletion(path, 0, 1, indicators(path)),
        };
}
