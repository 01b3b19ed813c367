namespace Tlmsp.Tests.Recorded;

/// <summary>The parts of a container that have keys of their own.</summary>
internal enum ContainerFieldKind
{
    Context,
    WriterMac,

    /// <summary>
    /// Flags and check MAC of a forwarding MAC, and where there is no trail the name of its maker, of whom the reader check MAC covers the
    /// number only; nearly all of one that is neither the mandatory one nor the latest.
    /// </summary>
    ForwardingMac,
    Other,
}

/// <summary>What a byte of a record of containers belongs to.</summary>
internal readonly record struct ContainerField(ContainerFieldKind Kind, byte Context)
{
    private const int FlagsOffset = 2;
    private const int CheckMacOffset = 31;

    /// <param name="record">The record.</param>
    /// <param name="at">A byte of it.</param>
    /// <param name="start">Where its first container starts.</param>
    public static ContainerField At(byte[] record, int at, int start)
    {
        ContainerParts parts = ContainerParts.Parse(record, start);
        while (parts.End <= at)
        {
            start = parts.End;
            parts = ContainerParts.Parse(record, start);
        }

        ContainerFieldKind kind = at == start ? ContainerFieldKind.Context
            : at >= parts.WriterMacOffset && at < parts.ForwardingMacOffset ? ContainerFieldKind.WriterMac
            : at >= parts.ForwardingMacOffset ? OfForwardingMac(record, at, parts)
            : ContainerFieldKind.Other;
        return new ContainerField(kind, parts.ContextId);
    }

    private static ContainerFieldKind OfForwardingMac(byte[] record, int at, in ContainerParts parts)
    {
        int highest = 0;
        for (int i = 0; i < parts.ForwardingMacCount; i++)
        {
            highest = Math.Max(highest, Order(record, parts.ForwardingMacAt(i)));
        }

        for (int i = 0; i < parts.ForwardingMacCount; i++)
        {
            int offset = at - parts.ForwardingMacAt(i);
            if (offset is >= 0 and < TlmspDialect.ForwardingMacLength)
            {
                bool isChecked = i == 0 || Order(record, parts.ForwardingMacAt(i)) == highest;
                bool isBeyond = offset is FlagsOffset or >= CheckMacOffset
                    || (!isChecked && offset > FlagsOffset) || (offset == 0 && !parts.IsAudited);
                return isBeyond ? ContainerFieldKind.ForwardingMac : ContainerFieldKind.Other;
            }
        }

        return ContainerFieldKind.Other;    // nAF
    }

    private static int Order(byte[] record, int offset) => record[offset + 1];
}
