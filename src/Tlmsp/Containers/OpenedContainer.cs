using System.Buffers.Binary;

namespace Tlmsp;

/// <summary>A container that passed every check its receiver can make.</summary>
internal readonly ref struct OpenedContainer
{
    public RecordType Type { get; init; }

    public ContainerParts Parts { get; init; }

    /// <summary>The receiver's copy of the record.</summary>
    public Span<byte> Buffer { get; init; }

    /// <summary>The entity that put the container on the path: m_id if there is one, else the far endpoint.</summary>
    public byte Origin { get; init; }

    /// <summary>The entity that made the fragment as it is now.</summary>
    public byte Author { get; init; }

    /// <summary>False when the receiver has no read access; <see cref="Plaintext"/> is then empty.</summary>
    public bool CanRead { get; init; }

    public ReadOnlySpan<byte> Plaintext { get; init; }

    /// <summary>Wire index of the trail entry with the highest order; 0 is the mandatory forwarding MAC.</summary>
    public int HighestIndex { get; init; }

    /// <summary>Entity that made the forwarding MAC of order 0.</summary>
    public byte FirstForwarder { get; init; }

    public ReadOnlySpan<byte> MInfo => Buffer.Slice(Parts.MInfoOffset, Parts.MInfoLength);

    public ForwardingMac ForwardingMac(int index) => new(Buffer[Parts.ForwardingMacAt(index)..]);

    /// <summary>Sum of the delete counts.</summary>
    public ulong DeletedCount => Parts.IsDeleted ? CountDeleted(MInfo) : 0;

    /// <summary>True for a notice of deletions whose every source is the deleter itself.</summary>
    public bool IsOwnDeletion
    {
        get
        {
            for (ReadOnlySpan<byte> rest = Parts.IsDeleted ? MInfo[2..] : default; !rest.IsEmpty; rest = rest[3..])
            {
                if (rest[0] != Origin)
                {
                    return false;
                }
            }

            return Parts.IsDeleted;
        }
    }

    /// <summary>Sum of the delete counts of an m_info.</summary>
    public static ulong CountDeleted(ReadOnlySpan<byte> mInfo)
    {
        ulong sum = 0;
        for (ReadOnlySpan<byte> rest = mInfo[2..]; !rest.IsEmpty; rest = rest[3..])
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(rest[1..]);
        }

        return sum;
    }
}
