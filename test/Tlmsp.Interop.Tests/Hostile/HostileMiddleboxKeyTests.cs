using static Tlmsp.Interop.Tests.Hostile.MiddleboxRows;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>A middlebox that wants other rights or keys than it was given, or confirms something else (handshake.md §3.4, §5.3, §6.4).</summary>
public class HostileMiddleboxKeyTests(HostileLab lab) : HostileMiddlebox(lab), IClassFixture<HostileLab>
{
    internal static RowTable<MiddleboxRow> Table { get; } = new(
    [
        // It shows each end what that end wants to see: the confirmations do not fit what the other end granted.
        .. Handshake(ServerFinds(KeyConfirmationFault, 179), "--alter-grants 1=rw,2=rw", "--alter-grants 1=r"),
        .. Handshake(ServerFinds(KeyConfirmationFault, 179), "--alter-grants 1=r,2=r").Granted("1=rw,2=rw"),
        .. Handshake(ServerFinds(BadFinished, 51), "--replace-key-shares"),
        .. Handshake(BothEndsFind(BadMiddleboxKeyExchangeSignature, 80), "--bad-mke-signature"),
        .. Handshake(BothEndsFind(NoCommonSignatureScheme, 40), "--sigalg 0203"),      // ECDSA with SHA-1
        .. Handshake(BothEndsFind(GroupMismatch, 80), "--group p384"),

        .. Handshake(ServerFinds(BadKeyMaterialTag, 80), "--bad-kc tag"),
        .. Handshake(ServerFinds(KeyConfirmationFault, 179), "--bad-kc content", "--kc-omit 0", "--kc-omit 1", "--kc-omit 2"),
        .. Handshake(ServerFinds(BadMiddleboxFinished, 80), "--bad-mf"),
    ]);

    public static TheoryData<string> Rows => Table.Names;

    [PeerTheory]
    [MemberData(nameof(Rows))]
    public Task Wrong_rights_and_keys(string row) => RunAsync(Table[row]);
}
