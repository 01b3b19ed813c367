using System.Security.Cryptography.X509Certificates;

namespace Tlmsp.Tests.Messages;

/// <summary>Our codecs read what the reference wrote, and write the same bytes.</summary>
public class ReferenceTraceTests
{
    private static readonly TlmspLimits Limits = new();
    private static readonly SessionPath Path = MessageReaders.Path;

    [Fact]
    public void ClientHello_fields()
    {
        ClientHello hello = ClientHello.Read(Message(ReferenceTrace.ClientHello).Body);
        hello.ThrowUnlessTlmsp(Limits);

        Assert.Equal(0x0303, hello.Version);
        Assert.Equal(ReferenceTrace.ClientRandom, hello.Random);
        Assert.Empty(hello.SessionId);
        Assert.Equal(28, hello.CipherSuites.Length);
        Assert.Contains((ushort)0xc02b, hello.CipherSuites);
        Assert.Equal(TlmspDialect.RenegotiationScsv, hello.CipherSuites[^1]);
        Assert.Null(hello.ServerName);
        Assert.Equal([0x1d, 0x17, 0x1e, 0x19, 0x18], hello.SupportedGroups!);
        Assert.Equal(23, hello.SignatureSchemes!.Length);
        Assert.Equal([11, 10, 35, 22, 13, 0xff06, 0xff07], hello.Extensions.Types);

        Assert.Equal("tlmsp://c", hello.Tlmsp!.ClientAddress.Text);
        Assert.Equal("tlmsp://s:4443", hello.Tlmsp.ServerAddress.Text);
        Assert.Null(hello.Tlmsp.Discovery);
        Assert.Equal(Path.Middleboxes, hello.Tlmsp.Path);
        Assert.Equal(Path.Contexts, hello.Contexts!);
    }

    [Fact]
    public void ClientHello_again()
    {
        ClientHello hello = ClientHello.Read(Message(ReferenceTrace.ClientHello).Body);
        Assert.Equal(hello.Extensions.Find(TlmspDialect.ExtensionTlmsp), hello.Tlmsp!.ToBytes());
        Assert.Equal(hello.Extensions.Find(TlmspDialect.ExtensionContextList), ContextListExtension.ToBytes(hello.Contexts!));
        Assert.EndsWith(Convert.ToHexString(Written(hello.Extensions)), Convert.ToHexString(ReferenceTrace.ClientHello));
    }

    [Fact]
    public void ServerHello_fields()
    {
        ServerHello hello = ServerHello.Read(Message(ReferenceTrace.ServerHello).Body);
        Assert.Equal(0x0303, hello.Version);
        Assert.Equal(ReferenceTrace.ServerRandom, hello.Random);
        Assert.Equal(0xc02b, hello.CipherSuite);
        Assert.Equal([0xff01, 11, 35, 0xff06], hello.Extensions.Types);
        Assert.Equal(0x16ace0cdu, hello.Tlmsp!.SessionId);
        Assert.Equal("tlmsp://c", hello.Tlmsp.ClientAddress.Text);
        Assert.Equal("tlmsp://s:4443", hello.Tlmsp.ServerAddress.Text);
        Assert.Equal(Path.Middleboxes, hello.Tlmsp.Middleboxes);
    }

    [Fact]
    public void ServerHello_again()
    {
        ServerHello hello = ServerHello.Read(Message(ReferenceTrace.ServerHello).Body);
        Assert.Equal(hello.Extensions.Find(TlmspDialect.ExtensionTlmsp), hello.Tlmsp!.ToBytes());
        Assert.EndsWith(Convert.ToHexString(Written(hello.Extensions)), Convert.ToHexString(ReferenceTrace.ServerHello));
    }

    [Fact]
    public void Certificate()
    {
        IReadOnlyList<ReadOnlyMemory<byte>> chain = CertificateMessage.Read(Message(ReferenceTrace.Certificate), Limits);
        Assert.Equal(ReferenceTrace.Certificate[10..], Assert.Single(chain).ToArray());
        Assert.Equal(ReferenceTrace.Certificate, CertificateMessage.Write(chain));
    }

    [Fact]
    public void MiddleboxCertificate()
    {
        (byte id, IReadOnlyList<ReadOnlyMemory<byte>> chain) =
            CertificateMessage.ReadMiddlebox(Message(ReferenceTrace.MiddleboxCertificate), Limits);
        Assert.Equal(0x6b, id);
        Assert.Equal(ReferenceTrace.MiddleboxCertificate[11..], Assert.Single(chain).ToArray());
        Assert.Equal(ReferenceTrace.MiddleboxCertificate, CertificateMessage.WriteMiddlebox(id, chain));
    }

