using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>What a middlebox demands to be granted, and refuses to be.</summary>
public class GrantPolicyTests
{
    [Theory]
    [InlineData("two", "head=r", "head=r,req-head=r", "none")]
    [InlineData("four", "req-head=r", "head=r,req-head=r", "body=r,req-body=r,resp-body=r")]
    [InlineData("four", "req-head=rw,resp-body=r", "req-head=r", "resp-body=rw")]
    [InlineData("two", "none", "none", "head=r,body=r")]
    public async Task A_connection_that_grants_what_is_demanded_and_nothing_that_is_refused_passes(
        string profile, string grant, string demand, string refuse)
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox middlebox = await StartAsync(server.Address, demand, refuse);
        using HttpClient client = Client(server, middlebox, profile, grant);

        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    [Theory]
    [InlineData("two", "none", "head=r", "none", TlmspAlert.MiddleboxRequired, "have to grant head=r, and this one grants nothing.")]
    [InlineData("two", "head=r,body=r", "head=rw", "none", TlmspAlert.MiddleboxRequired, "have to grant head=rw, and this one grants head=r,body=r.")]
    [InlineData("two", "head=rw", "req-head=r", "none", TlmspAlert.MiddleboxRequired, "and this one has none of these contexts.")]
    [InlineData("two", "head=r,body=r", "none", "body=r", TlmspAlert.MiddleboxAuthorizationFailure, "must not grant body=r, and this one grants")]
    [InlineData("four", "req-head=rw", "req-head=r", "req-head=rw", TlmspAlert.MiddleboxAuthorizationFailure, "must not grant req-head=rw")]
    public async Task A_connection_that_grants_less_or_more_is_refused_before_data_passes(
        string profile, string grant, string demand, string refuse, TlmspAlert alert, string reason)
    {
        int reached = 0;
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null, app => app.Use((context, next) =>
        {
            Interlocked.Increment(ref reached);
            return next(context);
        }));
        await using TestMiddlebox middlebox = await StartAsync(server.Address, demand, refuse);
        using HttpClient client = Client(server, middlebox, profile, grant);

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/hello"));

        Assert.Contains($"({(byte)alert})", e.ToString(), StringComparison.Ordinal);
        string line = await middlebox.Logs.WaitForLineAsync(reason);
        Assert.StartsWith("Warning", line, StringComparison.Ordinal);
        Assert.Equal(0, reached);
    }

    [Fact]
    public async Task An_inspector_that_needs_what_is_refused_is_found_at_start_up()
    {
        OptionsValidationException e = await Assert.ThrowsAsync<OptionsValidationException>(() => TestMiddlebox.StartAsync(
            new Uri("https://localhost:1"),
            options => options.NextHops.Allow("orders.example:5001", refuse: HttpContexts.ParseGrant("req-body=rw")),
            inspector: new DelegateInspector { Needs = [DelegateInspector.Writes(HttpDirection.Request, HttpRole.Content)] }));

        Assert.Equal(
            "NextHops orders.example:5001 refuses req-body=rw, and DelegateInspector needs req-body. Refuse less, or remove the inspector.",
            Assert.Single(e.Failures));
    }

    [Fact]
    public async Task An_inspector_that_needs_less_than_what_is_refused_starts()
    {
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
            new Uri("https://localhost:1"),
            options => options.NextHops.Allow("orders.example:5001", refuse: HttpContexts.ParseGrant("req-body=rw,resp-body=r")),
            inspector: new DelegateInspector
            {
                Needs = [new InspectorNeedsAttribute(HttpDirection.Request, HttpRole.Content, TlmspAccess.Read)],
            });

        Assert.Contains(middlebox.Logs.Lines, line => line.Contains("is listening", StringComparison.Ordinal));
    }

    private static Task<TestMiddlebox> StartAsync(Uri nextHop, string demand, string refuse) => TestMiddlebox.StartAsync(
        nextHop,
        options => options.NextHops.Allow(
            $"{nextHop.Host}:{nextHop.Port}", demand: HttpContexts.ParseGrant(demand), refuse: HttpContexts.ParseGrant(refuse)),
        inspect: false);

    private static HttpClient Client(TestServer server, TestMiddlebox middlebox, string profile, string grant) => server.Client(tlmsp =>
    {
        tlmsp.Profile = HttpProfile.Parse(profile);
        tlmsp.Middleboxes.Add(middlebox.Address, HttpContexts.ParseGrant(grant));
    });
}
