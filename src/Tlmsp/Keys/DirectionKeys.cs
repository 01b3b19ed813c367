using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>The keys that protect one direction: synch, and reader and writer keys per context (records-keys.md §7.6).</summary>
/// <remarks>"client" keys protect what travels to the server whoever made it, "server" keys the other way.</remarks>
internal sealed class DirectionKeys : IDisposable
{
    private readonly SecretKey?[] _reader;
    private readonly SecretKey?[] _writer;

    private DirectionKeys(SecretKey synch, int slots)
    {
        Synch = synch;
        _reader = new SecretKey?[slots];
        _writer = new SecretKey?[slots];
    }

    public SecretKey Synch { get; }

    /// <summary>Null without read access.</summary>
    public SecretKey? Reader(int slot) => _reader[slot];

    /// <summary>Null without write access.</summary>
    public SecretKey? Writer(int slot) => _writer[slot];

    /// <summary>Derives the keys of both directions from both endpoints' contributions; absent parts leave keys absent.</summary>
    /// <param name="path">The session.</param>
    /// <param name="client">The client's contributions.</param>
    /// <param name="server">The server's contributions.</param>
    /// <param name="seedTail">Per middlebox to_server_random and to_client_random, then server_random and client_random.</param>
    public static (DirectionKeys ClientToServer, DirectionKeys ServerToClient) Derive(
        SessionPath path, ContributionTable client, ContributionTable server, ReadOnlySpan<byte> seedTail)
    {
        TlmspCipherSuite suite = path.Suite;
        int length = suite.KeyLength;
        byte[] seed = new byte[1 + seedTail.Length];
        seedTail.CopyTo(seed.AsSpan(1));
        Span<byte> block = stackalloc byte[4 * 32];
        Span<byte> secret = stackalloc byte[2 * TlmspDialect.ContributionLength];

        Expand(TlmspDialect.LabelSynchKeys, server.Synch, client.Synch, secret, block[..(2 * length)]);
        var toServer = new DirectionKeys(new SecretKey(block[..length]), path.SlotCount);
        var toClient = new DirectionKeys(new SecretKey(block.Slice(length, length)), path.SlotCount);

        for (int slot = 0; slot < path.SlotCount; slot++)
        {
            seed[0] = path.ContextAt(slot);
            if (client.HasReader(slot) && server.HasReader(slot))
            {
                Expand(TlmspDialect.LabelReaderKeys, server.Reader(slot), client.Reader(slot), secret, block[..(4 * length)]);
                toServer._reader[slot] = new SecretKey(block.Slice(length, length));
                toClient._reader[slot] = new SecretKey(block.Slice(3 * length, length));
            }

            if (client.HasWriter(slot) && server.HasWriter(slot))
            {
                Expand(TlmspDialect.LabelWriterKeys, server.Writer(slot), client.Writer(slot), secret, block[..(2 * length)]);
                toServer._writer[slot] = new SecretKey(block[..length]);
                toClient._writer[slot] = new SecretKey(block.Slice(length, length));
            }
        }

        CryptographicOperations.ZeroMemory(block);
        CryptographicOperations.ZeroMemory(secret);
        return (toServer, toClient);

        void Expand(string label, ReadOnlySpan<byte> serverPart, ReadOnlySpan<byte> clientPart, Span<byte> secret, Span<byte> output)
        {
            serverPart.CopyTo(secret);
            clientPart.CopyTo(secret[serverPart.Length..]);
            TlmspPrf.Expand(suite, secret, label, seed, output);
        }
    }

    /// <summary>Takes keys that were derived elsewhere; null where there is none.</summary>
    public static DirectionKeys FromKeys(SecretKey synch, int slots, Func<int, SecretKey?> reader, Func<int, SecretKey?> writer)
    {
        var keys = new DirectionKeys(synch, slots);
        for (int slot = 0; slot < slots; slot++)
        {
            keys._reader[slot] = reader(slot);
            keys._writer[slot] = writer(slot);
        }

        return keys;
    }

    /// <summary>Drops cipher objects while the connection idles.</summary>
    public void Release()
    {
        Synch.Release();
        for (int slot = 0; slot < _reader.Length; slot++)
        {
            _reader[slot]?.Release();
            _writer[slot]?.Release();
        }
    }

    public void Dispose()
    {
        Synch.Dispose();
        for (int slot = 0; slot < _reader.Length; slot++)
        {
            _reader[slot]?.Dispose();
            _writer[slot]?.Dispose();
        }
    }
}