    [Fact]
    public void ServerKeyExchange()
    {
        SignedKeyShare share = SignedKeyShare.ReadServerKeyExchange(Message(ReferenceTrace.ServerKeyExchange));
        Assert.Equal((0x001d, 32, 0x0403, 71), (share.Group, share.Point.Length, share.Scheme, share.Signature.Length));
        Assert.Equal(ReferenceTrace.ServerKeyExchange[4..40], share.Params);
        Assert.Equal(share.Params, SignedKeyShare.WriteParams(share.Group, share.Point));
        Assert.Equal(ReferenceTrace.ServerKeyExchange, SignedKeyShare.WriteServerKeyExchange(share.Params, share.Scheme, share.Signature));
    }

    [Fact]
    public void MiddleboxKeyExchange()
    {
        (byte id, SignedKeyShare toClient, SignedKeyShare toServer) =
            SignedKeyShare.ReadMiddleboxKeyExchange(Message(ReferenceTrace.MiddleboxKeyExchange));
        Assert.Equal(0x6b, id);
        Assert.Equal((0x001d, 0x0203, 70), (toClient.Group, toClient.Scheme, toClient.Signature.Length));
        Assert.Equal((0x001d, 0x0203, 71), (toServer.Group, toServer.Scheme, toServer.Signature.Length));
        Assert.Equal(ReferenceTrace.Hex("78"), toClient.Point[..1]);
        Assert.Equal(ReferenceTrace.Hex("bd01"), toServer.Point[..2]);

        WireWriter writer = WireWriter.Message(HandshakeType.MiddleboxKeyExchange);
        writer.U8(id);
        SignedKeyShare.Write(writer, toClient.Params, toClient.Scheme, toClient.Signature);
        SignedKeyShare.Write(writer, toServer.Params, toServer.Scheme, toServer.Signature);
        Assert.Equal(ReferenceTrace.MiddleboxKeyExchange, writer.ToMessage());
    }

    [Fact]
    public void The_middleboxs_signatures_cover_the_parameters_as_read()
    {
        MiddleboxHello hello = MiddleboxHello.Read(Message(ReferenceTrace.MiddleboxHello));
        (_, SignedKeyShare toClient, SignedKeyShare toServer) =
            SignedKeyShare.ReadMiddleboxKeyExchange(Message(ReferenceTrace.MiddleboxKeyExchange));
        using X509Certificate2 leaf = X509CertificateLoader.LoadCertificate(ReferenceTrace.MiddleboxCertificate.AsSpan(11));
        foreach (SignedKeyShare share in (SignedKeyShare[])[toClient, toServer])
        {
            byte[] signed = [.. hello.ToClientRandom, .. hello.ToServerRandom, .. share.Params];
            Assert.True(SignatureSchemes.Verify(leaf, share.Scheme, signed, share.Signature));
        }
    }

    [Fact]
    public void MiddleboxHello_both_ways()
    {
        MiddleboxHello hello = MiddleboxHello.Read(Message(ReferenceTrace.MiddleboxHello));
        Assert.Equal(0x6b, hello.Id);
        Assert.Equal(ReferenceTrace.MiddleboxToClientRandom, hello.ToClientRandom);
        Assert.Equal(ReferenceTrace.MiddleboxToServerRandom, hello.ToServerRandom);
        Assert.Equal(ReferenceTrace.MiddleboxHello, hello.ToMessage());
    }

    [Fact]
    public void Short_messages()
    {
        ShortMessages.CheckServerHelloDone(Message(ReferenceTrace.ServerHelloDone));
        Assert.Equal(ReferenceTrace.ServerHelloDone, ShortMessages.ServerHelloDone());
        Assert.Equal(0x6b, ShortMessages.ReadMiddleboxHelloDone(Message(ReferenceTrace.MiddleboxHelloDone)));
        Assert.Equal(ReferenceTrace.MiddleboxHelloDone, ShortMessages.MiddleboxHelloDone(0x6b));

        byte[] point = ClientKeyExchange.Read(Message(ReferenceTrace.ClientKeyExchange));
        Assert.Equal(32, point.Length);
        Assert.Equal(ReferenceTrace.ClientKeyExchange, ClientKeyExchange.Write(point));

        Assert.Equal(ReferenceTrace.ClientFinished, ShortMessages.Finished(ReferenceTrace.ClientFinished[4..]));
        Assert.Equal(ReferenceTrace.ServerFinished, ShortMessages.Finished(ReferenceTrace.ServerFinished[4..]));
        (byte id, byte[] verifyData) = ShortMessages.ReadMiddleboxFinished(Message(ReferenceTrace.MiddleboxFinishedFromClient));
        Assert.Equal(0x6b, id);
        Assert.Equal(ReferenceTrace.MiddleboxFinishedFromClient, ShortMessages.MiddleboxFinished(id, verifyData));
    }

