using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>What one endpoint contributes to the keys of every context: 16 bytes each for synch (context 0 only), reader and writer
/// (records-keys.md §7.6). A party without access to a context lacks the parts it was not given.</summary>
internal sealed class ContributionTable : IDisposable
{
    private const int Length = TlmspDialect.ContributionLength;
    private readonly byte[] _bytes;
    private readonly Parts[] _present;

    public ContributionTable(int slots)
    {
        _bytes = GC.AllocateArray<byte>(Length + slots * 2 * Length, pinned: true);
        _present = new Parts[slots];
    }

    [Flags]
    private enum Parts : byte
    {
        None = 0,
        Entry = 1,
        Reader = 2,
        Writer = 4,
    }

    public static ContributionTable Generate(int slots, TlmspRandom random)
    {
        var table = new ContributionTable(slots);
        random.Fill(table._bytes);
        Array.Fill(table._present, Parts.Entry | Parts.Reader | Parts.Writer);
        return table;
    }

    public int Slots => _present.Length;

    public ReadOnlySpan<byte> Synch => _bytes.AsSpan(0, Length);

    /// <summary>True when the slot was listed, with or without parts.</summary>
    public bool HasEntry(int slot) => _present[slot].HasFlag(Parts.Entry);

    public bool HasReader(int slot) => _present[slot].HasFlag(Parts.Reader);

    public bool HasWriter(int slot) => _present[slot].HasFlag(Parts.Writer);

    /// <summary>The reader part, empty when absent.</summary>
    public ReadOnlySpan<byte> Reader(int slot) => HasReader(slot) ? _bytes.AsSpan(Offset(slot), Length) : default;

    /// <summary>The writer part, empty when absent.</summary>
    public ReadOnlySpan<byte> Writer(int slot) => HasWriter(slot) ? _bytes.AsSpan(Offset(slot) + Length, Length) : default;

    public void SetSynch(ReadOnlySpan<byte> value) => value.CopyTo(_bytes);

    /// <summary>Stores an entry; a part of length 0 stays absent.</summary>
    public void Set(int slot, ReadOnlySpan<byte> reader, ReadOnlySpan<byte> writer)
    {
        reader.CopyTo(_bytes.AsSpan(Offset(slot)));
        writer.CopyTo(_bytes.AsSpan(Offset(slot) + Length));
        _present[slot] = Parts.Entry
            | (reader.IsEmpty ? Parts.None : Parts.Reader) | (writer.IsEmpty ? Parts.None : Parts.Writer);
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);

    private static int Offset(int slot) => Length + slot * 2 * Length;
}
