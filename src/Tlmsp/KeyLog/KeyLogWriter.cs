using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>Writes what one party holds after a handshake's key derivation, and nothing that it was not given.</summary>
internal static class KeyLogWriter
{
    /// <param name="log">The log.</param>
    /// <param name="path">The session.</param>
    /// <param name="party">The party whose keys these are.</param>
    /// <param name="clientRandom">The random of ClientHello.</param>
    /// <param name="keys">Keys of both directions.</param>
    /// <param name="pairs">Whom the party shares secrets with: A and B as in <see cref="PairSecret"/>.</param>
    public static void Write(
        TlmspKeyLog log, SessionPath path, byte party, ReadOnlySpan<byte> clientRandom,
        (DirectionKeys ClientToServer, DirectionKeys ServerToClient) keys, IEnumerable<(byte A, byte B, PairSecret Secret)> pairs)
    {
        (byte A, byte B, PairSecret Secret)[] all = [.. pairs];
        byte[] buffer = GC.AllocateUninitializedArray<byte>((2 * all.Length + 2 + 4 * path.SlotCount) * KeyLogEntry.MaxLength, pinned: true);
        int length = 0;
        foreach ((byte a, byte b, PairSecret secret) in all)
        {
            length += KeyLogEntry.Write(buffer.AsSpan(length), KeyLogLabel.PairEnc, clientRandom, path.SessionId, party, [a, b], secret.AToB.Bytes);
            length += KeyLogEntry.Write(buffer.AsSpan(length), KeyLogLabel.PairEnc, clientRandom, path.SessionId, party, [b, a], secret.BToA.Bytes);
        }

        length += Line(buffer.AsSpan(length), KeyLogLabel.ClientSynchMac, clientRandom, 0, keys.ClientToServer.Synch);
        length += Line(buffer.AsSpan(length), KeyLogLabel.ServerSynchMac, clientRandom, 0, keys.ServerToClient.Synch);
        for (int slot = 0; slot < path.SlotCount; slot++)
        {
            byte context = path.ContextAt(slot);
            length += Line(buffer.AsSpan(length), KeyLogLabel.ClientReaderEnc, clientRandom, context, keys.ClientToServer.Reader(slot));
            length += Line(buffer.AsSpan(length), KeyLogLabel.ServerReaderEnc, clientRandom, context, keys.ServerToClient.Reader(slot));
            length += Line(buffer.AsSpan(length), KeyLogLabel.ClientWriterMac, clientRandom, context, keys.ClientToServer.Writer(slot));
            length += Line(buffer.AsSpan(length), KeyLogLabel.ServerWriterMac, clientRandom, context, keys.ServerToClient.Writer(slot));
        }

        try
        {
            log.Write(buffer.AsSpan(0, length));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }

        int Line(Span<byte> line, KeyLogLabel label, ReadOnlySpan<byte> clientRandom, byte context, SecretKey? key) =>
            key is null ? 0 : KeyLogEntry.Write(line, label, clientRandom, path.SessionId, party, [context], key.Bytes);
    }
}