    public static TheoryData<string> KeyMaterials => [.. Opened.Keys];

    private static readonly Dictionary<string, Sealed> Opened = new()
    {
        ["client to middlebox"] = new(ReferenceTrace.ClientToMiddlebox, HandshakeType.MiddleboxKeyMaterial, 0x6b, 0x01,
            ReferenceTrace.ClientMiddleboxKeys, false, ReferenceTrace.ClientContributions),
        ["client to server"] = new(ReferenceTrace.ClientToServer, HandshakeType.MiddleboxKeyMaterial, 0xfe, 0x01,
            ReferenceTrace.ClientServerKeys, false, ReferenceTrace.ClientContributions),
        ["middlebox confirms to server"] = new(ReferenceTrace.MiddleboxConfirmsToServer, HandshakeType.MiddleboxKeyConfirmation, 0x6b, 0x6b,
            ReferenceTrace.ServerMiddleboxKeys, true, ReferenceTrace.ClientContributions),
        ["server to middlebox"] = new(ReferenceTrace.ServerToMiddlebox, HandshakeType.MiddleboxKeyMaterial, 0x6b, 0xfe,
            ReferenceTrace.ServerMiddleboxKeys, false, ReferenceTrace.ServerContributions),
        ["server to client"] = new(ReferenceTrace.ServerToClient, HandshakeType.MiddleboxKeyMaterial, 0x01, 0xfe,
            ReferenceTrace.ClientServerKeys, true, ReferenceTrace.ServerContributions),
        ["middlebox confirms to client"] = new(ReferenceTrace.MiddleboxConfirmsToClient, HandshakeType.MiddleboxKeyConfirmation, 0x6b, 0x6b,
            ReferenceTrace.ClientMiddleboxKeys, true, ReferenceTrace.ServerContributions),
    };

    [Theory]
    [MemberData(nameof(KeyMaterials))]
    public void Key_material_opens_to_the_contributions_and_seals_to_the_same_bytes(string name)
    {
        (byte[] bytes, HandshakeType type, byte id, byte author, byte[] keys, bool bToA, byte[][] expected) = Opened[name];
        using var key = new SecretKey(keys.AsSpan(bToA ? 32 : 48, 16));
        HandshakeMessage message = Message(bytes);
        Assert.Equal(type, message.Type);
        Assert.Equal(id, KeyMaterial.ReadId(message));

        using ContributionTable table = KeyMaterial.Open(message, author, Path, key);
        bool toMiddlebox = id == 0x6b;
        Assert.Equal(expected[0], table.Synch.ToArray());
        for (int slot = 0; slot < 3; slot++)
        {
            Assert.Equal(expected[1 + 2 * slot], table.Reader(slot).ToArray());
            Assert.Equal(toMiddlebox && slot == 2 ? [] : expected[2 + 2 * slot], table.Writer(slot).ToArray());
        }

        byte[] again = KeyMaterial.Seal(
            type, id, Path, table, contextId => toMiddlebox ? Path.AccessOf(id, contextId) : TlmspAccess.Write, key, new FixedNonce(bytes[5..17]));
        Assert.Equal(bytes, again);
    }

    private static HandshakeMessage Message(byte[] bytes) => HandshakeMessage.FromRecord(bytes);

    private static byte[] Written(HelloExtensions extensions)
    {
        var writer = new WireWriter();
        extensions.Write(writer);
        return writer.ToArray();
    }

    private sealed record Sealed(byte[] Bytes, HandshakeType Type, byte Id, byte Author, byte[] Keys, bool BToA, byte[][] Contributions);

    private sealed class FixedNonce(byte[] value) : NonceSource
    {
        public override void Next(Span<byte> nonce) => value.CopyTo(nonce);
    }
}
