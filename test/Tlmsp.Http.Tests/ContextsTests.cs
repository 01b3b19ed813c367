namespace Tlmsp.Http.Tests;

public class ContextsTests
{
    [Fact]
    public void The_profiles_own_list_is_accepted() => Assert.Null(HttpContexts.Check(HttpContexts.Create()));

    [Fact]
    public void Empty_purposes_fall_back_to_the_ids() => Assert.Null(HttpContexts.Check([new TlmspContext(1), new TlmspContext(2), new TlmspContext(3)]));

    [Theory]
    [InlineData(1, "http;v=1;role=req-head", 2, "http;v=1;role=body")]
    [InlineData(1, "http;v=1;role=body", 2, "http;v=1;role=head")]
    [InlineData(1, "", 3, "")]
    [InlineData(2, "", 3, "something else")]
    public void Other_profiles_are_refused(byte first, string firstPurpose, byte second, string secondPurpose) =>
        Assert.NotNull(HttpContexts.Check([new TlmspContext(first, firstPurpose), new TlmspContext(second, secondPurpose)]));
}
