namespace Tlmsp.Tests.Messages;

/// <summary>What we write we read back, for random contents; the seed is fixed so that a failure can be repeated.</summary>
public class RoundTripTests
{
    private const int Rounds = 300;
    private readonly Random _random = new(36);

    [Fact]
    public void ClientHello_of_ours()
    {
        for (int round = 0; round < Rounds; round++)
        {
            IReadOnlyList<TlmspContext> contexts = Contexts();
            TlmspClientExtension tlmsp = new(Address(), Address(), Entries(contexts))
            {
                Discovery = Flag() ? ((uint)_random.NextInt64(1L << 32), Bytes(_random.Next(65)), Entries(contexts)) : null,
            };
            byte[] random = Bytes(32);
            ushort[] suites = Numbers(), groups = Numbers(), schemes = Numbers();
            string? name = Flag() ? "host" + round + ".example" : null;
            byte[] message = ClientHello.Write(random, suites, name, groups, schemes, tlmsp, contexts.OrderBy(_ => _random.Next()));

            ClientHello hello = ClientHello.Read(HandshakeMessage.FromRecord(message).Body);
            hello.ThrowUnlessTlmsp(new TlmspLimits { MaxMiddleboxes = 251 });
            Assert.Equal(TlmspDialect.Version, hello.Version);
            Assert.Equal(random, hello.Random);
            Assert.Empty(hello.SessionId);
            Assert.Equal([.. suites, TlmspDialect.RenegotiationScsv], hello.CipherSuites);
            Assert.Equal(name, hello.ServerName);
            Assert.Equal(groups, hello.SupportedGroups!);
            Assert.Equal(schemes, hello.SignatureSchemes!);
            Assert.Equal([.. name is null ? (ushort[])[] : [0], 10, 11, 13, 0xff06, 0xff07], hello.Extensions.Types);
            Assert.Equal(contexts, hello.Contexts!);
            AssertEqual(tlmsp, hello.Tlmsp!);
        }
    }

    [Fact]
    public void ServerHello_of_ours()
    {
        for (int round = 0; round < Rounds; round++)
        {
            TlmspServerExtension tlmsp = new((uint)_random.NextInt64(1L << 32), Address(), Address(), Entries(Contexts()));
            TlmspCipherSuite suite = TlmspCipherSuite.All[_random.Next(TlmspCipherSuite.All.Count)];
            byte[] random = Bytes(32);
            ServerHello hello = ServerHello.Read(HandshakeMessage.FromRecord(ServerHello.Write(random, suite, tlmsp)).Body);
            Assert.Equal(random, hello.Random);
            Assert.Equal(suite.Id, hello.CipherSuite);
            Assert.Equal(
                (tlmsp.SessionId, tlmsp.ClientAddress, tlmsp.ServerAddress),
                (hello.Tlmsp!.SessionId, hello.Tlmsp.ClientAddress, hello.Tlmsp.ServerAddress));
            Assert.Equal(tlmsp.Middleboxes, hello.Tlmsp.Middleboxes);
        }
    }

    [Fact]
    public void Certificates()
    {
        for (int round = 0; round < Rounds; round++)
        {
            ReadOnlyMemory<byte>[] chain = new ReadOnlyMemory<byte>[_random.Next(1, 6)];
            for (int i = 0; i < chain.Length; i++)
            {
                chain[i] = Bytes(_random.Next(1, 3000));
            }

            byte id = (byte)_random.Next(256);
            var limits = new TlmspLimits();
            Assert.Equal(Hex(chain), Hex(CertificateMessage.Read(HandshakeMessage.FromRecord(CertificateMessage.Write(chain)), limits)));
            (byte idRead, IReadOnlyList<ReadOnlyMemory<byte>> chainRead) =
                CertificateMessage.ReadMiddlebox(HandshakeMessage.FromRecord(CertificateMessage.WriteMiddlebox(id, chain)), limits);
            Assert.Equal(id, idRead);
            Assert.Equal(Hex(chain), Hex(chainRead));
        }
    }

    [Fact]
    public void Key_exchanges()
    {
        for (int round = 0; round < Rounds; round++)
        {
            (ushort group, ushort scheme) = ((ushort)_random.Next(65536), (ushort)_random.Next(65536));
            (byte[] point, byte[] signature) = (Bytes(_random.Next(1, 256)), Bytes(_random.Next(600)));
            byte[] parameters = SignedKeyShare.WriteParams(group, point);
            SignedKeyShare share = SignedKeyShare.ReadServerKeyExchange(
                HandshakeMessage.FromRecord(SignedKeyShare.WriteServerKeyExchange(parameters, scheme, signature)));
            Assert.Equal((group, scheme), (share.Group, share.Scheme));
            Assert.Equal(point, share.Point);
            Assert.Equal(parameters, share.Params);
            Assert.Equal(signature, share.Signature);
            Assert.Equal(point, ClientKeyExchange.Read(HandshakeMessage.FromRecord(ClientKeyExchange.Write(point))));
        }
    }

