namespace Tlmsp.Tests.Messages;

public class TlmspContextTests
{
    [Fact]
    public void Arguments_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new TlmspContext(0));
        Assert.Throws<ArgumentNullException>(() => new TlmspContext(1, null!));
        Assert.Throws<ArgumentException>(() => new TlmspContext(1, new string('a', 256)));
        Assert.Throws<ArgumentException>(() => new TlmspContext(1, "price in €"));
        Assert.Throws<ArgumentException>(() => new TlmspContext(1, "\ud83d"));
        Assert.Equal(255, new TlmspContext(255, new string('é', 255)).Purpose.Length);
    }

    [Fact]
    public void Contexts_are_compared_by_content()
    {
        Assert.Equal(new TlmspContext(1, "a", audited: true), new TlmspContext(1, "a", audited: true));
        Assert.NotEqual(new TlmspContext(1, "a", audited: true), new TlmspContext(1, "a"));
    }
}
