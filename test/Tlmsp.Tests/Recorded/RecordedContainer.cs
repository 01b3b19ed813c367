using System.Buffers.Binary;

namespace Tlmsp.Tests.Recorded;

/// <summary>One container of a hop, as it was opened.</summary>
/// <param name="Type">Alert or application data.</param>
/// <param name="Bytes">The container on the wire.</param>
/// <param name="Context">Context id.</param>
/// <param name="Flags">Container flags.</param>
/// <param name="MInfo">m_info, empty where there is none.</param>
/// <param name="Origin">Who put it on the path.</param>
/// <param name="Author">Who made the fragment.</param>
/// <param name="CanRead">Whether the party that opened it may read it.</param>
/// <param name="Plaintext">Empty where it may not.</param>
/// <param name="Fragment">The fragment on the wire.</param>
/// <param name="ForwardingMacNonces">In wire order, the mandatory one first.</param>
internal sealed record RecordedContainer(
    RecordType Type, byte[] Bytes, byte Context, ushort Flags, byte[] MInfo, byte Origin, byte Author, bool CanRead, byte[] Plaintext,
    byte[] Fragment, IReadOnlyList<byte[]> ForwardingMacNonces)
{
    public bool IsDeleted => (Flags & TlmspDialect.FlagDeleted) != 0;

    public bool IsInserted => (Flags & TlmspDialect.FlagInserted) != 0;

    public ReadOnlySpan<byte> Nonce => Fragment.AsSpan(0, TlmspDialect.NonceLength);

    public string NonceText => Convert.ToHexStringLower(Nonce);

    /// <summary>Whose containers a delete notice stands for, and for how many.</summary>
    public IEnumerable<(byte Source, int Count)> DeleteIndicators => IsDeleted
        ? MInfo[2..].Chunk(3).Select(indicator => (indicator[0], (int)BinaryPrimitives.ReadUInt16BigEndian(indicator.AsSpan(1))))
        : [];

    /// <summary>The record of its own that the product gives every container.</summary>
    public byte[] AsRecord(uint sessionId)
    {
        byte[] record = new byte[RecordHeader.Size + TlmspDialect.SessionIdLength + Bytes.Length];
        RecordHeader.Write(record, Type, TlmspDialect.SessionIdLength + Bytes.Length);
        BinaryPrimitives.WriteUInt32BigEndian(record.AsSpan(RecordHeader.Size), sessionId);
        Bytes.CopyTo(record, RecordHeader.Size + TlmspDialect.SessionIdLength);
        return record;
    }

    public static RecordedContainer Of(in OpenedContainer opened)
    {
        ContainerParts parts = opened.Parts;
        int start = parts.FlagsOffset - 1;
        byte[] bytes = opened.Buffer[start..parts.End].ToArray();
        // Checking has used the room before the fragment: what stood there is known from the parts.
        bytes[0] = parts.ContextId;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(parts.FragmentOffset - 2 - start), (ushort)parts.FragmentLength);
        var nonces = new List<byte[]>();
        for (int i = 0; i < parts.ForwardingMacCount; i++)
        {
            nonces.Add(opened.ForwardingMac(i).Nonce.ToArray());
        }

        return new RecordedContainer(
            opened.Type, bytes, parts.ContextId, parts.Flags, opened.MInfo.ToArray(), opened.Origin, opened.Author, opened.CanRead,
            opened.Plaintext.ToArray(), opened.Buffer.Slice(parts.FragmentOffset, parts.FragmentLength).ToArray(), nonces);
    }
}

/// <summary>Nonces in the order in which a recorded sender drew them.</summary>
internal sealed class RecordedNonces : NonceSource
{
    private readonly Queue<byte[]> _next = new();

    public bool IsEmpty => _next.Count == 0;

    public void Add(ReadOnlySpan<byte> nonce) => _next.Enqueue(nonce.ToArray());

    public override void Next(Span<byte> nonce) => _next.Dequeue().CopyTo(nonce);
}
