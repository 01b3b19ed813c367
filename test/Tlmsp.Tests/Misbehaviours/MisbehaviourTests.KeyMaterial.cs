using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>Contributions, their confirmation (handshake.md §5, records-keys.md §8), and much that the reference lets pass.</summary>
public partial class MisbehaviourTests
{
    private static readonly ContributionList.Entry s_unknown = new([9], [], []);

    private static MisbehaviourCase[] KeyContributions =>
    [
        .. EverywhereInKeyMaterial(BadKeyMaterialTag, "a flipped tag", body => Patch(body, -1)),
        .. EverywhereInKeyMaterial(BadKeyMaterialTag, "a flipped contribution", body => Patch(body, 40)),
        .. EverywhereInKeyMaterial(BadKeyMaterialTag, "another author", body => Patch(body, 1)),
        .. EverywhereInKeyMaterial(BadKeyMaterial, "shorter than its protection", body => body[..28]),
        new(BadKeyMaterialTag, "server", "a flipped tag of a KeyConfirmation")
        {
            Grants = "1=r",
            Attack = path => path.ToServer(1).Rewrite(HandshakeType.MiddleboxKeyConfirmation, body => Patch(body, -1)),
        },
        new(BadKeyMaterialTag, "client", "a flipped tag of a KeyConfirmation")
        {
            Grants = "1=r",
            Attack = path => path.ToClient(0).Rewrite(HandshakeType.MiddleboxKeyConfirmation, body => Patch(body, -1)),
        },

        .. FarEndpoint(BadKeyMaterial, "a context that does not exist", list => list.Entries.Add(s_unknown)),
        .. FarEndpoint(BadKeyMaterial, "half a part", list => list[1] = list[1] with { Reader = list[1].Reader[..8] }),
        .. FarEndpoint(MissingContribution, "a context left out, which the reference takes for zeros", list => list.Entries.RemoveAt(2)),
        .. FarEndpoint(MissingContribution, "context 0 left out", list => list.Entries.RemoveAt(0)),
        .. FarEndpoint(MissingContribution, "nothing at all", list => list.Entries.Clear()),
        .. FarEndpoint(MissingContribution, "an empty reader part", list => list[1] = list[1] with { Reader = [] }),
        .. FarEndpoint(MissingContribution, "an empty writer part", list => list[2] = list[2] with { Writer = [] }),
        .. FarEndpoint(RepeatedContribution, "a context twice", list => list.Entries.Add(list[1])),
        .. FarEndpoint(RepeatedContribution, "context 0 twice", list => list.Entries.Add(list[0])),

        .. ToMiddlebox(BadKeyMaterial, "a context that does not exist", list => list.Entries.Add(s_unknown)),
        .. ToMiddlebox(MissingContribution, "less than the grant: no writer part", list => list[1] = list[1] with { Writer = [] }),
        .. ToMiddlebox(MissingContribution, "less than the grant: no reader part", list => list[2] = list[2] with { Reader = [] }),
        .. ToMiddlebox(MissingContribution, "no entry for a context without access", list => list.Entries.RemoveAt(3)),
        .. ToMiddlebox(RepeatedContribution, "a context twice", list => list.Entries.Add(list[2])),
        .. ToMiddlebox(ExcessContribution, "a writer part for a reader", list => list[2] = list[2] with { Writer = new byte[16] }),
        .. ToMiddlebox(ExcessContribution, "a reader part for a context without access", list =>
            list[3] = list[3] with { Reader = new byte[16] }),
        .. ToMiddlebox(ExcessContribution, "everything for a context without access", list =>
            list[3] = list[3] with { Reader = new byte[16], Writer = new byte[16] }),

        .. Confirmations(KeyConfirmationFault, "another reader part", list =>
            list[2] = list[2] with { Reader = Patch(list[2].Reader, 3) }),
        .. Confirmations(KeyConfirmationFault, "another writer part", list =>
            list[1] = list[1] with { Writer = Patch(list[1].Writer, 3) }),
        .. Confirmations(KeyConfirmationFault, "another synch part", list => list[0] = list[0] with { Head = Patch(list[0].Head, 3) }),
        .. Confirmations(KeyConfirmationFault, "a context without access left out", list => list.Entries.RemoveAt(3)),
        .. Confirmations(KeyConfirmationFault, "context 0 left out", list => list.Entries.RemoveAt(0)),
        .. Confirmations(KeyConfirmationFault, "an empty part for what was granted", list => list[2] = list[2] with { Reader = [] }),
        .. Confirmations(KeyConfirmationFault, "more than the grant: a writer part", list =>
            list[2] = list[2] with { Writer = new byte[16] }),
        .. Confirmations(KeyConfirmationFault, "more than the grant: a context without access", list =>
            list[3] = list[3] with { Reader = new byte[16] }),
        .. Confirmations(RepeatedContribution, "a context twice", list => list.Entries.Add(list[1])),
        .. Confirmations(BadKeyMaterial, "a context that does not exist", list => list.Entries.Add(s_unknown)),

        .. ConfirmationOrders("twice, which the reference takes", (first, second) => [first, first, second]),
        .. ConfirmationOrders("in the wrong order, which the reference takes", (first, second) => [second, first]),
        new(KeyConfirmationOrder, "middlebox 1", "of a middlebox that is not on the path")
        {
            Grants = "1=r|1=r",
            Attack = path => path.ToServer(1).Rewrite(HandshakeType.MiddleboxKeyConfirmation, body => Patch(body, 0)),
        },
        new(WrongMiddleboxId, "server", "KeyMaterial for nobody")
        {
            Attack = path => path.ToServer().Rewrite(HandshakeType.MiddleboxKeyMaterial, body => Patch(body, 0)),
        },
        new(WrongMiddleboxId, "middlebox 0", "KeyMaterial for the second middlebox first")
        {
            Grants = "1=r|1=r",
            Attack = path => path.ToServer(0).Replace(HandshakeType.MiddleboxKeyMaterial, _ => []),
        },
    ];

