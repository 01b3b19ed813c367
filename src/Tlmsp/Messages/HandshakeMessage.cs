namespace Tlmsp;

/// <summary>Handshake message types (handshake.md §0.2).</summary>
internal enum HandshakeType : byte
{
    HelloRequest = 0,
    ClientHello = 1,
    ServerHello = 2,
    NewSessionTicket = 4,
    Certificate = 11,
    ServerKeyExchange = 12,
    CertificateRequest = 13,
    ServerHelloDone = 14,
    CertificateVerify = 15,
    ClientKeyExchange = 16,
    Finished = 20,
    CertificateStatus = 22,
    MiddleboxHello = 41,
    MiddleboxCertificate = 42,
    MiddleboxKeyExchange = 45,
    MiddleboxHelloDone = 46,
    MiddleboxKeyMaterial = 48,
    MiddleboxKeyConfirmation = 49,
    MiddleboxFinished = 51,
}

/// <summary>One handshake message with its four-byte header, as transcripts want it.</summary>
internal readonly struct HandshakeMessage
{
    public const int HeaderLength = 4;

    private HandshakeMessage(byte[] raw) => Raw = raw;

    public byte[] Raw { get; }

    public HandshakeType Type => (HandshakeType)Raw[0];

    public ReadOnlySpan<byte> Body => Raw.AsSpan(HeaderLength);

    /// <summary>Takes the body of a handshake record: exactly one whole message (handshake.md §0.3).</summary>
    public static HandshakeMessage FromRecord(byte[] body)
    {
        if (body.Length < HeaderLength)
        {
            throw new TlmspException(Misbehaviour.FragmentedHandshakeMessage, $"a record of {body.Length} bytes");
        }

        int length = (body[1] << 16) | (body[2] << 8) | body[3];
        int rest = body.Length - HeaderLength;
        if (length > rest)
        {
            throw new TlmspException(Misbehaviour.FragmentedHandshakeMessage, $"{(HandshakeType)body[0]} of {length} bytes, {rest} in its record");
        }

        return length == rest
            ? new HandshakeMessage(body)
            : throw new TlmspException(Misbehaviour.CoalescedHandshakeMessages, $"{rest - length} bytes after {(HandshakeType)body[0]}");
    }

    public static HandshakeMessage FromBytes(byte[] message) => new(message);
}
