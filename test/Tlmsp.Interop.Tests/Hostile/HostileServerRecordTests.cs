using static Tlmsp.Interop.Tests.Hostile.EndpointRows;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>A server that damages its records, ends the connection inside or after them, or gets the session id wrong (records-keys.md §1).</summary>
/// <remarks>
/// Records of the server. Directly: 0 ServerHello, 1 Certificate, 2 ServerKeyExchange, 3 ServerHelloDone, 4 KeyMaterial, 5 ChangeCipherSpec,
/// 6 Finished, 7 head, 8 content. Through a middlebox: 4 and 5 KeyMaterial, 6 ChangeCipherSpec, 7 Finished, 8 MiddleboxFinished, 9 head,
/// 10 content. A record is type, version (2), length (2), session id (4), body.
/// </remarks>
public class HostileServerRecordTests(HostileLab lab) : HostileServer(lab), IClassFixture<HostileLab>
{
    internal static RowTable<EndpointRow> Table { get; } = new(
    [
        // A ServerHello that is refused: the alert goes out in the clear, which the server does not expect any more (handshake.md §10.1).
        .. Handshake(Neighbour(TruncatedMessage, 50).AttackerSees("refused 50", "closed"), "--corrupt 0:-1").Through(0),
        .. Handshake(FarEnd(MiddleboxListMismatch, 50), "--corrupt 0:-1").Through(1),
        .. Handshake(Neighbour(DataBeforeFinished, 10).AttackerSees("refused 50", "closed"), "--corrupt 0:0"),
        .. Handshake(Neighbour(BadRecordVersion, 70).AttackerSees("refused 50", "closed"), "--corrupt 0:1"),
        .. Handshake(Neighbour(BadRecordVersion, 70).AttackerSees("refused 50", "closed"), "--corrupt 0:2").Through(1),
        .. Handshake(Neighbour(UnexpectedHandshakeMessage, 10).AttackerSees("refused 50", "closed"), "--corrupt 0:5"),
        .. Handshake(Neighbour(SuiteNotOffered, 47).AttackerSees("refused 50", "closed"), "--corrupt 0:45"),
        // The minor version of the first record that a client receives means nothing (records-keys.md §1.1).
        .. Handshake(Harmless, "--corrupt 0:2").Through(0),

        .. Handshake(Neighbour(DataBeforeFinished, 10), "--corrupt 1:0"),
        .. Handshake(Neighbour(UnknownRecordType, 10), "--corrupt 1:0:0xff"),
        .. Handshake(Neighbour(BadRecordVersion, 70), "--corrupt 1:1", "--corrupt 1:2", "--corrupt 6:2"),
        .. Handshake(Neighbour(FragmentedHandshakeMessage, 47), "--corrupt 1:3", "--corrupt 3:-1"),
        .. Handshake(Neighbour(UnexpectedHandshakeMessage, 10), "--corrupt 1:9", "--corrupt 3:9"),
        .. Handshake(Neighbour(UntrustedCertificate, 48), "--corrupt 1:-1"),
        .. Handshake(Neighbour(BadServerKeyExchangeSignature, 51), "--corrupt 2:20", "--corrupt 2:-1"),
        .. Handshake(Neighbour(BadKeyMaterialTag, 80), "--corrupt 4:-1"),
        .. Handshake(Neighbour(WrongMiddleboxId, 80), "--corrupt 4:13"),
        .. Handshake(FarEnd(BadKeyMaterialTag, 80), "--corrupt 5:-1").Through(1),
        .. Handshake(Neighbour(BadChangeCipherSpec, 47), "--corrupt 5:-1").Through(0),
        .. Handshake(Neighbour(BadChangeCipherSpec, 47), "--corrupt 6:-1").Through(1),
        .. Handshake(Neighbour(DataBeforeFinished, 10), "--corrupt 6:0").Through(0),
        .. Handshake(Neighbour(MalformedAlert, 50), "--corrupt 6:0").Through(1),
        .. Handshake(Neighbour(EmptyRecord, 50), "--corrupt 6:4").Through(1),
        .. Handshake(Silence, "--corrupt 6:4").Through(0),
        .. Handshake(Neighbour(BadRecordTag, 20), "--corrupt 6:-1").Through(0),
        .. Handshake(Neighbour(UnknownRecordAuthor, 20), "--corrupt 6:9").Through(0),
        .. Handshake(Neighbour(BadRecordTag, 20), "--corrupt 7:-1", "--corrupt 8:-1").Through(1),

        .. Data(Neighbour(Renegotiation, 10), "--corrupt 7:0").Through(0),
        .. Data(Neighbour(BadRecordVersion, 70), "--corrupt 7:2").Through(0),
        .. Data(Neighbour(MalformedContainer, 50), "--corrupt 7:4").Through(0),
        .. Data(Neighbour(WrongSessionId, 50), "--corrupt 7:5").Through(0),
        .. Data(Neighbour(DataInControlContext, 80), "--corrupt 7:9").Through(0),
        .. Data(Neighbour(BadFragmentTag, 177), "--corrupt 7:10", "--corrupt 7:30").Through(0),
        .. Data(Neighbour(UnknownAuthor, 80), "--corrupt 7:14").Through(0),
        .. Data(Neighbour(BadWriterMac, 178), "--corrupt 7:-50").Through(0),
        .. Data(Neighbour(BadForwardingMac, 80), "--corrupt 7:-47").Through(0),
        .. Data(Neighbour(BadReaderCheckMac, 80), "--corrupt 7:-20").Through(0),
        .. Data(Neighbour(BadCheckMac, 80), "--corrupt 7:-1", "--corrupt 8:-1").Through(0),
        // A middlebox that may only read finds what a reader can, no more (records-keys.md §4.3).
        .. Data(Neighbour(BadFragmentTag, 177), "--corrupt 9:30", "--corrupt 10:30").Through(1),
        .. Data(Neighbour(BadReaderCheckMac, 80), "--corrupt 9:-20").Through(1),
        .. Data(FarEnd(BadWriterMac, 178), "--corrupt 9:-50").Through(1),
        .. Data(FarEnd(BadCheckMac, 80), "--corrupt 9:-1", "--corrupt 10:-1").Through(1),

        .. Handshake(ServerGone, "--cut 0:3", "--cut 1:20", "--cut 2:20", "--cut 3:8", "--cut 4:50", "--cut 5:9"),
        .. Handshake(ServerGone, "--cut 6:30").Through(0),
        .. Handshake(ServerGone, "--cut 6:9", "--cut 7:30", "--cut 8:30").Through(1),
        .. Data(Cut, "--cut 7:0", "--cut 7:40", "--cut 8:100").Through(0),
        .. Data(Cut, "--cut 9:40", "--cut 10:40").Through(1),
        .. Handshake(ServerGone, "--stop-after 0", "--stop-after 1", "--stop-after 2", "--stop-after 3", "--stop-after 4", "--stop-after 5"),
        .. Handshake(ServerGone, "--stop-after 6", "--stop-after 7").Through(1),
        .. Data(CutBetweenRecords, "--stop-after 6", "--stop-after 7").Through(0),
        .. Data(CutBetweenRecords, "--stop-after 8", "--stop-after 9").Through(1),
        .. Data(((EndingWith)Harmless).AttackerSees("closed"), "--stop-after 8").Through(0),
        .. Data(((EndingWith)Harmless).AttackerSees("closed"), "--stop-after 10").Through(1),

        .. Handshake(
            Neighbour(WrongSessionId, 50),
            "--wrong-sid", "--wrong-sid 1", "--wrong-sid 2", "--wrong-sid 3", "--wrong-sid 4", "--wrong-sid 5", "--wrong-sid 6"),
        .. Handshake(Neighbour(WrongSessionId, 50), "--wrong-sid 7", "--wrong-sid 8").Through(1),
        .. Data(Neighbour(WrongSessionId, 50), "--wrong-sid 7", "--wrong-sid 8").Through(0),
        .. Data(Neighbour(WrongSessionId, 50), "--wrong-sid 9").Through(1),
        .. Handshake(Harmless, "--no-sid 0"),      // ServerHello has none
        .. Handshake(Neighbour(WrongSessionId, 50), "--no-sid 1", "--no-sid 2", "--no-sid 3", "--no-sid 4"),
        .. Handshake(Neighbour(RecordTooShort, 50), "--no-sid 5").Through(0),
        .. Handshake(Neighbour(WrongSessionId, 50), "--no-sid 6").Through(0),
        .. Handshake(Neighbour(RecordTooShort, 50), "--no-sid 6").Through(1),
        .. Handshake(Neighbour(WrongSessionId, 50), "--no-sid 5", "--no-sid 7", "--no-sid 8").Through(1),
        .. Data(Neighbour(WrongSessionId, 50), "--no-sid 7", "--no-sid 8").Through(0),
        .. Data(Neighbour(WrongSessionId, 50), "--no-sid 9").Through(1),
    ]);

    public static TheoryData<string> Rows => Table.Names;

    [PeerTheory]
    [MemberData(nameof(Rows))]
    public Task Damaged_and_missing_records(string row) => RunAsync(Table[row]);
}
