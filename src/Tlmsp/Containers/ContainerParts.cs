using System.Buffers.Binary;

namespace Tlmsp;

/// <summary>Where the fields of one received container lie in its buffer (records-keys.md §2.1).</summary>
/// <remarks>
/// The buffer is the receiver's own copy with room before the first container: MAC inputs are built in place, over header bytes that
/// have been read already, so that no fragment is copied again (§4.1: m_info, length and data follow each other in both layouts).
/// </remarks>
internal readonly struct ContainerParts
{
    /// <summary>type, version, session id and sequence number: what a MAC input has before the flags.</summary>
    public const int MacPrefix = 1 + 2 + 4 + 8;

    /// <summary>Room that the buffer needs before its first container.</summary>
    public const int Headroom = 16;

    public byte ContextId { get; private init; }

    public ushort Flags { get; private init; }

    public int FlagsOffset { get; private init; }

    public int MInfoLength { get; private init; }

    public int FragmentOffset { get; private init; }

    public int FragmentLength { get; private init; }

    /// <summary>Of the mandatory forwarding MAC; the writer MAC is right before it.</summary>
    public int ForwardingMacOffset { get; private init; }

    public int AdditionalCount { get; private init; }

    /// <summary>First byte after the container.</summary>
    public int End { get; private init; }

    public bool IsInserted => (Flags & TlmspDialect.FlagInserted) != 0;

    public bool IsDeleted => (Flags & TlmspDialect.FlagDeleted) != 0;

    public bool IsAudited => (Flags & TlmspDialect.FlagAudited) != 0;

    public int MInfoOffset => FlagsOffset + 2;

    public int WriterMacOffset => FragmentOffset + FragmentLength;

    public int PlaintextLength => FragmentLength - TlmspDialect.NonceLength - TlmspDialect.TagLength;

    public int ForwardingMacCount => 1 + AdditionalCount;

    /// <summary>Where forwarding MAC i starts: 0 is the mandatory one, the rest the audit trail in wire order.</summary>
    public int ForwardingMacAt(int index) =>
        ForwardingMacOffset + index * TlmspDialect.ForwardingMacLength + (index == 0 ? 0 : 1);

    /// <summary>Lays out a container that is about to be made: one forwarding MAC, no trail yet.</summary>
    public static ContainerParts Layout(byte contextId, ushort flags, int mInfoLength, int start, int plaintextLength)
    {
        int fragmentOffset = start + 3 + mInfoLength + 2;
        int fragmentLength = TlmspDialect.NonceLength + plaintextLength + TlmspDialect.TagLength;
        int forwardingMacOffset = fragmentOffset + fragmentLength + TlmspDialect.TagLength;
        return new ContainerParts
        {
            ContextId = contextId,
            Flags = flags,
            FlagsOffset = start + 1,
            MInfoLength = mInfoLength,
            FragmentOffset = fragmentOffset,
            FragmentLength = fragmentLength,
            ForwardingMacOffset = forwardingMacOffset,
            End = forwardingMacOffset + TlmspDialect.ForwardingMacLength + ((flags & TlmspDialect.FlagAudited) != 0 ? 1 : 0),
        };
    }

    /// <summary>Finds the fields of the container that starts at <paramref name="start"/>.</summary>
    /// <exception cref="TlmspException">A field does not fit.</exception>
    public static ContainerParts Parse(ReadOnlySpan<byte> buffer, int start)
    {
        int at = start;
        Need(buffer, at, 3, "header");
        byte contextId = buffer[at];
        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(buffer[(at + 1)..]);
        int flagsOffset = at + 1;
        at += 3;

        int mInfoLength = 0;
        if ((flags & (TlmspDialect.FlagInserted | TlmspDialect.FlagDeleted)) != 0)
        {
            Need(buffer, at, 2, "m_info");
            mInfoLength = 2 + 3 * buffer[at + 1];
            Need(buffer, at, mInfoLength, "delete indicators");
            at += mInfoLength;
        }

        Need(buffer, at, 2, "fragment length");
        int fragmentLength = BinaryPrimitives.ReadUInt16BigEndian(buffer[at..]);
        at += 2;
        int fragmentOffset = at;
        if (fragmentLength > TlmspDialect.MaxFragmentReceived)
        {
            throw new TlmspException(Misbehaviour.ContainerTooLong, $"fragment of {fragmentLength} bytes");
        }

        if (fragmentLength < TlmspDialect.NonceLength + TlmspDialect.TagLength)
        {
            throw new TlmspException(Misbehaviour.MalformedContainer, $"fragment of {fragmentLength} bytes");
        }

        Need(buffer, at, fragmentLength + TlmspDialect.TagLength + TlmspDialect.ForwardingMacLength, "fragment and MACs");
        at += fragmentLength + TlmspDialect.TagLength;
        int forwardingMacOffset = at;
        at += TlmspDialect.ForwardingMacLength;

        int additional = 0;
        if ((flags & TlmspDialect.FlagAudited) != 0)
        {
            Need(buffer, at, 1, "audit trail");
            additional = buffer[at++];
            Need(buffer, at, additional * TlmspDialect.ForwardingMacLength, "audit trail");
            at += additional * TlmspDialect.ForwardingMacLength;
        }

        return new ContainerParts
        {
            ContextId = contextId,
            Flags = flags,
            FlagsOffset = flagsOffset,
            MInfoLength = mInfoLength,
            FragmentOffset = fragmentOffset,
            FragmentLength = fragmentLength,
            ForwardingMacOffset = forwardingMacOffset,
            AdditionalCount = additional,
            End = at,
        };
    }

    private static void Need(ReadOnlySpan<byte> buffer, int at, int count, string what)
    {
        if (buffer.Length - at < count)
        {
            throw new TlmspException(Misbehaviour.MalformedContainer, $"{what} past the end of the record");
        }
    }
}
