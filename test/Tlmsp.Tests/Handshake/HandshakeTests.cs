using Tlmsp.TestSupport;

namespace Tlmsp.Tests;

public class HandshakeTests
{
    public static TheoryData<string> GrantLists => ["", "1=r", "none", "1=rw,2=r", "1=r|2=r", "1=rw,2=rw|none|1=r"];

    [Theory]
    [MemberData(nameof(GrantLists))]
    public void Data_reaches_the_other_end_in_its_context(string grants)
    {
        foreach (bool audited in (bool[])[false, true])
        {
            using InMemoryPath path = TestPaths.Make(audited, Parse(grants)).Connect();
            path.ClientSends(1, "request head"u8);
            path.ClientSends(2, new byte[40_000]);
            path.ServerSends(1, "response head"u8);
            path.ServerSends(2, "response body"u8);

            Assert.Empty(path.Faults);
            Assert.Equal("request head"u8, path.AtServer.Data(1));
            Assert.Equal(new byte[40_000], path.AtServer.Data(2));
            Assert.Equal("response head"u8, path.AtClient.Data(1));
            Assert.Equal("response body"u8, path.AtClient.Data(2));
            Assert.Equal(Parse(grants), path.Server!.Info.Middleboxes.Select(middlebox => middlebox.Grant));
        }
    }

    private static Grant[] Parse(string grants) =>
        [.. grants.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(grant => grant == "none" ? Grant.None : Grant.Parse(grant))];
}
