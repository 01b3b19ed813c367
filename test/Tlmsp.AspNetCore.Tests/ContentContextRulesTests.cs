using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tlmsp.Client;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>Content contexts that cannot be: found at start-up, with a message that says how to fix it.</summary>
public class ContentContextRulesTests
{
    [Fact]
    public async Task An_endpoint_that_names_a_context_of_no_profile_is_found_when_the_server_starts()
    {
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => StartAsync("pii", holds: true, HttpProfile.Two, HttpProfile.Four.WithContent("media")));

        Assert.Contains("names the content context 'pii', which no accepted profile has (four+content(media), two). Add one that has it", e.Message, StringComparison.Ordinal);
        await using TestServer server = await StartAsync("pii", holds: true, HttpProfile.Two, HttpProfile.Four.WithContent("pii"));
    }

    [Fact]
    public async Task An_endpoint_that_nothing_would_hold_to_its_context_is_found_when_the_server_starts()
    {
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => StartAsync("pii", holds: false, HttpProfile.Four.WithContent("pii")));

        Assert.Contains("Call builder.Services.AddTlmspContexts().", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Profiles_that_give_an_id_two_meanings_are_refused()
    {
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            StartAsync("pii", holds: true, HttpProfile.Two.WithContent("pii", "media"), HttpProfile.Four.WithContent("media")));

        Assert.Contains(
            "give the same id to different content contexts. Name them in the same order in both.", e.Message, StringComparison.Ordinal);
        await using TestServer server = await StartAsync(
            "pii", holds: true, HttpProfile.Two.WithContent("pii", "media"), HttpProfile.Four.WithContent("pii"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("PII")]
    [InlineData("7th")]
    [InlineData("p i")]
    [InlineData("a;role=head")]
    [InlineData("a23456789-123456789-123456789-123")]
    public void What_is_no_name_is_refused_everywhere(string name)
    {
        Assert.Throws<ArgumentException>(() => new TlmspContextAttribute(name));
        Assert.Throws<ArgumentException>(() => HttpProfile.Four.WithContent(name));
        Assert.Throws<ArgumentException>(() => new ContentMap().Map("/", name));
        Assert.Throws<ArgumentException>(() => new HttpRequestMessage().SetTlmspContent(name));
    }

    [Fact]
    public void A_client_whose_policy_names_a_context_that_its_profile_does_not_have_cannot_be_made()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(
            () => TestServer.Handler(tlmsp => tlmsp.Content.Map("/customers/**", "pii")));

        Assert.Contains("'pii', which profile two does not have. Set tlmsp.Profile = HttpProfile.Four.WithContent(\"pii\").", e.Message, StringComparison.Ordinal);
        using TlmspHandler handler = TestServer.Handler(tlmsp =>
        {
            tlmsp.Profile = HttpProfile.Two.WithContent("pii");
            tlmsp.Content.Map("/customers/**", "pii");
        });
    }

    [Fact]
    public void A_policy_needs_a_handler_that_carries_it_out()
    {
        using var handler = new SocketsHttpHandler();

        ArgumentException e = Assert.Throws<ArgumentException>(() => handler.UseTlmsp(tlmsp =>
        {
            tlmsp.Profile = HttpProfile.Two.WithContent("pii");
            tlmsp.Content.Map("/customers/**", "pii");
        }));

        Assert.Contains("Content needs a TlmspHandler", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_names_a_context_that_its_profile_does_not_have_is_not_sent()
    {
        using var client = new HttpClient(TestServer.Handler());
        using HttpRequestMessage request = new HttpRequestMessage(HttpMethod.Get, "https://localhost:1/").SetTlmspContent("pii");

        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(() => client.SendAsync(request));

        Assert.Contains("'pii', which profile two does not have", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("customers")]
    [InlineData("/a/*/b")]
    [InlineData("/a?b")]
    [InlineData("/A/**")]
    public void What_is_no_path_or_comes_twice_is_refused(string pattern) =>
        Assert.Throws<ArgumentException>(() => new ContentMap().Map("/a/**", "pii").Map(pattern, "pii"));

    private static Task<TestServer> StartAsync(string name, bool holds, params HttpProfile[] profiles) => TestServer.StartAsync(
        tlmsp => tlmsp.Profiles = [.. profiles],
        app => app.MapGet("/customers", () => "").WithTlmspContext(name),
        building: builder =>
        {
            if (holds)
            {
                builder.Services.AddTlmspContexts();
            }
        });
}
