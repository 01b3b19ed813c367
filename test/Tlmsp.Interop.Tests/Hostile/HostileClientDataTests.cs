using static Tlmsp.Interop.Tests.Hostile.EndpointRows;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>A client that breaks the rules after a good handshake: containers, alerts, and HTTP in the wrong context.</summary>
public class HostileClientDataTests(HostileLab lab) : HostileClient(lab), IClassFixture<HostileLab>
{
    internal static RowTable<EndpointRow> Table { get; } = new(
    [
        .. EndpointDataRows.Create("--body", "--send 2:", "01"),

        // Whoever has closed has nothing more to say: no request is taken after that.
        .. Data(ClosedByClient, "--send-alert 1:0"),
        .. Data(Harmless, "--no-close-notify"),
    ]);

    public static TheoryData<string> Rows => Table.Names;

    [PeerTheory]
    [MemberData(nameof(Rows))]
    public Task Hostile_data(string row) => RunAsync(Table[row]);

    /// <summary>The server takes its leave as well; a middlebox may see the client go on before that.</summary>
    private static EndpointEnding ClosedByClient(int middleboxes) => middleboxes == 0
        ? new(Endings.Nothing, Endings.Nothing, Endings.Whatever)
        : new(
            Endings.Or(Endings.Report(DataAfterClose, 10), Endings.Nothing), Endings.Or(Endings.Received(10), Endings.Nothing), Endings.Whatever);
}
