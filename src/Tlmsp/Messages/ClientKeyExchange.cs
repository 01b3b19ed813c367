namespace Tlmsp;

/// <summary>ClientKeyExchange (RFC 8422 §5.7): the client's public point.</summary>
internal static class ClientKeyExchange
{
    public static byte[] Read(HandshakeMessage message)
    {
        var reader = new WireReader(message.Body, "ClientKeyExchange");
        byte[] point = reader.Vector8("point").ToArray();
        reader.End();
        return point;
    }

    public static byte[] Write(ReadOnlySpan<byte> point)
    {
        WireWriter writer = WireWriter.Message(HandshakeType.ClientKeyExchange);
        writer.Vector8(point);
        return writer.ToMessage();
    }
}
