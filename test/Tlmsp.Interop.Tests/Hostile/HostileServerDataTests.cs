using static Tlmsp.Interop.Tests.Hostile.EndpointRows;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>A server that breaks the rules after a good handshake: containers, alerts, and HTTP in the wrong context.</summary>
public class HostileServerDataTests(HostileLab lab) : HostileServer(lab), IClassFixture<HostileLab>
{
    internal static RowTable<EndpointRow> Table { get; } = new(
    [
        .. EndpointDataRows.Create("--page", "--reply GET 2:", "00"),

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
