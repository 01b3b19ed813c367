using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Inspectors.Tests;

/// <summary>Content is scanned as a stream, and what is found does not pass.</summary>
public class ContentScannerTests
{
    private const string Text = $"card {InspectorPath.Card} end";
    private const string Masked = "card ******************* end";
    private static readonly string[] s_paths = ["two 1.1", "four 1.1", "four+secret 1.1", "two 2.0", "four 2.0", "five 2.0"];

    public static TheoryData<string, int> Cuts
    {
        get
        {
            var cuts = new TheoryData<string, int>();
            foreach (string path in s_paths)
            {
                cuts.Add(path, 0);
                cuts.Add(path, 12);
                cuts.Add(path, 23);
            }

            return cuts;
        }
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task A_card_number_in_a_response_is_masked_wherever_the_content_is_cut(string path, int cut)
    {
        await using InspectorPath scanned = await StartAsync(path, """{ "CardNumbers": true, "Action": "Redact" }""");

        using HttpResponseMessage response = await scanned.SendAsync(HttpMethod.Get, $"/card?cut={cut}");

        Assert.Equal(Masked, await response.Content.ReadAsStringAsync());
        await scanned.Middlebox.Logs.WaitForLineAsync("'card number' was found in the content of Response");
        Assert.DoesNotContain(scanned.Middlebox.Logs.Lines, line => line.Contains("1111", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task A_box_that_may_only_read_content_closes_the_connection(string path, int cut)
    {
        string grant = path.StartsWith("two", StringComparison.Ordinal) ? "body=r" : "resp-body=r";
        await using InspectorPath scanned = await StartAsync(path, """{ "CardNumbers": true, "Scan": "Responses" }""", grant);
        Assert.Equal("hello", await scanned.Client.GetStringAsync("/hello"));

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => scanned.Client.GetStringAsync($"/card?cut={cut}"));

        await scanned.Middlebox.Logs.WaitForLineAsync("ContentScannerInspector refuses it: 'card number' was found in the content");
    }

    [Theory]
    [InlineData("two 1.1")]
    [InlineData("four 1.1")]
    [InlineData("four 2.0")]
    public async Task Requests_are_scanned_for_literals_and_expressions(string path)
    {
        await using InspectorPath scanned = await StartAsync(path, """
            { "Scan": "Requests", "Action": "Redact", "Mask": "#",
              "Patterns": [ { "Name": "word", "Literal": "Geheimnis", "IgnoreCase": true }, { "Name": "key", "Regex": "AKIA[0-9A-Z]{16}" } ] }
            """);
        string text = new string('x', 40_000) + " GEHEIMNIS AKIA0123456789ABCDEF AKIA01 geheim";

        using HttpResponseMessage response = await scanned.SendAsync(HttpMethod.Post, "/whole", new StringContent(text));

        Assert.Equal(
            new string('x', 40_000) + " ######### #################### AKIA01 geheim", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task What_is_reported_passes()
    {
        await using InspectorPath scanned = await StartAsync("four 1.1", """{ "CardNumbers": true, "Action": "Report" }""", "req-body=r,resp-body=r");

        using HttpResponseMessage response = await scanned.SendAsync(HttpMethod.Post, "/whole", new StringContent(Text));

        Assert.Equal(Text, await response.Content.ReadAsStringAsync());
        await scanned.Middlebox.Logs.WaitForLineAsync("'card number' was found in the content of Request 1");
        await scanned.Middlebox.Logs.WaitForLineAsync("'card number' was found in the content of Response 1");
    }

    [Fact]
    public async Task A_box_without_heads_masks_what_comes_in_one_piece_and_closes_where_the_beginning_has_passed()
    {
        await using InspectorPath scanned = await StartAsync("four 1.1", """{ "CardNumbers": true, "Action": "Redact", "Scan": "Responses" }""", "resp-body=rw");

        using HttpResponseMessage whole = await scanned.SendAsync(HttpMethod.Post, "/whole", new StringContent(Text));
        Assert.Equal(Masked, await whole.Content.ReadAsStringAsync());

        // By hand, so that the two pieces are certain not to arrive together.
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = new Uri($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}");
        await using TestMiddlebox box = await TestMiddlebox.StartAsync(address, inspect: false, building: building => building.AddContentScanner(
            InspectorPath.Section("""{ "CardNumbers": true, "Action": "Redact", "Scan": "Responses" }""")));
        Task<TlmspPeer> accepting = TlmspPeer.AcceptAsync(listener);
        await using TlmspPeer client = await TlmspPeer.ConnectAsync(address, [box.With(Grant.Write(HttpContexts.Body))]);
        await using TlmspPeer server = await accepting;
        await server.SendAsync(HttpContexts.Body, "8\r\n4111 111\r\n");
        Assert.Equal("2: 8\r\n4111 111\r\n", await client.ReceiveTextAsync());
        await server.SendAsync(HttpContexts.Body, "b\r\n1-1111 1111\r\n");

        Assert.Equal(TlmspAlert.AccessDenied, (await client.ReceiveEndAsync())?.Alert);
        await box.Logs.WaitForLineAsync("'card number' was found in content of which the beginning has passed");
    }

    [Theory]
    [InlineData("two", "body=r", "Redact", "needs the right to write the content of requests")]
    [InlineData("four", "req-body=r,resp-head=r", "Close", "needs the right to read the content of responses")]
    public async Task A_connection_whose_content_cannot_be_scanned_is_refused(string profile, string grant, string action, string missing)
    {
        await using InspectorPath scanned = await StartAsync($"{profile} 1.1", $$"""{ "CardNumbers": true, "Action": "{{action}}" }""", grant);

        await scanned.AssertClosedAsync(() => scanned.SendAsync(HttpMethod.Get, "/hello"), missing);

        Assert.Empty(scanned.Reached);
    }

    [Theory]
    [InlineData("""{ }""", "there is nothing to look for.")]
    [InlineData("""{ "CardNumbers": true, "Mask": "\n" }""", "Mask is not a visible ASCII character.")]
    [InlineData("""{ "Patterns": [ { "Literal": "a" } ] }""", "Patterns:0 has no Name.")]
    [InlineData("""{ "Patterns": [ { "Name": "a" } ] }""", "Patterns:0 has neither or both of Literal and Regex.")]
    [InlineData("""{ "Patterns": [ { "Name": "a", "Regex": "(" } ] }""", "Patterns:0 has a Regex that cannot be used: ")]
    [InlineData("""{ "Patterns": [ { "Name": "a", "Regex": "(?=b)a" } ] }""", "Patterns:0 has a Regex that cannot be used: ")]
    [InlineData("""{ "Patterns": [ { "Name": "a", "Regex": "a*" } ] }""", "Patterns:0 has a Regex that matches nothing at all.")]
    [InlineData("""{ "Patterns": [ { "Name": "a", "Regex": "ä" } ] }""", "Patterns:0 has a Regex with other characters than ASCII.")]
    [InlineData("""{ "Patterns": [ { "Name": "a", "Regex": "a", "MaxLength": 5000 } ] }""", "Patterns:0 has the MaxLength 5000.")]
    public async Task Patterns_that_cannot_be_used_are_found_at_start_up(string json, string problem)
    {
        OptionsValidationException e = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync("two 1.1", json));

        Assert.Contains(problem, Assert.Single(e.Failures), StringComparison.Ordinal);
    }

    private static Task<InspectorPath> StartAsync(string path, string json, string? grant = null) => InspectorPath.StartAsync(
        path.Split(' ')[0], path.Split(' ')[1], box => box.AddContentScanner(InspectorPath.Section(json)), grant);
}
