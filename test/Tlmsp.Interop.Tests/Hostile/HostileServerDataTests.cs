using static Tlmsp.Interop.Tests.Hostile.EndpointRows;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>A server that breaks the rules after a good handshake: containers, alerts, and HTTP in the wrong context.</summary>
public class HostileServerDataTests(HostileLab lab) : HostileServer(lab), IClassFixture<HostileLab>
{
    private const string FiveWarnings = "--send-alert 1:90 --send-alert 1:90 --send-alert 1:90 --send-alert 1:90 --send-alert 1:90";

    internal static RowTable<EndpointRow> Table { get; } = new(
    [
        // http-mapping §6: A1, A4.
        .. Data(Neighbour(HttpMappingViolation, 47), "--head-in-body", "--body-in-head", "--head-in-body --body-in-head"),

        .. Data(Neighbour(BadFragmentTag, 177), "--relabel 1:2", "--relabel 2:1"),
        .. Data(Neighbour(DataInControlContext, 80), "--relabel 1:0"),
        .. Data(Neighbour(UnknownContext, 174), "--relabel 1:7", "--relabel 2:7"),
        .. Data(Neighbour(ContainerTooLong, 22), "--container-size 20000 --page fill:40000"),
        .. Data(FarEnd(EmptyContainerFlood, 10), string.Concat(Enumerable.Repeat("--reply GET 2: ", 33)).TrimEnd()),
        .. Data(
            Harmless,
            "--empty-containers", "--container-size 1", "--container-size 16356 --page fill:40000", "--pack 2 --container-size 4",
            "--pack 100 --container-size 1"),

        .. Data(Neighbour(Renegotiation, 10), @"--raw 20:\x01", "--raw 20:", @"--raw 22:\x00\x00\x00\x00", "--raw 22:fill:60", "--raw 22:"),
        .. Data(Neighbour(UnknownRecordType, 10), "--raw 24:hello"),
        .. Data(Neighbour(EmptyRecord, 50), "--raw 21:", "--raw 23:"),
        .. Data(Neighbour(MalformedContainer, 50), "--raw 23:hello", "--raw 23:fill:200", "--raw 21:hex:0000000002"),
        // An alert without protection could come from anybody; the reference accepts it (records-keys.md §10.1).
        .. Data(Neighbour(MalformedAlert, 50), @"--raw 21:\x02\x28", @"--raw 21:\x01\x00", @"--raw 21:\x02\x02\x28"),

        .. Data(Alerted(40, attacker: "closed"), "--send-alert 2:40"),
        .. Data(Alerted(0, attacker: "closed"), "--send-alert 2:0"),
        .. Data(Alerted(80, attacker: "closed"), "--send-alert 2:80:1", "--send-alert 2:80:2"),
        .. Data(Neighbour(UnknownContext, 174), "--send-alert 2:80:7"),
        .. Data(Neighbour(CloseNotifyOutsideControl, 10), "--send-alert 1:0:1"),
        .. Data(Neighbour(MalformedAlert, 50), "--send-alert 3:90", "--send-alert 0:0"),
        .. Data(Neighbour(WarningFlood, 10), FiveWarnings),
        .. Data(Harmless, "--send-alert 1:90", "--send-alert 1:90:1", FiveWarnings[..FiveWarnings.LastIndexOf(" --", StringComparison.Ordinal)]),

        // A server may close instead of answering, and HttpClient tries four times; through a middlebox it could be anybody who closed.
        .. Data(ClosedByServer, "--send-alert 1:0"),
        .. Data(Harmless, "--no-close-notify"),
    ]);

    public static TheoryData<string> Rows => Table.Names;

    [PeerTheory]
    [MemberData(nameof(Rows))]
    public Task Hostile_data(string row) => RunAsync(Table[row]);

    private static EndpointEnding ClosedByServer(int middleboxes) => middleboxes == 0
        ? new(Endings.Nothing, Endings.NoResponse, Endings.Whatever)
        : new(
            // Before it hears of the client's refusal, the middlebox may see the server go on.
            Endings.Or(Endings.Received(47), Endings.Report(DataAfterClose, 10)), Endings.Report(HttpMappingViolation, 47), Endings.Whatever);
}
