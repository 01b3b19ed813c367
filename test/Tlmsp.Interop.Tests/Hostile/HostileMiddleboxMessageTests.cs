using static Tlmsp.Interop.Tests.Hostile.MiddleboxRows;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>A middlebox that leaves out, repeats, reorders, splits or joins messages, its own and others' (handshake.md §1.3, §7.3, §10.3).</summary>
public class HostileMiddleboxMessageTests(HostileLab lab) : HostileMiddlebox(lab), IClassFixture<HostileLab>
{
    internal static RowTable<MiddleboxRow> Table { get; } = new(
    [
        // Messages of the server, which pass to the client.
        .. Handshake(NextToClient(UnexpectedHandshakeMessage, 10), "--skip cert", "--skip ske", "--skip shd", "--dup cert", "--dup ske", "--dup shd"),
        .. Handshake(NextToClient(FragmentedHandshakeMessage, 47), "--fragment cert", "--fragment ske", "--fragment shd"),
        // The alert of a client that refuses ServerHello is one in the clear, which the attacker does not expect any more.
        .. Handshake(
            NextToClient(FragmentedHandshakeMessage, 47).OrAttackerRefuses(50),
            "--skip sh", "--fragment sh", "--swap sh,cert", "--coalesce sh,cert"),
        .. Handshake(NextToClient(WrongSessionId, 50), "--dup sh"),
        .. Handshake(NextToClient(UnexpectedHandshakeMessage, 10), "--swap cert,ske", "--swap shd,mh --fault-dir s2c"),
        .. Handshake(NextToClient(CoalescedHandshakeMessages, 47), "--coalesce cert,ske"),

        // Messages of the client, which pass to the server.
        .. Handshake(Silence, "--skip ch").On("p"),
        .. Handshake(NextToServer(UnexpectedHandshakeMessage, 10), "--skip cke", "--dup cke"),
        .. Handshake(NextToServer(FragmentedHandshakeMessage, 47).BeforeRouting(), "--fragment ch"),
        .. Handshake(NextToServer(FragmentedHandshakeMessage, 47), "--fragment cke"),
        .. Handshake(NextToServer(WrongSessionId, 50), "--dup ch").On("p", "op"),
        .. Handshake(NextToServer(UnexpectedHandshakeMessage, 10), "--swap cke,kc --fault-dir c2s"),
        .. Handshake(NextToServer(CoalescedHandshakeMessages, 47), "--coalesce cke,kc --fault-dir c2s").On("p"),

        // Its own four messages, which go both ways.
        .. Own(["mh", "mc", "mke"], name => $"--skip {name}", UnexpectedHandshakeMessage, 10),
        .. Own(["mh", "mc", "mke", "mhd"], name => $"--dup {name}", UnexpectedHandshakeMessage, 10),
        .. Own(["mh", "mc", "mke", "mhd"], name => $"--fragment {name}", FragmentedHandshakeMessage, 47),
        .. Own(["mh,mc", "mc,mke", "mke,mhd"], names => $"--swap {names}", UnexpectedHandshakeMessage, 10),
        .. Own(["mh,mc", "mc,mke", "mke,mhd"], names => $"--coalesce {names}", CoalescedHandshakeMessages, 47),
        .. Handshake(Silence, "--skip mhd --fault-dir s2c").On("p", "op"),
        .. Handshake(NextToServer(UnexpectedHandshakeMessage, 10), "--skip mhd --fault-dir c2s"),

        // Those of other middleboxes: from the front to the server, from the back to the client.
        .. Others(["mh", "mc", "mke", "mhd"], name => $"--dup {name}-other", UnexpectedHandshakeMessage, 10),
        .. Others(["mh", "mc", "mke"], name => $"--skip {name}-other", UnexpectedHandshakeMessage, 10),
        .. Others(["mh", "mc", "mke", "mhd"], name => $"--fragment {name}-other", FragmentedHandshakeMessage, 47),
        .. Handshake(ServerFinds(UnexpectedHandshakeMessage, 10), "--skip mhd-other").On("op"),
        .. Handshake(ClientFinds(UnexpectedHandshakeMessage, 10), "--skip mhd-other").On("po"),

        // Confirmations: exactly one per middlebox, in list order (handshake.md §5.3).
        .. Handshake(NextToServer(UnexpectedHandshakeMessage, 10), "--skip kc --fault-dir c2s", "--dup kc --fault-dir c2s"),
        .. Handshake(NextToClient(UnexpectedHandshakeMessage, 10), "--skip kc --fault-dir s2c", "--dup kc --fault-dir s2c").On("p", "op"),
        .. Handshake(ClientFinds(KeyConfirmationOrder, 10), "--skip kc --fault-dir s2c", "--dup kc --fault-dir s2c").On("po"),
        .. Handshake(NextToServer(FragmentedHandshakeMessage, 47), "--fragment kc --fault-dir c2s"),
        .. Handshake(NextToClient(FragmentedHandshakeMessage, 47), "--fragment kc --fault-dir s2c"),
        .. Handshake(ServerFinds(KeyConfirmationOrder, 10), "--skip kc-other", "--dup kc-other").On("op"),
        .. Handshake(ClientFinds(UnexpectedHandshakeMessage, 10), "--skip kc-other", "--dup kc-other").On("po"),
        .. Handshake(ServerFinds(FragmentedHandshakeMessage, 47), "--fragment kc-other").On("op"),
        .. Handshake(ClientFinds(FragmentedHandshakeMessage, 47), "--fragment kc-other").On("po"),

        // KeyMaterial for others.
        .. Handshake(Silence, "--skip km-other").On("p", "op"),
        .. Handshake(NextToServer(UnexpectedHandshakeMessage, 10), "--dup km-other --fault-dir c2s").On("p"),
        .. Handshake(NextToServer(WrongMiddleboxId, 80), "--dup km-other --fault-dir c2s").On("po"),
        .. Handshake(NextToClient(UnexpectedHandshakeMessage, 10), "--dup km-other --fault-dir s2c").On("p", "op"),
        .. Handshake(NextToServer(FragmentedHandshakeMessage, 47), "--fragment km-other --fault-dir c2s"),
        .. Handshake(NextToClient(FragmentedHandshakeMessage, 47), "--fragment km-other --fault-dir s2c"),
    ]);

    public static TheoryData<string> Rows => Table.Names;

    [PeerTheory]
    [MemberData(nameof(Rows))]
    public Task Messages_out_of_order(string row) => RunAsync(Table[row]);

    private static IEnumerable<MiddleboxRow> Own(string[] names, Func<string, string> attack, Misbehaviour misbehaviour, int alert) =>
        names.SelectMany(name => (IEnumerable<MiddleboxRow>)
        [
            .. Handshake(NextToServer(misbehaviour, alert), $"{attack(name)} --fault-dir c2s"),
            .. Handshake(NextToClient(misbehaviour, alert), $"{attack(name)} --fault-dir s2c"),
        ]);

    private static IEnumerable<MiddleboxRow> Others(string[] names, Func<string, string> attack, Misbehaviour misbehaviour, int alert) =>
        names.SelectMany(name => (IEnumerable<MiddleboxRow>)
        [
            .. Handshake(ServerFinds(misbehaviour, alert), attack(name)).On("op"),
            .. Handshake(ClientFinds(misbehaviour, alert), attack(name)).On("po"),
        ]);
}
