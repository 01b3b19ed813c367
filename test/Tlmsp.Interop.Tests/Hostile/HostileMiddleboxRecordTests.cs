using static Tlmsp.Interop.Tests.Hostile.MiddleboxRows;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>A middlebox that damages records, ends its connections inside or after them, or gets the session id wrong (records-keys.md §1).</summary>
/// <remarks>
/// Its records as the only middlebox. To the client: 0 ServerHello, 1 Certificate, 2 ServerKeyExchange, 3 ServerHelloDone, 4 to 7 its own
/// four, 8 KeyConfirmation, 9 KeyMaterial, 10 ChangeCipherSpec, 11 Finished, 12 MiddleboxFinished, 13 head, 14 content. To the server:
/// 0 ClientHello, 1 to 4 its own four, 5 ClientKeyExchange, 6 KeyConfirmation, 7 KeyMaterial, 8 ChangeCipherSpec, 9 Finished,
/// 10 MiddleboxFinished, 11 head, 12 content.
/// </remarks>
public class HostileMiddleboxRecordTests(HostileLab lab) : HostileMiddlebox(lab), IClassFixture<HostileLab>
{
    private const string ToServer = " --fault-dir c2s";
    private const string ToClient = " --fault-dir s2c";

    internal static RowTable<MiddleboxRow> Table { get; } = new(((IEnumerable<MiddleboxRow>)
    [
        .. Handshake(ClientFinds(MiddleboxListMismatch, 50), "--corrupt 0:-1" + ToClient).On("p", "po"),
        .. Handshake(ClientFinds(UntrustedCertificate, 48), "--corrupt 1:-1" + ToClient),
        .. Handshake(ClientFinds(BadServerKeyExchangeSignature, 51), "--corrupt 2:-1" + ToClient),
        .. Handshake(ClientFinds(FragmentedHandshakeMessage, 47), "--corrupt 3:-1" + ToClient),
        .. Handshake(ClientFinds(CoalescedHandshakeMessages, 47), "--corrupt 4:12" + ToClient),
        .. Handshake(ClientFinds(BadMiddleboxHello, 80), "--corrupt 4:-1" + ToClient),
        .. Handshake(ClientFinds(UntrustedCertificate, 48), "--corrupt 5:-1" + ToClient),
        .. Handshake(ClientFinds(BadMiddleboxKeyExchangeSignature, 80), "--corrupt 6:-1" + ToClient),
        .. Handshake(ClientFinds(WrongMiddleboxId, 80), "--corrupt 7:-1" + ToClient),
        .. Handshake(ClientFinds(BadKeyMaterialTag, 80), "--corrupt 8:-1" + ToClient, "--corrupt 9:-1" + ToClient),
        .. Handshake(ClientFinds(BadChangeCipherSpec, 47), "--corrupt 10:-1" + ToClient),
        .. Handshake(ClientFinds(BadRecordTag, 20), "--corrupt 11:-1" + ToClient, "--corrupt 12:-1" + ToClient),
        .. Handshake(ClientFinds(UnknownRecordAuthor, 20), "--corrupt 11:9" + ToClient),
        .. Data(ClientFinds(BadCheckMac, 80).AfterRequest(), "--corrupt 13:-1" + ToClient, "--corrupt 14:-1" + ToClient),
        .. Data(ClientFinds(BadFragmentTag, 177).AfterRequest(), "--corrupt 13:30" + ToClient),
        .. Data(ClientFinds(BadWriterMac, 178).AfterRequest(), "--corrupt 13:-50" + ToClient),

        .. Handshake(ServerFinds(ContextsRefused, 175), "--corrupt 0:-1" + ToServer),
        .. Handshake(ServerFinds(DataBeforeFinished, 10), "--corrupt 0:0" + ToServer),
        .. Handshake(ServerFinds(BadMiddleboxHello, 80), "--corrupt 1:-1" + ToServer),
        .. Handshake(ServerFinds(UntrustedCertificate, 48), "--corrupt 2:-1" + ToServer),
        .. Handshake(ServerFinds(BadMiddleboxKeyExchangeSignature, 80), "--corrupt 3:-1" + ToServer),
        .. Handshake(ServerFinds(WrongMiddleboxId, 80), "--corrupt 4:-1" + ToServer),
        // Another key share is a good one as well; it only fits nothing that comes after it.
        .. Handshake(
            ServerFinds(BadKeyMaterialTag, 80), "--corrupt 5:-1" + ToServer, "--corrupt 6:-1" + ToServer, "--corrupt 7:-1" + ToServer),
        .. Handshake(ServerFinds(BadChangeCipherSpec, 47), "--corrupt 8:-1" + ToServer),
        .. Handshake(ServerFinds(BadRecordTag, 20), "--corrupt 9:-1" + ToServer, "--corrupt 10:-1" + ToServer),
        .. Data(ServerFinds(BadCheckMac, 80), "--corrupt 11:-1" + ToServer, "--corrupt 12:-1" + ToServer),
        .. Data(ServerFinds(BadFragmentTag, 177), "--corrupt 11:30" + ToServer),
        .. Data(ServerFinds(BadWriterMac, 178), "--corrupt 12:-50" + ToServer),

        .. Handshake(Gone, Each("--cut {0}:8" + ToClient, 0, 10)),
        .. Handshake(Gone, "--cut 11:20" + ToClient, "--cut 12:20" + ToClient),
        .. Data(((EndingOn)GoneInData).AfterRequest(), "--cut 13:20" + ToClient, "--cut 14:20" + ToClient),
        .. Handshake(Gone, Each("--cut {0}:8" + ToServer, 1, 8)),
        .. Handshake(Gone, "--cut 9:20" + ToServer, "--cut 10:20" + ToServer),
        .. Data(GoneInData, "--cut 11:20" + ToServer, "--cut 12:20" + ToServer),
        .. Handshake(Gone, Each("--stop-after {0}" + ToClient, 0, 11)),
        .. Data(GoneInData, "--stop-after 12" + ToClient),
        .. Data(((EndingOn)GoneInData).AfterRequest(), "--stop-after 13" + ToClient),
        .. Data(GoneAfterResponse, "--stop-after 14" + ToClient),
        .. Handshake(Gone, Each("--stop-after {0}" + ToServer, 1, 10)),
        .. Data(GoneInData, "--stop-after 11" + ToServer),

        .. Handshake(ClientFinds(WrongSessionId, 50), Each("--wrong-sid {0}" + ToClient, 1, 12)),
        .. Data(ClientFinds(WrongSessionId, 50).AfterRequest(), "--wrong-sid 13" + ToClient, "--wrong-sid 14" + ToClient),
        .. Handshake(ServerFinds(WrongSessionId, 50), Each("--wrong-sid {0}" + ToServer, 1, 10)),
        .. Data(ServerFinds(WrongSessionId, 50), "--wrong-sid 11" + ToServer, "--wrong-sid 12" + ToServer),
        .. Handshake(Harmless, "--no-sid 0"),      // the hellos have none
        .. Handshake(ClientFinds(WrongSessionId, 50), Each("--no-sid {0}" + ToClient, 1, 9)),
        .. Handshake(ClientFinds(RecordTooShort, 50), "--no-sid 10" + ToClient),
        .. Handshake(ClientFinds(WrongSessionId, 50), "--no-sid 11" + ToClient, "--no-sid 12" + ToClient),
        .. Data(ClientFinds(WrongSessionId, 50).AfterRequest(), "--no-sid 13" + ToClient, "--no-sid 14" + ToClient),
        .. Handshake(ServerFinds(WrongSessionId, 50), Each("--no-sid {0}" + ToServer, 1, 7)),
        .. Handshake(ServerFinds(RecordTooShort, 50), "--no-sid 8" + ToServer),
        .. Handshake(ServerFinds(WrongSessionId, 50), "--no-sid 9" + ToServer, "--no-sid 10" + ToServer),
        .. Data(ServerFinds(WrongSessionId, 50), "--no-sid 11" + ToServer),
    ]).Select(row => row.Paths.Length == 3 ? row with { Paths = ["p"] } : row));

    public static TheoryData<string> Rows => Table.Names;

    [PeerTheory]
    [MemberData(nameof(Rows))]
    public Task Damaged_and_missing_records(string row) => RunAsync(Table[row]);

    /// <summary>The response is complete: that the connection ends without close_notify takes nothing from it.</summary>
    private static MiddleboxEnding GoneAfterResponse(string path) =>
        GoneInData(path) with { Client = Endings.Success, Served = "/echo", Server = Endings.Or(Endings.Closed, Endings.Nothing) };

    private static string[] Each(string format, int first, int last) =>
        [.. Enumerable.Range(first, last - first + 1).Select(record => string.Format(System.Globalization.CultureInfo.InvariantCulture, format, record))];
}
