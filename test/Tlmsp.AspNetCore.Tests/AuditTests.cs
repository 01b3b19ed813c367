using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>
/// A middlebox inserts, changes and deletes in audited contexts: both ends name it, for the message it did it to and no other.
/// </summary>
public class AuditTests
{
    private const string Untouched = nameof(TlmspAuditVerdict.Untouched);
    private static readonly string[] s_names = ["a", "b", "c", "d"];

    [Fact]
    public async Task A_changed_head_is_that_of_one_request_of_a_connection()
    {
        await using AuditPath path = await AuditPath.StartAsync((direction, _, text) =>
            direction.ToServer ? AddField(text, "/audit/b ") : null);
        using HttpClient client = path.Client();

        foreach (string name in s_names)
        {
            using HttpResponseMessage response = await client.GetAsync($"/audit/{name}");
            Assert.Equal($"answer {name}", await response.Content.ReadAsStringAsync());
            Assert.Equal(Untouched, path.Text(response.GetTlmspAudit()));
            Assert.Equal(path.Address, Assert.Single(response.GetTlmspConnection()!.Middleboxes).Address.Text);
        }

        await AssertAuditsAsync(path, [Untouched, "Touched: relay changed 1 container of Head", Untouched, Untouched]);
    }

    [Fact]
    public async Task Pipelined_requests_do_not_mix()
    {
        await using AuditPath path = await AuditPath.StartAsync((direction, context, text) =>
            !direction.ToServer ? null : context == HttpContexts.Body ? text.ToUpperInvariant() : AddField(text, "/audit/c "));
        await using TlmspPeer client = await path.ConnectAsync();

        await client.SendAsync(
            (HttpContexts.Headers, Head("GET", "a")),
            (HttpContexts.Headers, Head("POST", "b", "Content-Length: 6")), (HttpContexts.Body, "onetwo"),
            (HttpContexts.Headers, Head("GET", "c")), (HttpContexts.Headers, Last("d")));
        await client.ReceiveEndAsync();

        await AssertAuditsAsync(path,
        [
            Untouched, "Touched: relay changed 1 container of Content", "Touched: relay changed 1 container of Head", Untouched,
        ]);
    }

    [Fact]
    public async Task A_container_with_heads_of_two_requests_counts_for_both()
    {
        await using AuditPath path = await AuditPath.StartAsync(
            (direction, _, text) => direction.ToServer ? AddField(text, "/audit/a ") : null);
        await using TlmspPeer client = await path.ConnectAsync();

        await client.SendAsync(
            (HttpContexts.Headers, Head("GET", "a") + Head("GET", "b")), (HttpContexts.Headers, Head("GET", "c") + Last("d")));
        await client.ReceiveEndAsync();

        const string changed = "Touched: relay changed 1 container of Head";
        await AssertAuditsAsync(path, [changed, changed, Untouched, Untouched]);
    }

    [Fact]
    public async Task Inserted_content_and_changed_trailers_are_told_apart()
    {
        await using AuditPath path = await AuditPath.StartAsync((direction, context, text) =>
        {
            if (direction.ToServer && text.StartsWith("3\r\n", StringComparison.Ordinal))
            {
                direction.Relay.Insert(HttpContexts.Body, "4\r\nmore\r\n"u8, direction.Output);
            }

            return text.StartsWith("Check:", StringComparison.Ordinal) ? "Check: 2\r\n\r\n" : null;
        });
        await using TlmspPeer client = await path.ConnectAsync();

        await client.SendAsync(
            (HttpContexts.Headers, Head("POST", "a", "Transfer-Encoding: chunked")),
            (HttpContexts.Body, "3\r\none\r\n"), (HttpContexts.Body, "3\r\ntwo\r\n"),
            (HttpContexts.Body, "0\r\n"), (HttpContexts.Headers, "Check: 1\r\n\r\n"), (HttpContexts.Headers, Last("b")));
        await client.ReceiveEndAsync();

        await AssertAuditsAsync(
            path, ["Touched: relay inserted 2 containers of Content, relay changed 1 container of Trailers", Untouched]);
    }

