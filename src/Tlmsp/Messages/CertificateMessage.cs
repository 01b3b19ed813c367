namespace Tlmsp;

/// <summary>Certificate (RFC 5246 §7.4.2) and MiddleboxCert (handshake.md §3.3): DER certificates, leaf first.</summary>
internal static class CertificateMessage
{
    private const int MaxCount = 16;

    public static IReadOnlyList<ReadOnlyMemory<byte>> Read(HandshakeMessage message, TlmspLimits limits)
    {
        var reader = new WireReader(message.Body, "Certificate");
        return ReadList(ref reader, limits);
    }

    /// <summary>A client may answer a CertificateRequest with an empty list (RFC 5246 §7.4.6).</summary>
    public static bool IsEmptyList(HandshakeMessage message) => message.Body.SequenceEqual<byte>([0, 0, 0]);

    public static (byte Id, IReadOnlyList<ReadOnlyMemory<byte>> Chain) ReadMiddlebox(HandshakeMessage message, TlmspLimits limits)
    {
        var reader = new WireReader(message.Body, "MiddleboxCert");
        byte id = reader.U8("middlebox id");
        return (id, ReadList(ref reader, limits));
    }

    public static byte[] Write(IEnumerable<ReadOnlyMemory<byte>> chain) => WriteList(WireWriter.Message(HandshakeType.Certificate), chain);

    public static byte[] WriteMiddlebox(byte id, IEnumerable<ReadOnlyMemory<byte>> chain)
    {
        WireWriter writer = WireWriter.Message(HandshakeType.MiddleboxCertificate);
        writer.U8(id);
        return WriteList(writer, chain);
    }

    private static List<ReadOnlyMemory<byte>> ReadList(ref WireReader reader, TlmspLimits limits)
    {
        if (reader.Remaining > limits.MaxCertificateBytes)
        {
            throw new TlmspException(Misbehaviour.LimitExceeded, $"{reader.Remaining} bytes of certificates, {limits.MaxCertificateBytes} are allowed");
        }

        var list = new WireReader(reader.Vector24("certificate list"), "certificate list");
        reader.End();
        var chain = new List<ReadOnlyMemory<byte>>();
        while (!list.IsEmpty)
        {
            chain.Add(list.Vector24("certificate").ToArray());
            if (chain.Count > MaxCount)
            {
                throw new TlmspException(Misbehaviour.LimitExceeded, $"more than {MaxCount} certificates");
            }
        }

        return chain.Count > 0 ? chain : throw new TlmspException(Misbehaviour.EmptyCertificateList);
    }

    private static byte[] WriteList(WireWriter writer, IEnumerable<ReadOnlyMemory<byte>> chain)
    {
        var list = new WireWriter();
        foreach (ReadOnlyMemory<byte> certificate in chain)
        {
            list.Vector24(certificate.Span);
        }

        writer.Vector24(list.ToArray());
        return writer.ToMessage();
    }
}
