using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;
using Tlmsp.Tests.Messages;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>
/// Each grant of each context, believed to be another one by each party in turn, while the others see what the client wrote: nobody gets a
/// session, and the middlebox no key.
/// </summary>
public class GrantDisagreementTests
{
    private static readonly TlmspAccess[] s_rights = [TlmspAccess.None, TlmspAccess.Read, TlmspAccess.Write];
    private static readonly byte[] s_contexts = [1, 2, 3];
    private static readonly string[] s_parties = ["client", "m0", "server"];

    public static TheoryData<string, byte, TlmspAccess, TlmspAccess> Disagreements
    {
        get
        {
            var data = new TheoryData<string, byte, TlmspAccess, TlmspAccess>();
            foreach (string party in s_parties)
            {
                foreach (byte context in s_contexts)
                {
                    foreach (TlmspAccess granted in s_rights)
                    {
                        foreach (TlmspAccess believed in s_rights.Where(right => right != granted))
                        {
                            data.Add(party, context, granted, believed);
                        }
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Disagreements))]
    public void Ends_the_handshake(string party, byte context, TlmspAccess granted, TlmspAccess believed)
    {
        Grant grant = With(context, granted);
        Grant other = With(context, believed);
        using InMemoryPath path = new PathOptions(grant.ToString(), audited: false, contexts: 3).Make();

        // Both others are told something else than the client, or one of them alone is.
        Tell(path.ToServer(party == "server" ? 1 : 0), HandshakeType.ClientHello, other);
        if (party == "m0")
        {
            Tell(path.ToServer(1), HandshakeType.ClientHello, grant);
        }
        else
        {
            Tell(path.ToClient(party == "server" ? 1 : 0), HandshakeType.ServerHello, grant);
        }

        path.TryConnect();

        // The middlebox counts the contributions that it is given; the server misses its own in the middlebox's confirmation.
        (string finder, Misbehaviour expected) = party == "server" ? ("server", Misbehaviour.KeyConfirmationFault)
            : ("middlebox 0", believed > granted ? Misbehaviour.MissingContribution : Misbehaviour.ExcessContribution);
        KeyValuePair<string, TlmspException> fault = Assert.Single(path.Faults, fault => !fault.Value.FromPeer);
        Assert.Equal((finder, expected), (fault.Key, fault.Value.Misbehaviour));
        Assert.All(path.Faults.Values, heard => Assert.Equal(expected.Alert(), heard.Alert));
        Assert.Equal(["client", "middlebox 0", "server"], path.Faults.Keys.Order(StringComparer.Ordinal));
        Assert.True(path.Client is null && path.Server is null, "an endpoint has a session");
        Assert.Null(path.MiddleboxHandshakes[0].Keys);
    }

    /// <summary>One right varies; the others are for reading.</summary>
    private static Grant With(byte context, TlmspAccess access) => Grant.Read([.. s_contexts.Where(id => id != context)]) + access switch
    {
        TlmspAccess.Read => Grant.Read(context),
        TlmspAccess.Write => Grant.Write(context),
        _ => Grant.None,
    };

    private static void Tell(InMemoryPipe pipe, HandshakeType type, Grant grant) => pipe.Replace(type, record =>
    {
        HelloParts parts;
        if (type == HandshakeType.ClientHello)
        {
            ClientHello hello = ClientHello.Read(record.MessageBody);
            parts = new HelloParts(hello);
            TlmspClientExtension tlmsp = hello.Tlmsp!;
            MiddleboxEntry[] list = [tlmsp.Middleboxes[0] with { Grant = grant }];
            parts.Replace(TlmspDialect.ExtensionTlmsp, (tlmsp with { Middleboxes = list }).ToBytes());
        }
        else
        {
            ServerHello hello = ServerHello.Read(record.MessageBody);
            parts = new HelloParts(hello);
            TlmspServerExtension tlmsp = hello.Tlmsp!;
            MiddleboxEntry[] list = [tlmsp.Middleboxes[0] with { Grant = grant }];
            parts.Replace(TlmspDialect.ExtensionTlmsp, (tlmsp with { Middleboxes = list }).ToBytes());
        }

        return [record.With(parts.ToMessage())];
    });
}
