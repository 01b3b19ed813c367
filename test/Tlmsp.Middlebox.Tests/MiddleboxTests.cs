using System.Security.Cryptography;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

public class MiddleboxTests
{
    private static readonly Grant HeaderOnly = Grant.Read(HttpContexts.Headers);
    private static readonly Grant BodyOnly = Grant.Read(HttpContexts.Body);

    [Fact]
    public async Task A_header_only_and_a_body_only_middlebox_see_just_their_part()
    {
        string headAddress = "";
        string bodyAddress = "";
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = offer =>
            offer.Middleboxes.Select(m => (m.Address.Text, m.Grant)).SequenceEqual([(headAddress, HeaderOnly), (bodyAddress, BodyOnly)])
                ? null
                : "unexpected list");
        await using TestMiddlebox body = await TestMiddlebox.StartAsync(server.Address);
        await using TestMiddlebox head = await TestMiddlebox.StartAsync(new Uri(body.Address));
        headAddress = head.Address;
        bodyAddress = body.Address;
        using HttpClient client = server.Client(tlmsp => tlmsp.Middleboxes.Add(head.Address, HeaderOnly).Add(body.Address, BodyOnly));

        byte[] content = RandomNumberGenerator.GetBytes(100_000);
        using HttpResponseMessage response = await client.PostAsync("/echo", new ByteArrayContent(content));

        Assert.Equal(content, await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(["POST /echo HTTP/1.1", "HTTP/1.1 200 OK"], head.Seen.Heads.Select(h => h.StartLine));
        Assert.Empty(head.Seen.Content);
        Assert.Equal(200_000, head.Seen.OpaqueContentBytes);
        Assert.Empty(body.Seen.Heads);
        Assert.True(body.Seen.OpaqueHeadBytes > 0);
        Assert.Equal([.. content, .. content], body.Seen.Content);
    }

    [Fact]
    public async Task A_middlebox_that_the_server_does_not_allow_gets_alert_171_and_a_log_line_that_helps()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address);
        using HttpClient client = server.Client(tlmsp => tlmsp.Middleboxes.Add(middlebox.Address, HeaderOnly));

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/hello"));

        Assert.Equal(HttpRequestError.SecureConnectionError, e.HttpRequestError);
        var fault = Assert.IsType<TlmspException>(e.InnerException!.InnerException);
        Assert.Equal(TlmspAlert.MiddleboxAuthorizationFailure, fault.Alert);
        await server.Logs.WaitForLineAsync($"Middleboxes.Allow(\"{middlebox.Address}\", Grant.Parse(\"1=r\"))");
    }

    [Fact]
    public async Task A_next_hop_that_is_not_listed_is_refused_with_alert_170()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(new Uri("https://other.example:1"));
        using HttpClient client = server.Client(tlmsp => tlmsp.Middleboxes.Add(middlebox.Address, HeaderOnly));

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/hello"));

        var fault = Assert.IsType<TlmspException>(e.InnerException!.InnerException);
        Assert.Equal(TlmspAlert.MiddleboxRouteFailure, fault.Alert);
        Assert.Contains(middlebox.Logs.Lines, line => line.Contains("NextHops.Allow(", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_inspector_that_fails_closes_the_connection_and_passes_nothing_on()
    {
        int requests = 0;
        await using TestServer server = await TestServer.StartAsync(
            tlmsp => tlmsp.Middleboxes.Policy = _ => null,
            app => app.Use(next => context =>
            {
                Interlocked.Increment(ref requests);
                return next(context);
            }));
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, inspector: new FailingInspector());
        using HttpClient client = server.Client(tlmsp => tlmsp.Middleboxes.Add(middlebox.Address, HeaderOnly));

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/hello"));

        var fault = Assert.IsType<TlmspException>(FindTlmsp(e));
        Assert.True(fault.FromPeer);
        Assert.Equal(TlmspAlert.InternalError, fault.Alert);
        Assert.Equal(0, requests);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await server.Logs.WaitForAsync(
            entries => entries.Any(entry => entry.Line.Contains("fatal alert InternalError", StringComparison.Ordinal)), patience.Token);
    }

    [Fact]
    public async Task Connections_through_a_middlebox_are_independent()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, inspect: false);
        using HttpClient client = server.Client(tlmsp => tlmsp.Middleboxes.Add(middlebox.Address, Grant.Write(1, 2)));

        string[] answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => client.GetStringAsync("/hello")));

        Assert.All(answers, answer => Assert.Equal("hello", answer));
    }

    private static TlmspException? FindTlmsp(Exception? e) => e is null ? null : e as TlmspException ?? FindTlmsp(e.InnerException);

    private sealed class FailingInspector : ITlmspInspector
    {
        public ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken) =>
            throw new FormatException("cannot cope");
    }
}
