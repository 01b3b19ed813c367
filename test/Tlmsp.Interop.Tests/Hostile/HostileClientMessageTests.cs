using static Tlmsp.Interop.Tests.Hostile.EndpointRows;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>A client that leaves out, repeats, reorders, splits or joins handshake messages (handshake.md §0.3, §7.2, §10.3).</summary>
public class HostileClientMessageTests(HostileLab lab) : HostileClient(lab), IClassFixture<HostileLab>
{
    internal static RowTable<EndpointRow> Table { get; } = new(
    [
        .. Handshake(Neighbour(UnexpectedHandshakeMessage, 10), "--skip cke", "--skip ccs", "--dup cke", "--swap ccs,fin"),
        .. Handshake(Neighbour(UnexpectedHandshakeMessage, 10), "--swap cke,kmp").Through(0),
        .. Handshake(Neighbour(UnexpectedHandshakeMessage, 10), "--skip fin", "--dup fin", "--swap cke,km1", "--swap fin,mf1").Through(1),
        .. Handshake(Neighbour(WrongMiddleboxId, 80), "--skip km1", "--dup km1", "--swap km1,kmp").Through(1),
        .. Handshake(Neighbour(WrongMiddleboxId, 80), "--skip km1", "--skip km2", "--skip mf1", "--swap km1,km2", "--swap mf1,mf2").Through(2),
        .. Handshake(Neighbour(BadChangeCipherSpec, 47), "--dup ccs"),
        .. Handshake(Neighbour(UnexpectedHandshakeMessage, 10), "--dup kmp"),
        // The server's ServerHello is on its way when the second hello comes: its record should have a session id by then.
        .. Handshake(Neighbour(WrongSessionId, 50), "--dup ch").Through(0),
        .. Handshake(SecondHello, "--dup ch").Through(1),
        // The handshake is complete with the first copy; what the client has written down of its own messages fits nothing.
        .. Data(Neighbour(Renegotiation, 10).AttackerSees("refused 51"), "--dup fin").Through(0),
        .. Data(Neighbour(Renegotiation, 10), "--dup mf1").Through(1),

        .. Handshake(Neighbour(FragmentedHandshakeMessage, 47), "--fragment cke", "--fragment kmp", "--fragment fin"),
        .. Handshake(Neighbour(FragmentedHandshakeMessage, 47).BeforeRouting(), "--fragment ch"),
        .. Handshake(Neighbour(FragmentedHandshakeMessage, 47), "--fragment km1", "--fragment mf1").Through(1),
        .. Handshake(Neighbour(CoalescedHandshakeMessages, 47), "--coalesce cke,kmp").Through(0),
        .. Handshake(Neighbour(CoalescedHandshakeMessages, 47), "--coalesce cke,km1", "--coalesce km1,kmp", "--coalesce fin,mf1").Through(1),
    ]);

    public static TheoryData<string> Rows => Table.Names;

    [PeerTheory]
    [MemberData(nameof(Rows))]
    public Task Messages_out_of_order(string row) => RunAsync(Table[row]);

    /// <summary>A middlebox may have both before it is connected to the server, or the second after it has passed ServerHello on.</summary>
    private static EndpointEnding SecondHello(int middleboxes) => new(
        Endings.Or(Endings.Report(UnexpectedHandshakeMessage, 10), Endings.Report(WrongSessionId, 50)),
        Endings.Or(Endings.Nothing, Endings.Received(10), Endings.Received(50)), Endings.Or("alert 10", "alert 50"));
}

/// <summary>A client that says less than it must and waits: the patience of the first of our parties ends that.</summary>
public class SilentClientTests(ImpatientLab lab) : HostileClient(lab), IClassFixture<ImpatientLab>
{
    internal static RowTable<EndpointRow> Table { get; } = new(
    [
        .. Handshake(NeighbourGivesUp, "--skip kmp", "--swap kmp,ccs"),
        .. Handshake(((EndingWith)NeighbourGivesUp).BeforeRouting(), "--skip ch", "--corrupt 0:4:2"),
        .. Handshake(NeighbourGivesUp, "--skip fin").Through(0),
        .. Handshake(NeighbourGivesUp, "--skip mf1").Through(1),
    ]);

    public static TheoryData<string> Rows => Table.Names;

    [PeerTheory]
    [MemberData(nameof(Rows))]
    public Task Messages_that_never_come(string row) => RunAsync(Table[row]);
}
