namespace Tlmsp;

/// <summary>ServerHello (RFC 5246 §7.4.1.3) with the tlmsp extension.</summary>
internal sealed record ServerHello(ushort Version, byte[] Random, ushort CipherSuite, TlmspServerExtension? Tlmsp, HelloExtensions Extensions)
{
    public static ServerHello Read(ReadOnlySpan<byte> body)
    {
        var reader = new WireReader(body, "ServerHello");
        ushort version = reader.U16("version");
        byte[] random = reader.Bytes(TlmspDialect.RandomLength, "random").ToArray();
        int sessionId = reader.Vector8("session id").Length;
        ushort suite = reader.U16("cipher suite");
        byte compression = reader.U8("compression method");
        if (sessionId > 32)
        {
            throw new TlmspException(Misbehaviour.TruncatedMessage, "ServerHello, session id");
        }

        if (compression != 0)
        {
            throw new TlmspException(Misbehaviour.BadCompression, $"method {compression}");
        }

        HelloExtensions extensions = HelloExtensions.Read(ref reader);
        reader.End();
        if (version != TlmspDialect.Version)
        {
            throw new TlmspException(Misbehaviour.BadHelloVersion, $"ServerHello {version:x4}");
        }

        if (extensions.Find(TlmspDialect.ExtensionContextList) is not null)
        {
            throw new TlmspException(Misbehaviour.ForbiddenExtension, "a context list in ServerHello");
        }

        extensions.ThrowIfRenegotiating();
        TlmspServerExtension? tlmsp = extensions.Find(TlmspDialect.ExtensionTlmsp) is { } data ? TlmspServerExtension.Read(data) : null;
        return new ServerHello(version, random, suite, tlmsp, extensions);
    }

    public static byte[] Write(ReadOnlySpan<byte> random, TlmspCipherSuite suite, TlmspServerExtension tlmsp)
    {
        var extensions = new HelloExtensions();
        extensions.Add(TlmspDialect.ExtensionRenegotiationInfo, [0]);
        extensions.Add(TlmspDialect.ExtensionPointFormats, [1, 0]);
        extensions.Add(TlmspDialect.ExtensionTlmsp, tlmsp.ToBytes());

        WireWriter writer = WireWriter.Message(HandshakeType.ServerHello);
        writer.U16(TlmspDialect.Version);
        writer.Bytes(random);
        writer.U8(0);
        writer.U16(suite.Id);
        writer.U8(0);
        extensions.Write(writer);
        return writer.ToMessage();
    }
}