    [Fact]
    public void Middlebox_messages()
    {
        for (int round = 0; round < Rounds; round++)
        {
            byte id = (byte)_random.Next(256);
            var hello = new MiddleboxHello(id, Bytes(32), Bytes(32));
            MiddleboxHello helloRead = MiddleboxHello.Read(HandshakeMessage.FromRecord(hello.ToMessage()));
            Assert.Equal((id, Convert.ToHexString(hello.ToClientRandom), Convert.ToHexString(hello.ToServerRandom)),
                (helloRead.Id, Convert.ToHexString(helloRead.ToClientRandom), Convert.ToHexString(helloRead.ToServerRandom)));
            Assert.Equal(id, ShortMessages.ReadMiddleboxHelloDone(HandshakeMessage.FromRecord(ShortMessages.MiddleboxHelloDone(id))));

            byte[] verifyData = Bytes(12);
            (byte idRead, byte[] verifyDataRead) =
                ShortMessages.ReadMiddleboxFinished(HandshakeMessage.FromRecord(ShortMessages.MiddleboxFinished(id, verifyData)));
            Assert.Equal(id, idRead);
            Assert.Equal(verifyData, verifyDataRead);
        }
    }

    [Fact]
    public void Key_material()
    {
        using var key = new SecretKey(Bytes(16));
        var nonces = new CounterNonceSource(TlmspDialect.Client, TlmspRandom.System);
        for (int round = 0; round < Rounds; round++)
        {
            IReadOnlyList<TlmspContext> contexts = Contexts();
            var path = new SessionPath(1, TlmspCipherSuite.All[0], contexts, []);
            using ContributionTable table = ContributionTable.Generate(path.SlotCount, TlmspRandom.System);
            TlmspAccess[] rights = [.. Enumerable.Range(0, 256).Select(_ => (TlmspAccess)_random.Next(3))];
            byte id = (byte)_random.Next(256);
            HandshakeMessage message = HandshakeMessage.FromRecord(KeyMaterial.Seal(
                HandshakeType.MiddleboxKeyMaterial, id, path, table, context => rights[context], key, nonces));
            Assert.Equal(id, KeyMaterial.ReadId(message));

            using ContributionTable read = KeyMaterial.Open(message, TlmspDialect.Client, path, key);
            Assert.Equal(table.Synch.ToArray(), read.Synch.ToArray());
            for (int slot = 0; slot < path.SlotCount; slot++)
            {
                TlmspAccess right = rights[path.ContextAt(slot)];
                Assert.True(read.HasEntry(slot));
                Assert.Equal(right >= TlmspAccess.Read ? table.Reader(slot).ToArray() : [], read.Reader(slot).ToArray());
                Assert.Equal(right >= TlmspAccess.Write ? table.Writer(slot).ToArray() : [], read.Writer(slot).ToArray());
            }
        }
    }

    private static void AssertEqual(TlmspClientExtension expected, TlmspClientExtension actual)
    {
        Assert.Equal((expected.ClientAddress, expected.ServerAddress), (actual.ClientAddress, actual.ServerAddress));
        Assert.Equal(expected.Middleboxes, actual.Middleboxes);
        Assert.Equal(expected.Discovery?.SessionId, actual.Discovery?.SessionId);
        Assert.Equal(expected.Discovery?.Hash, actual.Discovery?.Hash);
        Assert.Equal(expected.Path, actual.Path);
    }

    private static IEnumerable<string> Hex(IEnumerable<ReadOnlyMemory<byte>> items) => items.Select(item => Convert.ToHexString(item.Span));

    private bool Flag() => _random.Next(2) == 1;

    private byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    private ushort[] Numbers() => [.. Enumerable.Range(0, _random.Next(1, 9)).Select(_ => (ushort)_random.Next(65536))];

    private TlmspAddress Address()
    {
        byte[] text = [.. Enumerable.Range(0, _random.Next(40)).Select(_ => (byte)_random.Next(0x21, 0x7f))];
        return TlmspAddress.FromWire((TlmspAddressType)_random.Next(5), text);
    }

    private TlmspContext[] Contexts()
    {
        byte[] ids = [.. Enumerable.Range(1, 255).Select(id => (byte)id)];
        _random.Shuffle(ids);
        return [.. ids[.._random.Next(1, 12)].Order().Select(id => new TlmspContext(
            id, new string([.. Bytes(_random.Next(20)).Select(value => (char)value)]), Flag()))];
    }

    private MiddleboxEntry[] Entries(IReadOnlyList<TlmspContext> contexts)
    {
        byte[] ids = [.. Enumerable.Range(TlmspDialect.FirstMiddlebox, 252).Select(id => (byte)id)];
        _random.Shuffle(ids);
        return [.. ids[.._random.Next(8)].Select(id => new MiddleboxEntry(id, Address(), RandomGrant(contexts), Flag(), Flag()))];
    }

    private Grant RandomGrant(IReadOnlyList<TlmspContext> contexts) =>
        contexts.Aggregate(Grant.None, (grant, context) => grant + _random.Next(3) switch
    {
        0 => Grant.None,
        1 => Grant.Read(context.Id),
        _ => Grant.Write(context.Id),
    });
}
