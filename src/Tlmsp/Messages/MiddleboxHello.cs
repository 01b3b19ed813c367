namespace Tlmsp;

/// <summary>MiddleboxHello (handshake.md §3.2): two randoms; the vectors that a later version may fill are empty.</summary>
internal sealed record MiddleboxHello(byte Id, byte[] ToClientRandom, byte[] ToServerRandom)
{
    public static MiddleboxHello Read(HandshakeMessage message)
    {
        var reader = new WireReader(message.Body, "MiddleboxHello", Misbehaviour.BadMiddleboxHello);
        byte id = reader.U8("middlebox id");
        reader.U16("version");
        byte[] toClient = reader.Bytes(TlmspDialect.RandomLength, "to_client_random").ToArray();
        byte[] toServer = reader.Bytes(TlmspDialect.RandomLength, "to_server_random").ToArray();
        int sessionId = reader.Vector8("session id").Length;
        int suites = reader.Vector16("cipher suites").Length;
        int compression = reader.Vector8("compression methods").Length;
        if (sessionId + suites + compression != 0)
        {
            throw new TlmspException(Misbehaviour.BadMiddleboxHello, $"vectors of {sessionId}, {suites} and {compression} bytes");
        }

        reader.End();
        return new MiddleboxHello(id, toClient, toServer);
    }

    public byte[] ToMessage()
    {
        WireWriter writer = WireWriter.Message(HandshakeType.MiddleboxHello);
        writer.U8(Id);
        writer.U16(TlmspDialect.Version);
        writer.Bytes(ToClientRandom);
        writer.Bytes(ToServerRandom);
        writer.Bytes([0, 0, 0, 0]);
        return writer.ToMessage();
    }
}
