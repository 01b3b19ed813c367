using static Tlmsp.Interop.Tests.Hostile.MiddleboxRows;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>
/// A middlebox that reorders, loses, deletes, changes and inserts containers. What the record layer cannot see, because a writer may do it,
/// the HTTP mapping refuses (http-mapping §5, §6).
/// </summary>
public class HostileMiddleboxDataTests(HostileLab lab) : HostileMiddlebox(lab), IClassFixture<HostileLab>
{
    internal static RowTable<MiddleboxRow> Table { get; } = new(
    [
        // One order for all contexts, against everybody who may not write (http-mapping §5).
        .. Data(NextToServer(BadFragmentTag, 177), "--swap-containers c2s:1", "--drop c2s:1"),
        .. Data(NextToServer(BadFragmentTag, 177), "--swap-containers c2s:1", "--drop c2s:1").Granted("1=r,2=r", audited: true),
        .. Data(NextToServer(BadFragmentTag, 177), "--swap-containers c2s:1").Granted("none"),
        .. Data(NextToClient(BadFragmentTag, 177).AfterRequest(), "--swap-containers s2c:1", "--drop s2c:1"),
        .. Data(NextToClient(BadFragmentTag, 177).AfterRequest(), "--swap-containers s2c:1", "--drop s2c:1").Granted("1=r,2=r", audited: true),

        // The tail is protected by what follows it only: a loss is waited for, and shows when the client gives up and closes.
        .. Data(LostRequestTail, "--drop c2s:2", "--drop-last c2s"),
        .. Data(LostResponseTail, "--drop s2c:2", "--drop-last s2c"),

        // A delete notice does not say which context it speaks of (http-mapping §13).
        .. Both(audited => Data(NextOrServer(HttpMappingViolation, 47), "--cross-delete c2s:1:2").Granted("1=r,2=rw", audited)),
        .. Both(audited => Data(NextOrServer(HttpMappingViolation, 47), "--cross-delete c2s:1:2", "--cross-delete c2s:2:1").Granted("1=rw,2=rw", audited)),
        .. Both(audited => Data(NextOrClient(HttpMappingViolation, 47).AfterRequest(), "--cross-delete s2c:1:2").Granted("1=r,2=rw", audited)),
        .. Data(NextToServer(NotPermitted, 80), "--cross-delete c2s:1:2"),
        .. Data(NextOrServer(HttpMappingViolation, 47), "--reorder c2s:2").Granted("1=r,2=rw"),
        .. Both(audited => Data(NextOrServer(HttpMappingViolation, 47), "--reorder c2s:1").Granted("1=rw,2=rw", audited)),
        .. Both(audited => Data(NextOrClient(HttpMappingViolation, 47).AfterRequest(), "--reorder s2c:1").Granted("1=rw,2=rw", audited)),

        // Everybody may close (http-mapping §13): the end of a connection never ends a message.
        .. Data(ClosedTowardsServer, "--inject-close-notify c2s:1"),
        .. Data(ClosedTowardsClient, "--inject-close-notify s2c:1"),
        .. Data(ClosedTowardsClient, "--inject-close-notify s2c:1").Granted("none"),
        .. Data(ClosedBeforeRequest, "--inject-close-notify c2s:0"),
        .. Data(ClosedTowardsClient, "--inject-close-notify s2c:0"),
        .. Data(Harmless, "--inject-close-notify c2s:2", "--inject-close-notify s2c:2"),      // between messages

        .. Both(audited => Data(
            NextToServer(NotPermitted, 80),
            "--write-anyway --modify c2s 2 some SOME", "--write-anyway --delete c2s 2 some").Granted("1=r,2=r", audited)),
        .. Both(audited => Data(
            NextToClient(NotPermitted, 80).AfterRequest(),
            "--write-anyway --modify s2c 2 some SOME", "--write-anyway --delete s2c 2 some").Granted("1=r,2=r", audited)),
        .. Data(NextToServer(BadAuditTrail, 80), "--no-entry").Granted("1=r,2=r", audited: true),
        .. Data(Harmless, "--no-entry"),      // unaudited, a middlebox may pass on what it got (records-keys.md §5)

        // Rights that are used against the other contexts: A2, A3, A7 of http-mapping §6.
        .. Data(NextOrServer(HttpMappingViolation, 47), "--insert c2s 0 2 evil", "--delete c2s 2 some").Granted("1=r,2=rw"),
        .. Data(NextToClient(HttpMappingViolation, 47).AfterRequest(), "--insert s2c 1 2 evil").Granted("1=r,2=rw"),
    ]);

    public static TheoryData<string> Rows => Table.Names;

    [PeerTheory]
    [MemberData(nameof(Rows))]
    public Task Hostile_containers(string row) => RunAsync(Table[row]);

    private static IEnumerable<MiddleboxRow> Both(Func<bool, IEnumerable<MiddleboxRow>> rows) => [.. rows(false), .. rows(true)];

    private static MiddleboxEnding LostRequestTail(string path) => NextToServer(BadFragmentTag, 177)(path) with { Client = Endings.HttpClientTimeout };

    private static MiddleboxEnding LostResponseTail(string path)
    {
        string late = Endings.Or(Endings.Nothing, Endings.Report(BadFragmentTag, 177), Endings.Received(177));
        return new(Endings.HttpClientTimeout, HasFront(path) ? late : Endings.Nothing, HasBack(path) ? late : Endings.Nothing, late) { Served = "/echo" };
    }

    /// <summary>The server misses the rest of the message; a middlebox behind the attacker may see it come after the end.</summary>
    private static MiddleboxEnding ClosedTowardsServer(string path)
    {
        string told = Endings.Or(Endings.Received(47), Endings.Received(10), Endings.Closed);
        return new(
            told, HasFront(path) ? Endings.Or(told, Endings.Nothing) : Endings.Nothing,
            HasBack(path) ? Endings.Or(Endings.Report(DataAfterClose, 10), Endings.Received(47), Endings.Nothing) : Endings.Nothing,
            Endings.Or(Endings.Report(HttpMappingViolation, 47), HasBack(path) ? Endings.Received(10) : Endings.Report(HttpMappingViolation, 47)));
    }

    private static MiddleboxEnding ClosedTowardsClient(string path)
    {
        string told = Endings.Or(Endings.Received(47), Endings.Received(10), Endings.Closed, Endings.Nothing);
        return new(
            Endings.Or(Endings.Report(HttpMappingViolation, 47), HasFront(path) ? Endings.Received(10) : Endings.Report(HttpMappingViolation, 47)),
            HasFront(path) ? Endings.Or(Endings.Report(DataAfterClose, 10), told) : Endings.Nothing,
            HasBack(path) ? told : Endings.Nothing, told) { Served = "/echo" };
    }

    /// <summary>To the server it is an orderly end without a request; the client cannot know whose end it was.</summary>
    private static MiddleboxEnding ClosedBeforeRequest(string path)
    {
        string told = Endings.Or(Endings.Received(47), Endings.Received(10), Endings.Closed, Endings.Nothing);
        return new(
            Endings.Or(Endings.Report(HttpMappingViolation, 47), Endings.Closed), HasFront(path) ? told : Endings.Nothing,
            HasBack(path) ? Endings.Or(Endings.Report(DataAfterClose, 10), told) : Endings.Nothing, told);
    }
}
