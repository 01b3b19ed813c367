namespace Tlmsp.Tests.Recorded;

/// <summary>Compares keys: those that we derive for a party, and those that it recorded.</summary>
internal static class RecordedKeyChecks
{
    private const string ZeroKey = "00000000000000000000000000000000";

    /// <summary>Every key that a party holds by our derivation is the one that it recorded in use, under its name.</summary>
    public static void Run(RecordedHandshake handshake)
    {
        RecordedSession session = handshake.Session;
        for (int position = 0; position <= handshake.ServerPosition; position++)
        {
            if (session.File.Keys.TryGetValue(session.NameAt(position), out HashSet<RecordedKey>? recorded))
            {
                Check(handshake, position, recorded, isPartial: session.File.IsTrimmed || !session.IsComplete);
            }
            else if (session.File.Keys.TryGetValue(RecordedSessionFile.Everybody, out recorded) && handshake.IsEndpoint(position))
            {
                Check(handshake, position, recorded, isPartial: true);
            }
        }
    }

    private static void Check(RecordedHandshake handshake, int position, HashSet<RecordedKey> recorded, bool isPartial)
    {
        bool isAlone = handshake.Session.IsAlone;
        (DirectionKeys toServer, DirectionKeys toClient) = handshake.KeysOf(position);
        Compare("client_synch_mac_key", 0, toServer.Synch);
        Compare("server_synch_mac_key", 0, toClient.Synch);
        for (int slot = 0; slot < handshake.Path.SlotCount; slot++)
        {
            byte context = handshake.Path.ContextAt(slot);
            Compare("client_reader_enc_key_i", context, toServer.Reader(slot));
            Compare("server_reader_enc_key_i", context, toClient.Reader(slot));
            Compare("client_writer_MAC_key_i", context, toServer.Writer(slot));
            Compare("server_writer_MAC_key_i", context, toClient.Writer(slot));
        }

        foreach ((byte other, PairSecret pair) in PairsOf(handshake, position))
        {
            Compare("A_to_B_Encryption_key", other, pair.AToB);
            Compare("B_to_A_Encryption_key", other, pair.BToA);
        }

        void Compare(string name, byte of, SecretKey? key)
        {
            // A party without access derives a meaningless key from zeros; one in the middle has zeros for pairs that it is no part of.
            if (key is null)
            {
                return;
            }

            RecordedKey[] candidates = [.. recorded.Where(item => item.Name == name && item.Of == of && item.Key != ZeroKey)];
            if (candidates.Length > 0 || !isPartial)
            {
                Assert.Contains(new RecordedKey(name, of, Convert.ToHexStringLower(key.Bytes)), candidates);
                Assert.True(candidates.Length == 1 || !isAlone, $"{candidates.Length} different {name} of {of}");
            }
        }
    }

    private static IEnumerable<(byte Other, PairSecret Pair)> PairsOf(RecordedHandshake handshake, int position)
    {
        if (!handshake.IsEndpoint(position))
        {
            return
            [
                (TlmspDialect.Client, handshake.ClientSecrets[position - 1]),
                (TlmspDialect.Server, handshake.ServerSecrets[position - 1]),
            ];
        }

        PairSecret[] pairs = position == 0 ? handshake.ClientSecrets : handshake.ServerSecrets;
        byte far = position == 0 ? TlmspDialect.Server : TlmspDialect.Client;
        return [(far, handshake.EndpointSecret), .. handshake.Peers.Select((peer, i) => (peer.Id, pairs[i]))];
    }
}
