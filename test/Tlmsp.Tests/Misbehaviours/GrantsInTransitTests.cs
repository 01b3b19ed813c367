using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;
using Tlmsp.Tests.Messages;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>Rights that somebody changes on their way, or that one endpoint gives and the other does not.</summary>
public class GrantsInTransitTests
{
    /// <summary>Count, context, right, context, right.</summary>
    private const int GrantBytes = 5;

    /// <summary>Changed before or behind the middlebox, and with or without undoing it in the server's answer.</summary>
    [Theory]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(1, false)]
    [InlineData(1, true)]
    public void Every_flipped_bit_ends_the_handshake(int hop, bool undone)
    {
        for (int bit = 0; bit < 8 * GrantBytes; bit++)
        {
            using InMemoryPath path = new PathOptions("1=rw,2=r", audited: false, contexts: 3).Make();
            byte[] original = [];
            int at = -GrantBytes + bit / 8;
            Change(path.ToServer(hop), HandshakeType.ClientHello, bytes =>
            {
                original = [.. bytes];
                bytes[^-at] ^= (byte)(1 << (bit % 8));
            });
            if (undone)
            {
                Change(path.ToClient(hop), HandshakeType.ServerHello, bytes =>
                    original[^GrantBytes..].CopyTo(bytes, bytes.Length - GrantBytes));
            }

            path.TryConnect();
            Assert.True(path.Client is null && path.Server is null, $"bit {bit}: an endpoint has a session");
            Assert.Contains(path.Faults.Values, fault => !fault.FromPeer);
            Assert.All(path.Faults.Where(fault => !fault.Value.FromPeer), fault => AlertOnTheWire.Check(path, fault.Key, relayed: 0));
            Assert.Null(path.MiddleboxHandshakes[0].Keys);
        }
    }

    /// <summary>Context 1: granted by both. Context 2: by the client alone. Context 3: the writer part by the server alone.</summary>
    [Fact]
    public void What_one_endpoint_alone_gives_makes_no_key()
    {
        TlmspContext[] contexts = [new(1), new(2), new(3)];
        var path = new SessionPath(1, TlmspCipherSuite.EcdheEcdsaAes128GcmSha256, contexts, []);
        using ContributionTable client = Table((true, true), (true, true), (true, true), (true, false));
        using ContributionTable server = Table((true, true), (true, true), (false, false), (true, true));
        (DirectionKeys toServer, DirectionKeys toClient) = DirectionKeys.Derive(path, client, server, new byte[64]);
        Assert.All((DirectionKeys[])[toServer, toClient], keys =>
        {
            Assert.Equal([true, true, false, true], Enumerable.Range(0, 4).Select(slot => keys.Reader(slot) is not null));
            Assert.Equal([true, true, false, false], Enumerable.Range(0, 4).Select(slot => keys.Writer(slot) is not null));
            keys.Dispose();
        });
    }

    private static ContributionTable Table(params (bool Reader, bool Writer)[] parts)
    {
        var table = new ContributionTable(parts.Length);
        for (int slot = 0; slot < parts.Length; slot++)
        {
            table.Set(slot, new byte[parts[slot].Reader ? 16 : 0], new byte[parts[slot].Writer ? 16 : 0]);
        }

        return table;
    }

    private static void Change(InMemoryPipe pipe, HandshakeType type, Action<byte[]> change) => pipe.Replace(type, record =>
    {
        HelloParts parts = type == HandshakeType.ClientHello
            ? new HelloParts(ClientHello.Read(record.MessageBody))
            : new HelloParts(ServerHello.Read(record.MessageBody));
        byte[] extension = parts.Extensions.Single(one => one.Type == TlmspDialect.ExtensionTlmsp).Data;
        change(extension);
        return [record.With(parts.ToMessage())];
    });
}
