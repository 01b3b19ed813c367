using static Tlmsp.Interop.Tests.Hostile.EndpointRows;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>A client whose Finished values or key contributions are wrong, missing, repeated or too many (handshake.md §5.3, §6, §10.3).</summary>
public class HostileClientKeyTests(HostileLab lab) : HostileClient(lab), IClassFixture<HostileLab>
{
    internal static RowTable<EndpointRow> Table { get; } = new(
    [
        .. Handshake(FarEnd(BadFinished, 51), "--bad-finished").Through(0, 1, 2),
        .. Handshake(Neighbour(BadMiddleboxFinished, 80), "--bad-mf", "--bad-mf 1").Through(1, 2),
        // The one for the middlebox behind passes the one in front.
        .. Handshake(Further(BadMiddleboxFinished, 80), "--bad-mf 2").Through(2),

        .. Handshake(Neighbour(BadKeyMaterialTag, 80), "--bad-km km1:tag").Through(1, 2),
        .. Handshake(Further(BadKeyMaterialTag, 80), "--bad-km km2:tag").Through(2),
        .. Handshake(FarEnd(BadKeyMaterialTag, 80), "--bad-km kmp:tag"),
        // Sealed well, but not the same for all: the confirmations show it to the server.
        .. Handshake(FarEnd(KeyConfirmationFault, 179), "--bad-km km1:content", "--bad-km kmp:content").Through(1),
        .. Handshake(FarEnd(KeyConfirmationFault, 179), "--bad-km km2:content").Through(2),
        // Without a middlebox the keys differ: the first protected record shows it.
        .. Handshake(FarEnd(BadRecordTag, 20), "--bad-km kmp:content").Through(0),

        // The reference takes zeros for what is missing, and half of the secret with it (handshake.md §5.3).
        .. Handshake(
            Neighbour(MissingContribution, 80),
            "--km-omit 0", "--km-omit 1", "--km-omit 2", "--km-empty 0", "--km-empty 1", "--km-empty 2").Through(0, 1, 2),
        .. Handshake(Neighbour(RepeatedContribution, 80), "--km-twice 1", "--km-twice 2").Through(0, 1, 2),
        .. Handshake(Neighbour(ExcessContribution, 80), "--km-excess").Through(1, 2),
        .. Handshake(Harmless, "--km-excess").Through(0),      // the server may have everything
    ]);

    public static TheoryData<string> Rows => Table.Names;

    [PeerTheory]
    [MemberData(nameof(Rows))]
    public Task Wrong_keys_and_Finished(string row) => RunAsync(Table[row]);
}
