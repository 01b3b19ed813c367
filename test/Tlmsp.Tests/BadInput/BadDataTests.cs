namespace Tlmsp.Tests.BadInput;

/// <summary>Every record of the data phase, on every hop and in both directions, damaged in every way.</summary>
public class BadDataTests
{
    private const int ForwardingFlagsFromEnd = 45;

    [Theory]
    [MemberData(nameof(DataRun.Paths), MemberType = typeof(DataRun))]
    public void A_damaged_record_is_noticed(string grants, bool audited)
    {
        using DataRun clean = DataRun.Run(grants, audited);
        var unnoticed =
            from place in clean.Records
            from mutation in Mutation.Structural
            where !IsNoticed(clean, place, mutation)
            select $"{place}, {mutation}";
        Assert.Empty(unnoticed);
    }

    [Theory]
    [MemberData(nameof(DataRun.Paths), MemberType = typeof(DataRun))]
    public void A_changed_byte_is_noticed(string grants, bool audited)
    {
        using DataRun clean = DataRun.Run(grants, audited);
        var unnoticed =
            from place in clean.Records
            from mutation in Mutation.Flips(place.Length, step: 3, place.Number + place.Hop)
            where !IsNoticed(clean, place, mutation) && !IsReplaced(clean, place, mutation)
            select $"{place}, {mutation}";
        Assert.Empty(unnoticed);
    }

    /// <summary>
    /// The check MAC, and the flags that it alone covers, of an unaudited container that a middlebox writes anew: only the endpoint has the
    /// key, and never sees it (records-keys.md §5).
    /// </summary>
    private static bool IsReplaced(DataRun clean, Place place, Mutation mutation) =>
        !clean.Audited && clean.Grants.Contains("rw")
        && place.Length - mutation.Byte is <= TlmspDialect.TagLength or ForwardingFlagsFromEnd;

    private static bool IsNoticed(DataRun clean, Place place, Mutation mutation)
    {
        using DataRun damaged = DataRun.Run(clean.Grants, clean.Audited, place, mutation);
        damaged.CheckAgainst(clean);
        return damaged.FirstFault is not null || (mutation.MayStall && !damaged.IsLike(clean)) || !damaged.IsChanged();
    }
}
