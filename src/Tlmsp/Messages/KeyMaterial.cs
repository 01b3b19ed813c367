using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>MiddleboxKeyMaterial and MiddleboxKeyConfirmation (handshake.md §5, records-keys.md §8): contributions under a pairwise key.</summary>
internal static class KeyMaterial
{
    private const int Overhead = 1 + TlmspDialect.NonceLength + TlmspDialect.TagLength;

    /// <summary>The id alone: all that a middlebox needs of messages for others.</summary>
    public static byte ReadId(HandshakeMessage message) => new WireReader(message.Body, message.Type.ToString()).U8("id");

    /// <summary>Encrypts the parts of a table that <paramref name="access"/> allows per context.</summary>
    public static byte[] Seal(
        HandshakeType type, byte id, SessionPath path, ContributionTable table, Func<byte, TlmspAccess> access, SecretKey key, NonceSource nonces)
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(MaxListLength(path), pinned: true);
        Span<byte> plaintext = buffer.AsSpan(0, Encode(buffer, path, table, access));
        Span<byte> aad = stackalloc byte[1 + TlmspDialect.NonceLength];
        aad[0] = id;
        nonces.Next(aad[1..]);
        byte[] sealedList = new byte[plaintext.Length + TlmspDialect.TagLength];
        key.Encrypt(aad[1..], plaintext, sealedList.AsSpan(0, plaintext.Length), sealedList.AsSpan(plaintext.Length), aad);
        CryptographicOperations.ZeroMemory(buffer);

        WireWriter writer = WireWriter.Message(type);
        writer.Bytes(aad);
        writer.Bytes(sealedList);
        return writer.ToMessage();
    }

    /// <summary>Decrypts a message that was made by <paramref name="author"/>.</summary>
    /// <exception cref="TlmspException">It does not authenticate, or its list is malformed.</exception>
    public static ContributionTable Open(HandshakeMessage message, byte author, SessionPath path, SecretKey key)
    {
        ReadOnlySpan<byte> body = message.Body;
        if (body.Length < Overhead)
        {
            throw new TlmspException(Misbehaviour.BadKeyMaterial, $"{message.Type} of {body.Length} bytes");
        }

        ReadOnlySpan<byte> aad = body[..(1 + TlmspDialect.NonceLength)];
        ReadOnlySpan<byte> ciphertext = body[aad.Length..^TlmspDialect.TagLength];
        byte[] plaintext = GC.AllocateUninitializedArray<byte>(ciphertext.Length, pinned: true);
        if (aad[1] != author || !key.TryDecrypt(aad[1..], ciphertext, body[^TlmspDialect.TagLength..], plaintext, aad))
        {
            throw new TlmspException(Misbehaviour.BadKeyMaterialTag, $"{message.Type} {body[0]:x2} from {author:x2}");
        }

        try
        {
            return Parse(plaintext, path, message.Type.ToString());
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plaintext);
        }
    }

    /// <summary>Each context at most once, parts of 0 or 16 bytes, no context that the session does not have.</summary>
    internal static ContributionTable Parse(ReadOnlySpan<byte> plaintext, SessionPath path, string name)
    {
        var table = new ContributionTable(path.SlotCount);
        try
        {
            ParseInto(table, plaintext, path, name);
            return table;
        }
        catch
        {
            table.Dispose();
            throw;
        }
    }

    private static void ParseInto(ContributionTable table, ReadOnlySpan<byte> plaintext, SessionPath path, string name)
    {
        var reader = new WireReader(plaintext, name, Misbehaviour.BadKeyMaterial);
        while (!reader.IsEmpty)
        {
            byte contextId = reader.U8("context id");
            int slot = path.SlotOf(contextId);
            if (slot < 0)
            {
                throw new TlmspException(Misbehaviour.BadKeyMaterial, $"{name}: context {contextId} does not exist");
            }

            if (table.HasEntry(slot))
            {
                throw new TlmspException(Misbehaviour.RepeatedContribution, $"{name}: context {contextId}");
            }

            if (slot == 0)
            {
                table.SetSynch(reader.Bytes(TlmspDialect.ContributionLength, "synch"));
            }

            ReadOnlySpan<byte> readerPart = reader.Vector8("reader contribution");
            ReadOnlySpan<byte> writerPart = reader.Vector8("writer contribution");
            if (readerPart.Length is not (0 or TlmspDialect.ContributionLength) || writerPart.Length is not (0 or TlmspDialect.ContributionLength))
            {
                throw new TlmspException(Misbehaviour.BadKeyMaterial, $"{name}: parts of {readerPart.Length} and {writerPart.Length} bytes");
            }

            table.Set(slot, readerPart, writerPart);
        }
    }

    /// <summary>Context 0 has a synch; every context an id and two parts, each with its length.</summary>
    private static int MaxListLength(SessionPath path) =>
        TlmspDialect.ContributionLength + path.SlotCount * (1 + 2 * (1 + TlmspDialect.ContributionLength));

    // Into one array of a known size: a writer that grows would leave copies of the secrets behind.
    private static int Encode(Span<byte> list, SessionPath path, ContributionTable table, Func<byte, TlmspAccess> access)
    {
        int length = 0;
        for (int slot = 0; slot < path.SlotCount; slot++)
        {
            byte contextId = path.ContextAt(slot);
            TlmspAccess right = access(contextId);
            list[length++] = contextId;
            length += slot == 0 ? Copy(table.Synch, list[length..]) : 0;
            length += Part(right >= TlmspAccess.Read ? table.Reader(slot) : default, list[length..]);
            length += Part(right >= TlmspAccess.Write ? table.Writer(slot) : default, list[length..]);
        }

        return length;
    }

    private static int Part(ReadOnlySpan<byte> part, Span<byte> to)
    {
        to[0] = (byte)part.Length;
        return 1 + Copy(part, to[1..]);
    }

    private static int Copy(ReadOnlySpan<byte> from, Span<byte> to)
    {
        from.CopyTo(to);
        return from.Length;
    }
}
