namespace Tlmsp.Tests.BadInput;

/// <summary>Every record of the handshake, on every hop and in both directions, with single bits changed.</summary>
public class ChangedHandshakeBytesTests
{
    /// <summary>On a long path fewer bytes per record, and others in each: there are so many more records.</summary>
    [Theory]
    [InlineData("", 1)]
    [InlineData("1=rw", 1)]
    [InlineData("1=r+certificate", 3)]
    [InlineData("1=r|1=rw,2=r", 3)]
    public void A_changed_byte_is_noticed(string grants, int step)
    {
        var unnoticed =
            from place in HandshakeRun.Records(grants)
            from mutation in Mutation.Flips(place.Length, step, place.Number + place.Hop)
            where !HandshakeRun.IsNoticed(grants, place, mutation) && !IsIgnored(place, mutation)
            select $"{place}, {mutation}";
        Assert.Empty(unnoticed);
    }

    /// <summary>The minor version of the first record says nothing (records-keys.md §1.1): 1 from a client, 3 from a middlebox.</summary>
    private static bool IsIgnored(Place place, Mutation mutation) => place.Number == 0 && mutation.Byte == 2;
}
