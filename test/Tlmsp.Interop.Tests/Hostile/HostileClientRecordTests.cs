using static Tlmsp.Interop.Tests.Hostile.EndpointRows;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>A client that damages its records, ends the connection inside or after them, or gets the session id wrong (records-keys.md §1).</summary>
/// <remarks>
/// Records of the client. Directly: 0 ClientHello, 1 ClientKeyExchange, 2 KeyMaterial, 3 ChangeCipherSpec, 4 Finished, 5 head, 6 content,
/// 7 close_notify. Through a middlebox: 2 and 3 KeyMaterial, 4 ChangeCipherSpec, 5 Finished, 6 MiddleboxFinished, 7 head, 8 content.
/// </remarks>
public class HostileClientRecordTests(HostileLab lab) : HostileClient(lab), IClassFixture<HostileLab>
{
    internal static RowTable<EndpointRow> Table { get; } = new(
    [
        .. Handshake(Neighbour(DataBeforeFinished, 10).BeforeRouting(), "--corrupt 0:0"),
        .. Handshake(Neighbour(BadRecordVersion, 70).BeforeRouting(), "--corrupt 0:1"),
        .. Handshake(Harmless, "--corrupt 0:2"),      // any minor version until the hellos are through (records-keys.md §1.1)
        .. Handshake(Neighbour(UnexpectedHandshakeMessage, 10).BeforeRouting(), "--corrupt 0:5"),
        .. Handshake(Neighbour(TruncatedMessage, 50).BeforeRouting(), "--corrupt 0:-1"),
        // Another random than the client's own: it does not take the server's signature.
        .. Handshake(Alerted(51, attacker: "refused 51"), "--corrupt 0:20"),

        .. Handshake(Neighbour(DataBeforeFinished, 10), "--corrupt 1:0"),
        .. Handshake(Neighbour(BadRecordVersion, 70), "--corrupt 1:1", "--corrupt 1:2"),
        .. Handshake(Neighbour(FragmentedHandshakeMessage, 47), "--corrupt 1:4"),
        .. Handshake(Neighbour(WrongSessionId, 50), "--corrupt 1:5"),
        .. Handshake(Neighbour(UnexpectedHandshakeMessage, 10), "--corrupt 1:9"),
        .. Handshake(Neighbour(TruncatedMessage, 50), "--corrupt 1:13"),
        // Another key share is a good one as well; it only fits nothing that comes after it.
        .. Handshake(Neighbour(BadKeyMaterialTag, 80), "--corrupt 1:14", "--corrupt 1:-1", "--corrupt 2:-1"),
        .. Handshake(Neighbour(WrongMiddleboxId, 80), "--corrupt 2:13"),
        .. Handshake(Neighbour(BadChangeCipherSpec, 47), "--corrupt 3:-1").Through(0),
        .. Handshake(FarEnd(BadKeyMaterialTag, 80), "--corrupt 3:-1").Through(1),
        .. Handshake(Neighbour(BadChangeCipherSpec, 47), "--corrupt 4:-1").Through(1),
        .. Handshake(Neighbour(BadRecordTag, 20), "--corrupt 4:-1").Through(0),
        .. Handshake(Neighbour(UnknownRecordAuthor, 20), "--corrupt 4:9").Through(0),
        .. Handshake(Neighbour(BadRecordTag, 20), "--corrupt 5:-1", "--corrupt 6:-1").Through(1),
        .. Handshake(Neighbour(UnknownRecordAuthor, 20), "--corrupt 5:9").Through(1),

        .. Data(Neighbour(Renegotiation, 10), "--corrupt 5:0").Through(0),
        .. Data(Neighbour(WrongSessionId, 50), "--corrupt 5:5").Through(0),
        .. Data(Neighbour(DataInControlContext, 80), "--corrupt 5:9").Through(0),
        .. Data(Neighbour(BadFragmentTag, 177), "--corrupt 5:10", "--corrupt 5:30", "--corrupt 6:30").Through(0),
        .. Data(Neighbour(UnknownAuthor, 80), "--corrupt 5:14").Through(0),
        .. Data(Neighbour(BadWriterMac, 178), "--corrupt 5:-50", "--corrupt 6:-50").Through(0),
        .. Data(Neighbour(BadForwardingMac, 80), "--corrupt 5:-47").Through(0),
        .. Data(Neighbour(BadReaderCheckMac, 80), "--corrupt 5:-20").Through(0),
        .. Data(Neighbour(BadCheckMac, 80), "--corrupt 5:-1", "--corrupt 6:-1").Through(0),
        .. Data(Neighbour(BadCheckMac, 80).AfterRequest(), "--corrupt 7:-1").Through(0),
        // A middlebox that may only read finds what a reader can, no more (records-keys.md §4.3).
        .. Data(Neighbour(BadFragmentTag, 177), "--corrupt 7:30", "--corrupt 8:30").Through(1),
        .. Data(Neighbour(BadReaderCheckMac, 80), "--corrupt 7:-20").Through(1),
        .. Data(FarEnd(BadWriterMac, 178), "--corrupt 7:-50").Through(1),
        .. Data(FarEnd(BadWriterMac, 178), "--corrupt 9:-50").Through(2),
        .. Data(FarEnd(BadCheckMac, 80), "--corrupt 7:-1", "--corrupt 8:-1").Through(1),

        .. Handshake(((EndingWith)Cut).BeforeRouting(), "--cut 0:3", "--cut 0:60"),
        .. Handshake(Cut, "--cut 1:20", "--cut 2:20", "--cut 3:3", "--cut 4:5"),
        .. Handshake(Cut, "--cut 5:30", "--cut 6:30").Through(1),
        .. Data(Cut, "--cut 5:40", "--cut 6:100").Through(0),
        // The head was cut off: the server never learns of the request, only our middlebox of the rest of a record.
        .. Data(CutInsideFirstHead, "--cut 7:100").Through(1),
        .. Data(Cut, "--cut 8:100").Through(1),
        .. Handshake(Cut, "--stop-after 0", "--stop-after 1", "--stop-after 2", "--stop-after 3"),
        .. Handshake(Cut, "--stop-after 4", "--stop-after 5").Through(1),
        // Between messages a client may leave; inside one it is missed.
        .. Data(LeftBeforeRequest, "--stop-after 4").Through(0),
        .. Data(CutBetweenRecords, "--stop-after 5").Through(0),
        .. Data(LeftBeforeServerFinished, "--stop-after 6").Through(1),
        .. Data(CutBetweenRecords, "--stop-after 7").Through(1),
        .. Data(((EndingWith)LeftBeforeRequest).AfterRequest(), "--stop-after 6").Through(0),
        .. Data(((EndingWith)LeftBeforeRequest).AfterRequest(), "--stop-after 8").Through(1),

        .. Handshake(Neighbour(WrongSessionId, 50), "--wrong-sid", "--wrong-sid 1", "--wrong-sid 2", "--wrong-sid 3", "--wrong-sid 4"),
        .. Handshake(Neighbour(WrongSessionId, 50), "--wrong-sid 5", "--wrong-sid 6").Through(1),
        .. Data(Neighbour(WrongSessionId, 50), "--wrong-sid 5", "--wrong-sid 6").Through(0),
        .. Data(Neighbour(WrongSessionId, 50), "--wrong-sid 7").Through(1),
        .. Handshake(Harmless, "--no-sid 0"),      // ClientHello has none
        .. Handshake(Neighbour(WrongSessionId, 50), "--no-sid 1", "--no-sid 2"),
        .. Handshake(Neighbour(RecordTooShort, 50), "--no-sid 3").Through(0),
        .. Handshake(Neighbour(WrongSessionId, 50), "--no-sid 4").Through(0),
        .. Handshake(Neighbour(RecordTooShort, 50), "--no-sid 4").Through(1),
        .. Handshake(Neighbour(WrongSessionId, 50), "--no-sid 3", "--no-sid 5", "--no-sid 6").Through(1),
        .. Data(Neighbour(WrongSessionId, 50), "--no-sid 5", "--no-sid 6").Through(0),
        .. Data(Neighbour(WrongSessionId, 50), "--no-sid 7").Through(1),
    ]);

    public static TheoryData<string> Rows => Table.Names;

    [PeerTheory]
    [MemberData(nameof(Rows))]
    public Task Damaged_and_missing_records(string row) => RunAsync(Table[row]);

    private static EndpointEnding CutInsideFirstHead(int middleboxes) => new(Endings.Closed, Endings.Nothing, "closed");

    /// <summary>A middlebox may still wait for the server's last flight then.</summary>
    private static EndpointEnding LeftBeforeServerFinished(int middleboxes) =>
        new(Endings.Or(Endings.Nothing, Endings.Closed), Endings.Nothing, "closed");

    private static EndpointEnding LeftBeforeRequest(int middleboxes) => new(Endings.Nothing, Endings.Nothing, "closed");
}
