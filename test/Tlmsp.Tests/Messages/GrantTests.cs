namespace Tlmsp.Tests.Messages;

public class GrantTests
{
    [Theory]
    [InlineData("1=r,2=rw", "1=r,2=rw")]
    [InlineData(" 2 = rw , 1 = r ", "1=r,2=rw")]
    [InlineData("255=rw", "255=rw")]
    [InlineData("1=rd", "1=rd")]
    [InlineData("1=none", "none")]
    [InlineData("none", "none")]
    [InlineData("", "none")]
    public void Parse_reads_what_ToString_writes(string text, string expected)
    {
        Grant grant = Grant.Parse(text);
        Assert.Equal(expected, grant.ToString());
        Assert.Equal(grant, Grant.Parse(grant.ToString()));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("1=")]
    [InlineData("=r")]
    [InlineData("0=r")]
    [InlineData("256=r")]
    [InlineData("-1=r")]
    [InlineData("1=w")]
    [InlineData("1=R")]
    [InlineData("1=r=rw")]
    [InlineData("one=r")]
    public void Parse_says_how_to_write_it(string text) =>
        Assert.Contains("Write ", Assert.Throws<FormatException>(() => Grant.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_greater_right_counts()
    {
        Grant grant = Grant.Read(1, 2) + Grant.Write(2, 3);
        Assert.Equal(
            [TlmspAccess.Read, TlmspAccess.Write, TlmspAccess.Write, TlmspAccess.None], new byte[] { 1, 2, 3, 4 }.Select(id => grant[id]));
        Assert.Equal(Grant.Parse("1=r,2=rw,3=rw"), grant);
        Assert.Equal(grant, Grant.Write(3, 2) + Grant.Read(2, 1));
        Assert.Equal(grant.GetHashCode(), Grant.Parse("3=rw,2=rw,1=r").GetHashCode());
    }

    [Fact]
    public void Grants_are_compared_by_content_and_listed_in_order()
    {
        Assert.Equal(Grant.Read(1), Grant.Read(1, 1));
        Assert.NotEqual(Grant.Read(1), Grant.Write(1));
        Assert.NotEqual(Grant.Read(1), Grant.None);
        Assert.False(Grant.None.Equals(null));
        Assert.Equal([new(1, TlmspAccess.Read), new(9, TlmspAccess.Read)], Grant.Read(9, 1));
        Assert.Equal(0, Grant.None.Count);
    }

    /// <summary>Everyone has context 0; granting it would suggest that someone might not.</summary>
    [Fact]
    public void Context_0_cannot_be_granted()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Grant.Read(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Grant.Write(1, 0));
    }
}