    /// <summary>KeyMaterial of either endpoint for the other and for a middlebox.</summary>
    private static MisbehaviourCase[] EverywhereInKeyMaterial(Misbehaviour misbehaviour, string what, Func<byte[], byte[]> change) =>
    [
        KeyMaterialCase(misbehaviour, "server", $"{what} in KeyMaterial", path => path.ToServer(1), TlmspDialect.Server, change),
        KeyMaterialCase(misbehaviour, "client", $"{what} in KeyMaterial", path => path.ToClient(0), TlmspDialect.Client, change),
        KeyMaterialCase(misbehaviour, "middlebox 0", $"{what} in KeyMaterial of the client", path => path.ToServer(0), null, change),
        KeyMaterialCase(misbehaviour, "middlebox 0", $"{what} in KeyMaterial of the server", path => path.ToClient(1), null, change),
    ];

    private static MisbehaviourCase KeyMaterialCase(
        Misbehaviour misbehaviour, string reporter, string what, Func<InMemoryPath, InMemoryPipe> pipe, byte? id,
        Func<byte[], byte[]> change) =>
        new(misbehaviour, reporter, what)
        {
            Grants = "1=r",
            Attack = path => RecordTap.On(pipe(path)).Replace(
                record => record.Message == HandshakeType.MiddleboxKeyMaterial && (id is null || record.Id == id),
                record => [record.WithMessage(change(record.MessageBody))]),
        };

    /// <summary>Contributions of one endpoint to the other, well sealed.</summary>
    private static MisbehaviourCase[] FarEndpoint(Misbehaviour misbehaviour, string what, Action<ContributionList> change) =>
    [
        new(misbehaviour, "server", $"{what} in KeyMaterial of the client")
        {
            Attack = path => path.ToServer().Rewrite(
                HandshakeType.MiddleboxKeyMaterial, body => Forge.Contributions(body, path.ClientHandshake.FarSecret!.AToB, change)),
        },
        new(misbehaviour, "client", $"{what} in KeyMaterial of the server")
        {
            Attack = path => path.ToClient().Rewrite(
                HandshakeType.MiddleboxKeyMaterial, body => Forge.Contributions(body, path.ServerHandshake.FarSecret!.BToA, change)),
        },
    ];

    /// <summary>Contributions to a middlebox that may write context 1 and read context 2, of three; well sealed.</summary>
    private static MisbehaviourCase[] ToMiddlebox(Misbehaviour misbehaviour, string what, Action<ContributionList> change) =>
    [
        new(misbehaviour, "middlebox 0", $"{what} in KeyMaterial of the client")
        {
            Grants = "1=rw,2=r",
            Contexts = 3,
            Attack = path => path.ToServer(0).Rewrite(
                HandshakeType.MiddleboxKeyMaterial, body => Forge.Contributions(body, path.ClientHandshake.Peers[0].Secret!.AToB, change)),
        },
        new(misbehaviour, "middlebox 0", $"{what} in KeyMaterial of the server")
        {
            Grants = "1=rw,2=r",
            Contexts = 3,
            Attack = path => path.ToClient(1).Rewrite(
                HandshakeType.MiddleboxKeyMaterial, body => Forge.Contributions(body, path.ServerHandshake.Peers[0].Secret!.AToB, change)),
        },
    ];

    /// <summary>What that middlebox confirms to either endpoint, well sealed.</summary>
    private static MisbehaviourCase[] Confirmations(Misbehaviour misbehaviour, string what, Action<ContributionList> change) =>
    [
        new(misbehaviour, "server", $"{what} in KeyConfirmation")
        {
            Grants = "1=rw,2=r",
            Contexts = 3,
            Attack = path => path.ToServer(1).Rewrite(
                HandshakeType.MiddleboxKeyConfirmation,
                body => Forge.Contributions(body, path.MiddleboxHandshakes[0].ServerSecret!.BToA, change)),
        },
        new(misbehaviour, "client", $"{what} in KeyConfirmation")
        {
            Grants = "1=rw,2=r",
            Contexts = 3,
            Attack = path => path.ToClient(0).Rewrite(
                HandshakeType.MiddleboxKeyConfirmation,
                body => Forge.Contributions(body, path.MiddleboxHandshakes[0].ClientSecret!.BToA, change)),
        },
    ];

    /// <summary>The confirmations of two middleboxes on their way to either endpoint.</summary>
    private static MisbehaviourCase[] ConfirmationOrders(string what, Func<byte[], byte[], byte[][]> order)
    {
        return
        [
            new(KeyConfirmationOrder, "server", what) { Grants = "1=r|1=r", Attack = path => Arrange(path.ToServer(2)) },
            new(KeyConfirmationOrder, "client", what) { Grants = "1=r|1=r", Attack = path => Arrange(path.ToClient(0)) },
        ];

        void Arrange(InMemoryPipe pipe)
        {
            byte[] first = [];
            pipe.Replace(HandshakeType.MiddleboxKeyConfirmation, record =>
            {
                first = record.Bytes;
                return [];
            });
            pipe.Replace(HandshakeType.MiddleboxKeyConfirmation, record => order(first, record.Bytes));
        }
    }
}
