using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;
using static Tlmsp.Misbehaviour;
using Bytes = Tlmsp.Tests.Hostile.ContainerBytes;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>Audit trails with gaps, repetitions and lies (records-keys.md §4.3).</summary>
public partial class MisbehaviourTests
{
    private static MisbehaviourCase[] Trails =>
    [
        Trail("the last entry cut off", body => [.. Count(body, -1)[..^TlmspDialect.ForwardingMacLength]]),
        Trail("all entries cut off", body => [.. Count(body, -2)[..^(2 * TlmspDialect.ForwardingMacLength)]]),
        Trail("the first entry of a middlebox cut out", body =>
            [.. Count(body, -1)[..Bytes.TrailEntry(body, 0)], .. body[Bytes.TrailEntry(body, 1)..]]),
        Trail("an entry twice", body => [.. Count(body, 1), .. body[^TlmspDialect.ForwardingMacLength..]]),
        Trail("an entry in the place of another", body =>
            [.. body[..^TlmspDialect.ForwardingMacLength], .. body[Bytes.TrailEntry(body, 0)..Bytes.TrailEntry(body, 1)]]),
        Trail("an order that leaves a gap", body => Bytes.Set(body, Bytes.TrailEntry(body, 1) + 1, 3)),
        Trail("an order twice", body => Bytes.Set(body, Bytes.TrailEntry(body, 1) + 1, 1)),
        Trail("the order 255", body => Bytes.Set(body, Bytes.TrailEntry(body, 1) + 1, 255)),
        Trail("orders exchanged", body => Bytes.Set(
            Bytes.Set(body, Bytes.TrailEntry(body, 0) + 1, 2), Bytes.TrailEntry(body, 1) + 1, 1)),
        Trail("the order of the mandatory entry", body => Bytes.Set(body, Bytes.ForwardingMac(body) + 1, 1)),
        Trail("an entry of nobody on the path", body => Bytes.Set(body, Bytes.TrailEntry(body, 0), 0)),
        Trail("an entry of an endpoint in the middle", body => Bytes.Set(body, Bytes.TrailEntry(body, 0), TlmspDialect.Client)),
        new(BadAuditTrail, "server", "a middlebox that leaves no entry")
        {
            Grants = "1=r|1=r",
            Audited = true,
            Then = path =>
            {
                byte[] before = [];
                path.ToServer(1).Replace(RecordType.ApplicationData, record =>
                {
                    before = record.Bytes;
                    return [record.Bytes];
                });
                path.ToServer(2).Replace(RecordType.ApplicationData, _ => [before]);
                path.ClientSends(1, "forged"u8);
            },
        },
        new(BadAuditTrail, "middlebox 1", "a middlebox that leaves no entry, found by the next")
        {
            Grants = "1=r|none",
            Audited = true,
            Then = path =>
            {
                byte[] before = [];
                path.ToServer(0).Replace(RecordType.ApplicationData, record =>
                {
                    before = record.Bytes;
                    return [record.Bytes];
                });
                path.ToServer(1).Replace(RecordType.ApplicationData, _ => [before]);
                path.ClientSends(1, "forged"u8);
            },
        },
        new(BadForwardingMac, "server", "a mandatory entry of another than the author")
        {
            Grants = "1=r|1=r",
            Audited = true,
            Then = path => ChangeData(path.ToServer(2), path, body =>
                Bytes.Set(body, Bytes.ForwardingMac(body), path.MiddleboxHandshakes[0].Self)),
        },
        new(BadReaderCheckMac, "server", "a flipped bit in the newest entry")
        {
            Grants = "1=r|1=r",
            Audited = true,
            Then = path => ChangeData(path.ToServer(2), path, body => Bytes.Flip(body, Bytes.TrailEntry(body, 1) + 3)),
        },
        new(BadReaderCheckMac, "middlebox 1", "a flipped bit in the newest entry")
        {
            Grants = "1=r|none",
            Audited = true,
            Then = path => ChangeData(path.ToServer(1), path, body => Bytes.Flip(body, Bytes.TrailEntry(body, 0) + 3)),
        },
        new(BadCheckMac, "server", "a flipped bit in an older entry, which no middlebox can check")
        {
            Grants = "1=r|1=r|1=r",
            Audited = true,
            Then = path => ChangeData(path.ToServer(2), path, body => Bytes.Flip(body, Bytes.TrailEntry(body, 0) + 3)),
        },
        new(BadCheckMac, "server", "a flipped check MAC of an older entry")
        {
            Grants = "1=r|1=r",
            Audited = true,
            Then = path => ChangeData(path.ToServer(1), path, body => Bytes.Flip(body, Bytes.TrailEntry(body, 0) + 31)),
        },
        new(BadCheckMac, "server", "the trail of another container")
        {
            Grants = "1=r|1=r",
            Audited = true,
            Then = path =>
            {
                // Older entries are not bound to the container by a reader check MAC that could still be checked.
                byte[] old = [];
                path.ToServer(2).RewriteData(body => old = body);
                path.ClientSends(1, "before"u8);
                ChangeData(path.ToServer(2), path, body =>
                    [.. body[..Bytes.TrailEntry(body, 0)], .. old[Bytes.TrailEntry(old, 0)..Bytes.TrailEntry(old, 1)],
                        .. body[Bytes.TrailEntry(body, 1)..]]);
            },
        },
    ];

    /// <summary>A fault of the trail on the last hop of a path with two middleboxes: the client's entry, then one of each.</summary>
    private static MisbehaviourCase Trail(string what, Func<byte[], byte[]> change) => new(BadAuditTrail, "server", what)
    {
        Grants = "1=r|1=r",
        Audited = true,
        Then = path => ChangeData(path.ToServer(2), path, change),
    };

    private static byte[] Count(byte[] body, int more) =>
        Bytes.Set(body, Bytes.TrailCount(body), (byte)(body[Bytes.TrailCount(body)] + more));
}