    [Fact]
    public async Task A_request_that_was_taken_away_shows_at_the_next_one()
    {
        await using AuditPath path = await AuditPath.StartAsync((direction, _, text) =>
            direction.ToServer && text.Contains("/audit/b ", StringComparison.Ordinal) ? AuditPath.Delete : null);
        await using TlmspPeer client = await path.ConnectAsync();

        await client.SendAsync(
            (HttpContexts.Headers, Head("GET", "a")), (HttpContexts.Headers, Head("GET", "b")), (HttpContexts.Headers, Last("c")));
        await client.ReceiveEndAsync();

        await path.Server.Logs.WaitForLineAsync("/audit/c - 200");
        Assert.Equal(Untouched, path.Audits["a"]);
        Assert.Equal("Touched: relay deleted 1 container of Head", path.Audits["c"]);
        Assert.Equal(2, path.Audits.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Without_an_audit_it_says_so(bool changes)
    {
        await using AuditPath path = await AuditPath.StartAsync((direction, context, text) =>
            !changes ? null : direction.ToServer ? AddField(text, "/audit/") : text.Replace("answer", "ANSWER", StringComparison.Ordinal));
        using HttpClient client = path.Client(audited: false);

        using HttpResponseMessage response = await client.GetAsync("/audit/a");

        Assert.Equal(changes ? "ANSWER a" : "answer a", await response.Content.ReadAsStringAsync());
        HttpMessageAudit audit = response.GetTlmspAudit()!;
        Assert.Equal((false, TlmspAuditVerdict.NotAudited), (audit.IsAudited, audit.Verdict));
        Assert.Equal((true, 0), (audit.IsComplete, audit.Entries.Count));
        await AssertAuditsAsync(path, [nameof(TlmspAuditVerdict.NotAudited)]);
    }

    [Fact]
    public async Task An_application_may_have_trace_identifiers_of_its_own()
    {
        await using AuditPath path = await AuditPath.StartAsync(
            (direction, _, text) => direction.ToServer ? AddField(text, "/audit/b ") : null,
            first: context => context.TraceIdentifier = "mine");
        using HttpClient client = path.Client();

        foreach (string name in s_names)
        {
            Assert.Equal($"answer {name}", await client.GetStringAsync($"/audit/{name}"));
        }

        await AssertAuditsAsync(path, [Untouched, "Touched: relay changed 1 container of Head", Untouched, Untouched]);
    }

    [Fact]
    public async Task Behind_a_connection_middleware_that_reads_ahead_Kestrels_own_count_decides()
    {
        await using AuditPath path = await AuditPath.StartAsync(
            (direction, _, text) => direction.ToServer ? AddField(text, "/audit/b ") : null,
            listened: listen => listen.UseConnectionLogging());
        await using TlmspPeer client = await path.ConnectAsync();

        await client.SendAsync(
            (HttpContexts.Headers, Head("GET", "a")), (HttpContexts.Headers, Head("GET", "b")), (HttpContexts.Headers, Head("GET", "c")),
            (HttpContexts.Headers, Last("d")));
        await client.ReceiveEndAsync();

        await AssertAuditsAsync(path, [Untouched, "Touched: relay changed 1 container of Head", Untouched, Untouched]);
    }

    [Fact]
    public async Task Where_neither_is_known_nothing_is_guessed()
    {
        await using AuditPath path = await AuditPath.StartAsync(
            (_, _, _) => null, listened: listen => listen.UseConnectionLogging(), first: context => context.TraceIdentifier = "mine");
        using HttpClient client = path.Client();

        using HttpResponseMessage response = await client.GetAsync("/audit/a");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        await path.Server.Logs.WaitForLineAsync("Put the middleware before UseTlmsp(), or leave TraceIdentifier alone");
    }

    [Fact]
    public void A_request_that_came_another_way_has_none()
    {
        HttpContext context = new DefaultHttpContext();

        Assert.Null(context.GetTlmspAudit());
        Assert.Null(context.GetTlmspConnection());
    }

    [Fact]
    public async Task All_deletions_can_be_refused()
    {
        await using AuditPath path = await AuditPath.StartAsync(
            (direction, _, text) => direction.ToServer && text.Contains("/audit/a ", StringComparison.Ordinal) ? AuditPath.Delete : null,
            tlmsp => tlmsp.Deletions = HttpDeletionPolicy.Refuse);
        await using TlmspPeer client = await path.ConnectAsync();

        await client.SendAsync((HttpContexts.Headers, Head("GET", "a")), (HttpContexts.Headers, Head("GET", "b")));

        Assert.Equal(TlmspAlert.IllegalParameter, (await client.ReceiveEndAsync())!.Alert);
        await path.Server.Logs.WaitForLineAsync("deleted something, which is not to be accepted here (Deletions)");
        Assert.Empty(path.Audits);
    }

    /// <summary>Changes a head that has a text in it.</summary>
    internal static string? AddField(string head, string where) =>
        head.Contains(where, StringComparison.Ordinal) ? head[..^2] + "Via: relay\r\n\r\n" : null;

    private static string Last(string name) => Head("GET", name, "Connection: close");

    private static string Head(string method, string name, string? field = null) =>
        $"{method} /audit/{name} HTTP/1.1\r\nHost: localhost\r\n{(field is null ? "" : field + "\r\n")}\r\n";

    /// <summary>The client may have its answers before the server is done with the last request.</summary>
    private static async Task AssertAuditsAsync(AuditPath path, string[] expected)
    {
        await path.Server.Logs.WaitForLineAsync($"/audit/{s_names[expected.Length - 1]} - 200");
        Assert.Equal(expected, path.Audits.OrderBy(audit => audit.Key, StringComparer.Ordinal).Select(audit => audit.Value));
    }
}
