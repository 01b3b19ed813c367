namespace Tlmsp;

/// <summary>CertificateRequest (RFC 5246 §7.4.4): the server asks the client for a certificate. Authorities are neither named nor heeded.</summary>
internal static class CertificateRequestMessage
{
    private const byte RsaSign = 1;
    private const byte EcdsaSign = 64;      // RFC 8422 §5.5

    public static byte[] Write(IEnumerable<ushort> signatureSchemes)
    {
        WireWriter writer = WireWriter.Message(HandshakeType.CertificateRequest);
        writer.Vector8([EcdsaSign, RsaSign]);
        var schemes = new WireWriter();
        foreach (ushort scheme in signatureSchemes)
        {
            schemes.U16(scheme);
        }

        writer.Vector16(schemes.ToArray());
        writer.Vector16([]);
        return writer.ToMessage();
    }

    /// <returns>The signature schemes that the server can check.</returns>
    public static ushort[] Read(HandshakeMessage message)
    {
        var reader = new WireReader(message.Body, "CertificateRequest");
        reader.Vector8("certificate types");
        WireReader list = reader.Sub16("signature algorithms");
        var schemes = new List<ushort>();
        while (!list.IsEmpty)
        {
            schemes.Add(list.U16("signature algorithm"));
        }

        WireReader authorities = reader.Sub16("certificate authorities");
        while (!authorities.IsEmpty)
        {
            authorities.Vector16("certificate authority");
        }

        reader.End();
        return [.. schemes];
    }
}
