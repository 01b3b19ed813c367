using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>What key logs hold for one session, as the receiving code wants it.</summary>
internal sealed class KeyLogKeys
{
    private readonly Dictionary<(KeyLogLabel Label, ushort Subject), SecretKey> _keys = [];
    private readonly SortedSet<byte> _parties = [];

    /// <summary>Collects the lines of one session.</summary>
    /// <exception cref="FormatException">Two lines give different values for one key.</exception>
    public KeyLogKeys(IEnumerable<KeyLogEntry> entries, ReadOnlySpan<byte> clientRandom, uint sessionId)
    {
        string random = Convert.ToHexStringLower(clientRandom);
        foreach (KeyLogEntry entry in entries)
        {
            if (entry.ClientRandom != random || entry.SessionId != sessionId)
            {
                continue;
            }

            _parties.Add(entry.Party);
            var key = new SecretKey(entry.Key);
            if (!_keys.TryAdd((entry.Label, entry.Subject), key)
                && !CryptographicOperations.FixedTimeEquals(_keys[(entry.Label, entry.Subject)].Bytes, key.Bytes))
            {
                throw new FormatException($"The key log holds two values of {entry.Label} for {entry.Subject:x2} of session {sessionId:x8}.");
            }
        }
    }

    /// <summary>The entities whose lines were found.</summary>
    public IReadOnlyCollection<byte> Parties => _parties;

    /// <summary>The keys of a direction; null without its synch key, which every party has.</summary>
    public DirectionKeys? Of(Direction direction, SessionPath path)
    {
        bool toServer = direction == Direction.ClientToServer;
        return Find(toServer ? KeyLogLabel.ClientSynchMac : KeyLogLabel.ServerSynchMac, 0) is { } synch
            ? DirectionKeys.FromKeys(
                synch, path.SlotCount,
                slot => Find(toServer ? KeyLogLabel.ClientReaderEnc : KeyLogLabel.ServerReaderEnc, path.ContextAt(slot)),
                slot => Find(toServer ? KeyLogLabel.ClientWriterMac : KeyLogLabel.ServerWriterMac, path.ContextAt(slot)))
            : null;
    }

    /// <summary>The key with which one entity encrypts for another, or null.</summary>
    public SecretKey? Pair(byte from, byte to) => Find(KeyLogLabel.PairEnc, (ushort)(from << 8 | to));

    private SecretKey? Find(KeyLogLabel label, ushort subject) => _keys.GetValueOrDefault((label, subject));
}
