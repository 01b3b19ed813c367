namespace Tlmsp;

/// <summary>ECDHE parameters with a signature: ServerKeyExchange (RFC 8422 §5.4) and each half of MiddleboxKeyExchange (handshake.md §3.4).</summary>
internal sealed record SignedKeyShare(ushort Group, byte[] Point, byte[] Params, ushort Scheme, byte[] Signature)
{
    private const byte NamedCurve = 3;

    public static SignedKeyShare Read(ref WireReader reader, ReadOnlySpan<byte> body)
    {
        int start = body.Length - reader.Remaining;
        byte type = reader.U8("curve type");
        if (type != NamedCurve)
        {
            throw new TlmspException(Misbehaviour.BadKeyShare, $"curve type {type}");
        }

        ushort group = reader.U16("named group");
        byte[] point = reader.Vector8("point").ToArray();
        byte[] parameters = body[start..(body.Length - reader.Remaining)].ToArray();
        ushort scheme = reader.U16("signature algorithm");
        return new SignedKeyShare(group, point, parameters, scheme, reader.Vector16("signature").ToArray());
    }

    public static byte[] WriteParams(ushort group, ReadOnlySpan<byte> point)
    {
        var writer = new WireWriter();
        writer.U8(NamedCurve);
        writer.U16(group);
        writer.Vector8(point);
        return writer.ToArray();
    }

    public static void Write(WireWriter writer, ReadOnlySpan<byte> parameters, ushort scheme, ReadOnlySpan<byte> signature)
    {
        writer.Bytes(parameters);
        writer.U16(scheme);
        writer.Vector16(signature);
    }

    public static SignedKeyShare ReadServerKeyExchange(HandshakeMessage message)
    {
        var reader = new WireReader(message.Body, "ServerKeyExchange");
        SignedKeyShare share = Read(ref reader, message.Body);
        reader.End();
        return share;
    }

    public static byte[] WriteServerKeyExchange(ReadOnlySpan<byte> parameters, ushort scheme, ReadOnlySpan<byte> signature)
    {
        WireWriter writer = WireWriter.Message(HandshakeType.ServerKeyExchange);
        Write(writer, parameters, scheme, signature);
        return writer.ToMessage();
    }

    public static (byte Id, SignedKeyShare ToClient, SignedKeyShare ToServer) ReadMiddleboxKeyExchange(HandshakeMessage message)
    {
        var reader = new WireReader(message.Body, "MiddleboxKeyExchange");
        byte id = reader.U8("middlebox id");
        SignedKeyShare toClient = Read(ref reader, message.Body);
        SignedKeyShare toServer = Read(ref reader, message.Body);
        reader.End();
        return (id, toClient, toServer);
    }
}
