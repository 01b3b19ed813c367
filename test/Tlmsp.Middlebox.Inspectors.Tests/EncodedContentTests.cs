using Microsoft.Extensions.DependencyInjection;

namespace Tlmsp.Middlebox.Inspectors.Tests;

/// <summary>What the content scanner makes of content codings (RFC 9110 §8.4), which it does not undo.</summary>
public class EncodedContentTests
{
    [Theory]
    [InlineData("two 1.1", "head=r,body=r", "gzip", false)]
    [InlineData("two 1.1", "body=r", "gzip", true)]
    [InlineData("four 1.1", "resp-body=r", "gzip", true)]
    [InlineData("four 2.0", "resp-head=r,resp-body=r", "gzip", false)]
    [InlineData("four 2.0", "resp-body=r", "gzip", true)]
    [InlineData("two 1.1", "head=r,body=r", "br", false)]
    [InlineData("four 2.0", "resp-head=r,resp-body=r", "br", false)]
    [InlineData("two 1.1", "head=r,body=r", "zstd", false)]
    [InlineData("four 1.1", "resp-body=r", "zstd", true)]
    [InlineData("four 2.0", "resp-body=r", "zstd", true)]
    public async Task Content_in_a_coding_is_refused(string path, string grant, string coding, bool hidden)
    {
        await using InspectorPath scanned = await StartAsync(path, """{ "CardNumbers": true, "Scan": "Responses" }""", grant);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => scanned.Client.GetStringAsync(Target(coding, hidden)));

        await scanned.Middlebox.Logs.WaitForLineAsync($"the content is encoded with {coding}, so it cannot be scanned (OnEncoded)");
    }

    [Theory]
    [InlineData("two 1.1", "head=r,body=r", "gzip", false)]
    [InlineData("four 1.1", "resp-body=r", "gzip", true)]
    [InlineData("four 2.0", "resp-head=r,resp-body=r", "gzip", false)]
    [InlineData("two 1.1", "head=r,body=r", "br", false)]
    [InlineData("four 2.0", "resp-head=r,resp-body=r", "br", false)]
    [InlineData("two 1.1", "head=r,body=r", "zstd", false)]     // whose block is not compressed: what it holds would be found
    [InlineData("four 2.0", "resp-body=r", "zstd", true)]
    public async Task Content_in_a_coding_passes_where_that_is_configured_and_is_logged(
        string path, string grant, string coding, bool hidden)
    {
        await using InspectorPath scanned = await StartAsync(
            path, """{ "CardNumbers": true, "Scan": "Responses", "OnEncoded": "Skip" }""", grant);

        Assert.Equal(InspectorPath.Encode(coding), await scanned.Client.GetByteArrayAsync(Target(coding, hidden)));

        await scanned.Middlebox.Logs.WaitForLineAsync($"passes without being scanned: it is encoded with {coding}");
        Assert.DoesNotContain(scanned.Middlebox.Logs.Lines, line => line.Contains("was found", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("two 1.1", "Refuse")]
    [InlineData("four 2.0", "Refuse")]
    [InlineData("four 2.0", "Skip")]
    public async Task Content_without_a_coding_is_scanned_whatever_is_done_with_others(string path, string onEncoded)
    {
        await using InspectorPath scanned = await StartAsync(
            path, $$"""{ "CardNumbers": true, "Action": "Redact", "Scan": "Responses", "OnEncoded": "{{onEncoded}}" }""");

        Assert.Equal(new string('*', InspectorPath.Card.Length), await scanned.Client.GetStringAsync(Target("identity", hidden: false)));

        await scanned.Middlebox.Logs.WaitForLineAsync("'card number' was found in the content of Response 1");
    }

    [Theory]
    [InlineData("two 1.1", "body=r")]
    [InlineData("four 2.0", "resp-body=r")]
    public async Task Without_heads_nothing_tells_that_content_is_Brotli(string path, string grant)
    {
        await using InspectorPath scanned = await StartAsync(path, """{ "CardNumbers": true, "Scan": "Responses" }""", grant);

        Assert.Equal(InspectorPath.Encode("br"), await scanned.Client.GetByteArrayAsync(Target("br", hidden: false)));
    }

    [Fact]
    public async Task A_rule_that_removes_Accept_Encoding_has_the_server_send_content_that_can_be_scanned()
    {
        await using InspectorPath scanned = await InspectorPath.StartAsync("four", "1.1", box => box
            .AddHeaderRules(InspectorPath.Section("""{ "Rules": [ { "Action": "Remove", "Field": "Accept-Encoding" } ] }"""))
            .AddContentScanner(InspectorPath.Section("""{ "CardNumbers": true, "Action": "Redact", "Scan": "Responses" }""")));

        using HttpResponseMessage response = await scanned.SendAsync(HttpMethod.Get, "/negotiated", null, ("Accept-Encoding", "br, gzip"));

        Assert.Equal(new string('*', InspectorPath.Card.Length), await response.Content.ReadAsStringAsync());
    }

    private static string Target(string coding, bool hidden) => $"/encoded?coding={coding}&hidden={hidden}";

    private static Task<InspectorPath> StartAsync(string path, string json, string? grant = null) => InspectorPath.StartAsync(
        path.Split(' ')[0], path.Split(' ')[1], box => box.AddContentScanner(InspectorPath.Section(json)), grant);
}
