using static Tlmsp.Interop.Tests.Hostile.EndpointRows;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>A server that leaves out, repeats, reorders, splits or joins handshake messages (handshake.md §0.3, §7.1, §10.3).</summary>
public class HostileServerMessageTests(HostileLab lab) : HostileServer(lab), IClassFixture<HostileLab>
{
    internal static RowTable<EndpointRow> Table { get; } = new(
    [
        .. Handshake(
            Neighbour(UnexpectedHandshakeMessage, 10),
            "--skip cert", "--skip ske", "--skip ccs", "--dup cert", "--dup ske", "--dup shd", "--swap cert,ske", "--swap ske,shd", "--swap ccs,fin"),
        .. Handshake(Neighbour(UnexpectedHandshakeMessage, 10), "--skip fin", "--dup fin", "--swap fin,mf1").Through(1),
        .. Handshake(Neighbour(WrongMiddleboxId, 80), "--skip km1", "--dup km1", "--swap km1,kmp").Through(1),
        .. Handshake(Neighbour(WrongMiddleboxId, 80), "--skip km2", "--skip mf1", "--swap km1,km2", "--swap mf1,mf2").Through(2),
        .. Handshake(Neighbour(BadChangeCipherSpec, 47), "--dup ccs"),
        .. Data(Neighbour(Renegotiation, 10), "--dup fin").Through(0),
        .. Data(Neighbour(Renegotiation, 10), "--dup mf1").Through(1),

        // Only the client knows that something is missing, and only its patience ends that.
        .. Handshake(Silence, "--skip shd", "--skip kmp", "--swap kmp,ccs"),
        .. Handshake(Silence, "--skip fin").Through(0),
        .. Handshake(Silence, "--skip mf1").Through(1),

        // Records before ServerHello have no session id: what comes instead is taken for a message and is none.
        .. Handshake(
            Neighbour(FragmentedHandshakeMessage, 47).AttackerSees("refused 50", "closed"),
            "--skip sh", "--swap sh,cert", "--fragment sh", "--coalesce sh,cert"),
        .. Handshake(Neighbour(WrongSessionId, 50), "--dup sh"),

        // The client's answer to the first copy comes before its alert, and does not fit what the server has written down of its own messages.
        .. Handshake(Neighbour(UnexpectedHandshakeMessage, 10).AttackerSees("alert 10", "refused 51"), "--dup kmp"),

        // One message per record, also where there is no middlebox (handshake.md §0.3).
        .. Handshake(
            Neighbour(FragmentedHandshakeMessage, 47),
            "--fragment cert", "--fragment ske", "--fragment shd", "--fragment kmp", "--fragment fin", "--fragment creq --request-cert"),
        .. Handshake(Neighbour(FragmentedHandshakeMessage, 47), "--fragment km1", "--fragment mf1").Through(1),
        .. Handshake(Neighbour(CoalescedHandshakeMessages, 47), "--coalesce cert,ske", "--coalesce ske,shd"),
        .. Handshake(Neighbour(CoalescedHandshakeMessages, 47), "--coalesce km1,kmp", "--coalesce fin,mf1").Through(1),

        // Our client has no certificate, and says so when it is asked; a server that did not ask aloud gets no answer.
        .. Handshake(Harmless, "--request-cert").Through(0),
        .. Handshake(Neighbour(UnexpectedHandshakeMessage, 10), "--dup creq --request-cert", "--swap ske,creq --request-cert"),
        .. Handshake(Alerted(10, attacker: "refused 10"), "--skip creq --request-cert"),
    ]);

    public static TheoryData<string> Rows => Table.Names;

    [PeerTheory]
    [MemberData(nameof(Rows))]
    public Task Messages_out_of_order(string row) => RunAsync(Table[row]);
}
