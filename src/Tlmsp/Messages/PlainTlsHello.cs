using System.Buffers;

namespace Tlmsp;

/// <summary>Tells the ClientHello of ordinary TLS from everything else, before any of it is consumed.</summary>
public static class PlainTlsHello
{
    /// <summary>
    /// ALPN id of a client that takes plain TLS for lack of TLMSP. A party that speaks TLMSP answers it with alert 86: the tlmsp extension was
    /// removed on the way (compare TLS_FALLBACK_SCSV, RFC 7507). Everybody else ignores it.
    /// </summary>
    public const string FallbackProtocol = "tlmsp-fallback";

    private static ReadOnlySpan<byte> FallbackBytes => "tlmsp-fallback"u8;

    /// <summary>Looks at the first bytes of a connection.</summary>
    /// <param name="input">What has come so far; records may carry the hello in pieces (RFC 5246 §6.2.1).</param>
    /// <returns>
    /// True for a whole ClientHello that may be passed on to TLS. False for anything else: a hello with the tlmsp extension, one with
    /// <see cref="FallbackProtocol"/>, one longer than a single record could carry, and bytes that are no hello. Null while more bytes are needed.
    /// </returns>
    public static bool? Check(in ReadOnlySequence<byte> input)
    {
        try
        {
            return Assemble(input) is not { } message ? null : IsPlain(ClientHello.Read(message.AsSpan(HandshakeMessage.HeaderLength)));
        }
        catch (TlmspException)
        {
            // The TLMSP handshake reads the same bytes and has the alert for them.
            return false;
        }
    }

    /// <summary>Whether a hello says that TLMSP was tried before it.</summary>
    internal static bool IsFallback(ClientHello hello)
    {
        if (hello.Extensions.Find(TlmspDialect.ExtensionAlpn) is not { } alpn)
        {
            return false;
        }

        var reader = new WireReader(alpn, "ALPN");
        WireReader names = reader.Sub16("protocol names");
        bool found = false;
        while (!names.IsEmpty)
        {
            found |= names.Vector8("protocol name").SequenceEqual(FallbackBytes);
        }

        return found;
    }

    private static bool IsPlain(ClientHello hello) =>
        hello.Tlmsp is null && hello.Extensions.Find(TlmspDialect.ExtensionContextList) is null && !IsFallback(hello);

    /// <returns>The message with its header; null while some of it is missing.</returns>
    private static byte[]? Assemble(ReadOnlySequence<byte> rest)
    {
        byte[]? message = null;
        int have = 0;
        Span<byte> header = stackalloc byte[HandshakeMessage.HeaderLength];
        while (RecordHeader.TryRead(rest, out RecordHeader record))
        {
            if (record.Type != RecordType.Handshake || record.Version >> 8 != 3 || record.Length is 0 or > TlmspDialect.MaxPlaintextReceived + 1)
            {
                throw new TlmspException(Misbehaviour.UnknownRecordType, "not the start of TLS");
            }

            ReadOnlySequence<byte> body = rest.Slice(RecordHeader.Size, Math.Min(record.Length, rest.Length - RecordHeader.Size));
            bool whole = body.Length == record.Length;
            while (!body.IsEmpty)
            {
                Span<byte> target = message is null ? header[have..] : message.AsSpan(have);
                int count = (int)Math.Min(target.Length, body.Length);
                if (count == 0)
                {
                    throw new TlmspException(Misbehaviour.CoalescedHandshakeMessages, "bytes after ClientHello");
                }

                body.Slice(0, count).CopyTo(target);
                have += count;
                body = body.Slice(count);
                if (message is null && have == header.Length)
                {
                    message = Start(header);
                }
            }

            if (!whole)
            {
                return null;
            }

            if (have == message?.Length)
            {
                return message;
            }

            rest = rest.Slice(RecordHeader.Size + record.Length);
        }

        return null;
    }

    private static byte[] Start(ReadOnlySpan<byte> header)
    {
        int length = (header[1] << 16) | (header[2] << 8) | header[3];
        if (header[0] != (byte)HandshakeType.ClientHello || length > TlmspDialect.MaxPlaintextReceived)
        {
            throw new TlmspException(Misbehaviour.LimitExceeded, "no ClientHello, or an oversized one");
        }

        byte[] message = new byte[HandshakeMessage.HeaderLength + length];
        header.CopyTo(message);
        return message;
    }
}
