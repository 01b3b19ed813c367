using static Tlmsp.Interop.Tests.Hostile.MiddleboxRows;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>A middlebox that spoils the end of the handshake: ChangeCipherSpec, Finished, MiddleboxFinished (handshake.md §6).</summary>
public class HostileMiddleboxFinishedTests(HostileLab lab) : HostileMiddlebox(lab), IClassFixture<HostileLab>
{
    internal static RowTable<MiddleboxRow> Table { get; } = new(
    [
        .. Handshake(NextToServer(UnexpectedHandshakeMessage, 10), "--skip ccs --fault-dir c2s", "--skip fin --fault-dir c2s", "--dup fin --fault-dir c2s"),
        .. Handshake(NextToClient(UnexpectedHandshakeMessage, 10), "--skip ccs --fault-dir s2c", "--skip fin --fault-dir s2c", "--dup fin --fault-dir s2c"),
        .. Handshake(NextToServer(BadChangeCipherSpec, 47), "--dup ccs --fault-dir c2s"),
        .. Handshake(NextToClient(BadChangeCipherSpec, 47), "--dup ccs --fault-dir s2c"),
        .. Handshake(NextToServer(FragmentedHandshakeMessage, 47), "--fragment fin --fault-dir c2s", "--fragment mf --fault-dir c2s"),
        .. Handshake(NextToClient(FragmentedHandshakeMessage, 47), "--fragment fin --fault-dir s2c", "--fragment mf --fault-dir s2c"),
        .. Handshake(NextToServer(UnexpectedHandshakeMessage, 10), "--swap fin,mf --fault-dir c2s", "--swap ccs,fin --fault-dir c2s"),
        .. Handshake(NextToClient(UnexpectedHandshakeMessage, 10), "--swap fin,mf --fault-dir s2c", "--swap ccs,fin --fault-dir s2c"),
        .. Handshake(NextToServer(CoalescedHandshakeMessages, 47), "--coalesce fin,mf --fault-dir c2s").On("p"),
        .. Handshake(NextToClient(CoalescedHandshakeMessages, 47), "--coalesce fin,mf --fault-dir s2c").On("p"),

        // The last one is missed by nobody but time; one in between is.
        .. Handshake(Silence, "--skip mf --fault-dir c2s", "--skip mf --fault-dir s2c").On("p", "op"),
        .. Handshake(NextToServer(WrongMiddleboxId, 80), "--skip mf --fault-dir c2s", "--dup mf --fault-dir c2s").On("po"),
        .. Handshake(ClientFinds(WrongMiddleboxId, 80), "--skip mf --fault-dir s2c", "--dup mf --fault-dir s2c").On("po"),
        .. Data(NextToServer(Renegotiation, 10), "--dup mf --fault-dir c2s").On("p", "op"),
        .. Data(NextToClient(Renegotiation, 10).PerhapsAfterRequest(), "--dup mf --fault-dir s2c").On("p", "op"),

        .. Handshake(ServerFinds(WrongMiddleboxId, 80), "--skip mf-other --fault-dir c2s", "--dup mf-other --fault-dir c2s").On("op"),
        .. Handshake(NextToClient(WrongMiddleboxId, 80), "--skip mf-other --fault-dir s2c", "--dup mf-other --fault-dir s2c").On("op"),
        .. Handshake(Silence, "--skip mf-other --fault-dir c2s", "--skip mf-other --fault-dir s2c").On("po"),
        .. Data(NextToServer(Renegotiation, 10), "--dup mf-other --fault-dir c2s").On("po"),
        .. Data(ClientFinds(Renegotiation, 10).PerhapsAfterRequest(), "--dup mf-other --fault-dir s2c").On("po"),
        .. Handshake(NextToServer(FragmentedHandshakeMessage, 47), "--fragment mf-other --fault-dir c2s").On("op", "po"),
        .. Handshake(NextToClient(FragmentedHandshakeMessage, 47), "--fragment mf-other --fault-dir s2c").On("op", "po"),
    ]);

    public static TheoryData<string> Rows => Table.Names;

    [PeerTheory]
    [MemberData(nameof(Rows))]
    public Task Spoilt_end_of_the_handshake(string row) => RunAsync(Table[row]);
}
