namespace Tlmsp.Tests.Messages;

/// <summary>Every message that is read from a peer: bytes that are valid, and the code that a handshake reads them with.</summary>
internal static class MessageReaders
{
    private static readonly TlmspLimits Limits = new();

    /// <summary>The session of <see cref="ReferenceTrace"/>.</summary>
    public static readonly SessionPath Path = new(
        0x16ace0cd, TlmspCipherSuite.EcdheEcdsaAes128GcmSha256, [new TlmspContext(1, "header"), new TlmspContext(2, "body", audited: true)],
        [new MiddleboxEntry(0x6b, TlmspAddress.Parse("m0:5000"), Grant.Write(1) + Grant.Read(2))]);

    private static readonly Dictionary<string, (byte[] Valid, Action<HandshakeMessage> Read)> Readers = new()
    {
        ["ClientHello"] = (ReferenceTrace.ClientHello, ReadClientHello),
        ["ClientHello after a discovery"] = (AfterDiscovery(), ReadClientHello),
        ["ServerHello"] = (ReferenceTrace.ServerHello, message => Assert.NotNull(ReadServerHello(message))),
        ["Certificate"] = (ReferenceTrace.Certificate, message => CertificateMessage.Read(message, Limits)),
        ["ServerKeyExchange"] = (ReferenceTrace.ServerKeyExchange, message => SignedKeyShare.ReadServerKeyExchange(message)),
        ["ServerHelloDone"] = (ReferenceTrace.ServerHelloDone, ShortMessages.CheckServerHelloDone),
        ["MiddleboxHello"] = (ReferenceTrace.MiddleboxHello, message => MiddleboxHello.Read(message)),
        ["MiddleboxCertificate"] = (ReferenceTrace.MiddleboxCertificate, message => CertificateMessage.ReadMiddlebox(message, Limits)),
        ["MiddleboxKeyExchange"] = (ReferenceTrace.MiddleboxKeyExchange, message => SignedKeyShare.ReadMiddleboxKeyExchange(message)),
        ["MiddleboxHelloDone"] = (ReferenceTrace.MiddleboxHelloDone, message => ShortMessages.ReadMiddleboxHelloDone(message)),
        ["ClientKeyExchange"] = (ReferenceTrace.ClientKeyExchange, message => ClientKeyExchange.Read(message)),
        ["MiddleboxKeyMaterial"] = (ReferenceTrace.ClientToMiddlebox, message => OpenKeyMaterial(message)),
        ["contributions"] = (
            [48, 0, 0, (byte)ReferenceTrace.ContributionsToMiddlebox.Length, .. ReferenceTrace.ContributionsToMiddlebox],
            message => KeyMaterial.Parse(message.Body, Path, "contributions").Dispose()),
        ["MiddleboxFinished"] = (ReferenceTrace.MiddleboxFinishedFromClient, message => ShortMessages.ReadMiddleboxFinished(message)),
    };

    public static IEnumerable<string> Names => Readers.Keys;

    public static byte[] Valid(string name) => Readers[name].Valid;

    /// <summary>Reads a record body as a handshake does.</summary>
    public static void Read(string name, byte[] record) => Readers[name].Read(HandshakeMessage.FromRecord(record));

    /// <summary>The start of a message with a header that fits it, so that the fault is the message's and not its record's.</summary>
    public static byte[] Prefix(byte[] message, int bodyLength)
    {
        byte[] prefix = message[..(HandshakeMessage.HeaderLength + bodyLength)];
        (prefix[1], prefix[2], prefix[3]) = (0, (byte)(bodyLength >> 8), (byte)bodyLength);
        return prefix;
    }

    private static void ReadClientHello(HandshakeMessage message)
    {
        ClientHello hello = ClientHello.Read(message.Body);
        hello.ThrowUnlessTlmsp(Limits);
        _ = (hello.ServerName, hello.SupportedGroups, hello.SignatureSchemes);
    }

    // As the client does: a hello without the extension is one of plain TLS.
    private static TlmspServerExtension ReadServerHello(HandshakeMessage message) =>
        ServerHello.Read(message.Body).Tlmsp ?? throw new TlmspException(Misbehaviour.MissingTlmspExtension);

    private static byte OpenKeyMaterial(HandshakeMessage message)
    {
        using var key = new SecretKey(ReferenceTrace.ClientMiddleboxKeys.AsSpan(48, 16));
        using ContributionTable table = KeyMaterial.Open(message, TlmspDialect.Client, Path, key);
        return KeyMaterial.ReadId(message);
    }

    private static byte[] AfterDiscovery()
    {
        MiddleboxEntry first = Path.Middleboxes[0];
        var inserted = new MiddleboxEntry(0xc0, TlmspAddress.Parse("m1:5001"), Grant.Read(1, 2), Inserted: true);
        return ClientHello.Write(
            ReferenceTrace.ClientRandom, [0xc02b], "s.example", [0x001d, 0x0017], [0x0403],
            new TlmspClientExtension(TlmspAddress.Parse("c"), TlmspAddress.Parse("s:4443"), [first])
            {
                Discovery = (0x01c25358, new byte[32], [first, inserted]),
            },
            Path.Contexts);
    }
}
