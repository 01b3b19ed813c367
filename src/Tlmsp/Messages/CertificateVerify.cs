namespace Tlmsp;

/// <summary>CertificateVerify (RFC 5246 §7.4.8): the client's signature over the handshake so far.</summary>
internal sealed record CertificateVerify(ushort Scheme, byte[] Signature)
{
    public static CertificateVerify Read(HandshakeMessage message)
    {
        var reader = new WireReader(message.Body, "CertificateVerify");
        ushort scheme = reader.U16("signature algorithm");
        byte[] signature = reader.Vector16("signature").ToArray();
        reader.End();
        return new CertificateVerify(scheme, signature);
    }

    public byte[] ToMessage()
    {
        WireWriter writer = WireWriter.Message(HandshakeType.CertificateVerify);
        writer.U16(Scheme);
        writer.Vector16(Signature);
        return writer.ToMessage();
    }
}
