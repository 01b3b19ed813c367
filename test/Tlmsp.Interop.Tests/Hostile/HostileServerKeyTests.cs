using static Tlmsp.Interop.Tests.Hostile.EndpointRows;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>A server whose Finished values or key contributions are wrong, missing, repeated or too many (handshake.md §5.3, §6, §10.3).</summary>
public class HostileServerKeyTests(HostileLab lab) : HostileServer(lab), IClassFixture<HostileLab>
{
    internal static RowTable<EndpointRow> Table { get; } = new(
    [
        .. Handshake(FarEnd(BadFinished, 51), "--bad-finished").Through(0, 1, 2),
        .. Handshake(Neighbour(BadMiddleboxFinished, 80), "--bad-mf", "--bad-mf 1").Through(1),
        .. Handshake(Neighbour(BadMiddleboxFinished, 80), "--bad-mf 2").Through(2),
        // The one for the middlebox in front passes the one behind.
        .. Handshake(Further(BadMiddleboxFinished, 80), "--bad-mf 1").Through(2),

        .. Handshake(Neighbour(BadKeyMaterialTag, 80), "--bad-km km1:tag").Through(1),
        .. Handshake(Neighbour(BadKeyMaterialTag, 80), "--bad-km km2:tag").Through(2),
        .. Handshake(FarEnd(BadKeyMaterialTag, 80), "--bad-km kmp:tag"),
        // Sealed well, but not the same for all: the confirmations show it to the client.
        .. Handshake(FarEnd(KeyConfirmationFault, 179), "--bad-km km1:content", "--bad-km kmp:content").Through(1),
        .. Handshake(FarEnd(KeyConfirmationFault, 179), "--bad-km km2:content").Through(2),
        // Without a middlebox the keys differ, and the server is the first to see a record that it cannot open.
        .. Handshake(Alerted(20, attacker: "refused 20"), "--bad-km kmp:content").Through(0),

        // The reference takes zeros for what is missing, and half of the secret with it (handshake.md §5.3).
        .. Handshake(
            EveryNeighbour(MissingContribution, 80),
            "--km-omit 0", "--km-omit 1", "--km-omit 2", "--km-empty 0", "--km-empty 1", "--km-empty 2").Through(0, 1, 2),
        .. Handshake(EveryNeighbour(RepeatedContribution, 80), "--km-twice 1", "--km-twice 2").Through(0, 1, 2),
        .. Handshake(EveryNeighbour(ExcessContribution, 80), "--km-excess").Through(1, 2),
        .. Handshake(Harmless, "--km-excess").Through(0),      // the client may have everything
    ]);

    public static TheoryData<string> Rows => Table.Names;

    [PeerTheory]
    [MemberData(nameof(Rows))]
    public Task Wrong_keys_and_Finished(string row) => RunAsync(Table[row]);
}
