namespace Tlmsp;

/// <summary>The messages that have next to no content.</summary>
internal static class ShortMessages
{
    /// <summary>ServerHelloDone (RFC 5246 §7.4.5).</summary>
    public static byte[] ServerHelloDone() => WireWriter.Message(HandshakeType.ServerHelloDone).ToMessage();

    public static void CheckServerHelloDone(HandshakeMessage message) => new WireReader(message.Body, "ServerHelloDone").End();

    /// <summary>MiddleboxHelloDone (handshake.md §3.5).</summary>
    public static byte[] MiddleboxHelloDone(byte id)
    {
        WireWriter writer = WireWriter.Message(HandshakeType.MiddleboxHelloDone);
        writer.U8(id);
        return writer.ToMessage();
    }

    public static byte ReadMiddleboxHelloDone(HandshakeMessage message)
    {
        var reader = new WireReader(message.Body, "MiddleboxHelloDone");
        byte id = reader.U8("middlebox id");
        reader.End();
        return id;
    }

    /// <summary>Finished (RFC 5246 §7.4.9).</summary>
    public static byte[] Finished(ReadOnlySpan<byte> verifyData)
    {
        WireWriter writer = WireWriter.Message(HandshakeType.Finished);
        writer.Bytes(verifyData);
        return writer.ToMessage();
    }

    /// <summary>MiddleboxFinished (handshake.md §3.7).</summary>
    public static byte[] MiddleboxFinished(byte id, ReadOnlySpan<byte> verifyData)
    {
        WireWriter writer = WireWriter.Message(HandshakeType.MiddleboxFinished);
        writer.U8(id);
        writer.Bytes(verifyData);
        return writer.ToMessage();
    }

    public static (byte Id, byte[] VerifyData) ReadMiddleboxFinished(HandshakeMessage message)
    {
        var reader = new WireReader(message.Body, "MiddleboxFinished", Misbehaviour.BadMiddleboxFinished);
        byte id = reader.U8("middlebox id");
        byte[] verifyData = reader.Bytes(TlmspDialect.VerifyDataLength, "verify_data").ToArray();
        reader.End();
        return (id, verifyData);
    }
}
