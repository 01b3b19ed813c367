using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Client;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>What HttpClient says of a response, whichever of its connections it came over.</summary>
public class ResponseAuditTests
{
    private const string ChangedContent = "Touched: relay changed 1 container of Content";

    [Fact]
    public async Task Responses_of_parallel_connections_do_not_mix()
    {
        await using AuditPath path = await AuditPath.StartAsync((direction, _, text) =>
            direction.ToServer || !text.Contains("answer odd", StringComparison.Ordinal) ? null : text.ToUpperInvariant());
        using HttpClient client = path.Client();

        for (int round = 0; round < 3; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 12).Select(async i =>
            {
                bool odd = i % 2 == 1;
                using HttpResponseMessage response = await client.GetAsync($"/audit/{(odd ? "odd" : "even")}{i}");
                Assert.Equal(odd ? $"ANSWER ODD{i}" : $"answer even{i}", await response.Content.ReadAsStringAsync());
                Assert.Equal(odd ? ChangedContent : nameof(TlmspAuditVerdict.Untouched), path.Text(response.GetTlmspAudit()));
                Assert.True(response.GetTlmspAudit()!.IsComplete);
            }));
        }
    }

    [Fact]
    public async Task An_audit_grows_until_the_content_is_read()
    {
        var goOn = new TaskCompletionSource();
        await using AuditPath path = await AuditPath.StartAsync(
            (direction, _, text) => !direction.ToServer && text.Contains("two", StringComparison.Ordinal) ? text.ToUpperInvariant() : null,
            first: context => Serve(context, "/stream", async streaming =>
            {
                await streaming.Response.WriteAsync("one");
                await streaming.Response.Body.FlushAsync();
                await goOn.Task;
                await streaming.Response.WriteAsync("two");
            }));
        using HttpClient client = path.Client();

        using HttpResponseMessage response = await client.GetAsync("/stream", HttpCompletionOption.ResponseHeadersRead);
        HttpMessageAudit audit = response.GetTlmspAudit()!;
        Assert.Equal((nameof(TlmspAuditVerdict.Untouched), false), (path.Text(audit), audit.IsComplete));

        goOn.SetResult();
        Assert.Equal("oneTWO", await response.Content.ReadAsStringAsync());
        Assert.Equal((ChangedContent, true), (path.Text(audit), audit.IsComplete));
        Assert.Same(audit, response.GetTlmspAudit());
    }

    [Fact]
    public async Task An_interim_response_that_was_taken_away_or_changed_counts_for_the_final_one()
    {
        await using AuditPath path = await AuditPath.StartAsync((direction, _, text) =>
            !direction.ToServer && text.StartsWith("HTTP/1.1 100", StringComparison.Ordinal) ? AuditPath.Delete : null);
        using HttpClient client = path.Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/audit/a") { Content = new StringContent("content") };
        request.Headers.ExpectContinue = true;

        using HttpResponseMessage first = await client.SendAsync(request);
        using HttpResponseMessage second = await client.GetAsync("/audit/b");

        Assert.Equal("Touched: relay deleted 1 container of Head", path.Text(first.GetTlmspAudit()));
        Assert.Equal(nameof(TlmspAuditVerdict.Untouched), path.Text(second.GetTlmspAudit()));
    }

    [Fact]
    public async Task A_client_may_refuse_all_deletions()
    {
        await using AuditPath path = await AuditPath.StartAsync((direction, _, text) =>
            !direction.ToServer && text.StartsWith("HTTP/1.1 100", StringComparison.Ordinal) ? AuditPath.Delete : null);
        using HttpClient client = path.Client(configure: tlmsp => tlmsp.Deletions = HttpDeletionPolicy.Refuse);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/audit/a") { Content = new StringContent("content") };
        request.Headers.ExpectContinue = true;

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.SendAsync(request));

        Assert.Contains("which is not to be accepted here (Deletions)", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_middlebox_answers_with_an_interim_response_of_its_own_and_is_named()
    {
        await using AuditPath path = await AuditPath.StartAsync((direction, context, text) =>
        {
            if (!direction.ToServer && context == HttpContexts.Headers)
            {
                direction.Relay.Insert(HttpContexts.Headers, "HTTP/1.1 103 Early Hints\r\n\r\n"u8, direction.Output);
            }

            return null;
        });
        using HttpClient client = path.Client();

        using HttpResponseMessage response = await client.GetAsync("/audit/a");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("Touched: relay inserted 1 container of Head", path.Text(response.GetTlmspAudit()));
    }

    [Fact]
    public async Task After_a_redirect_it_is_that_of_the_last_response()
    {
        await using AuditPath path = await AuditPath.StartAsync(
            (direction, _, text) => direction.ToServer ? null : AuditTests.AddField(text, "HTTP/1.1 302"),
            first: context => Serve(context, "/old", redirecting =>
            {
                redirecting.Response.Redirect("/audit/a");
                return Task.CompletedTask;
            }));
        using HttpClient redirected = path.Client();
        using var direct = new HttpClient(new TlmspHandler(
            tlmsp =>
            {
                tlmsp.Trust.CustomRootTrust.Add(TestCertificates.Root);
                tlmsp.Audited = true;
                tlmsp.Middleboxes.Add(path.Address, Grant.Write(HttpContexts.Headers, HttpContexts.Body));
            },
            handler => handler.AllowAutoRedirect = false)) { BaseAddress = path.Server.Address };

        using HttpResponseMessage last = await redirected.GetAsync("/old");
        using HttpResponseMessage first = await direct.GetAsync("/old");

        Assert.Equal((HttpStatusCode.OK, nameof(TlmspAuditVerdict.Untouched)), (last.StatusCode, path.Text(last.GetTlmspAudit())));
        Assert.Equal("Touched: relay changed 1 container of Head", path.Text(first.GetTlmspAudit()));
    }

    [Fact]
    public async Task Synchronous_requests_have_one_too()
    {
        await using AuditPath path = await AuditPath.StartAsync(
            (direction, _, text) => direction.ToServer ? null : AuditTests.AddField(text, "HTTP/1.1 200"));
        using HttpClient client = path.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/audit/a");

        using HttpResponseMessage response = client.Send(request);

        Assert.Equal("Touched: relay changed 1 container of Head", path.Text(response.GetTlmspAudit()));
    }

    [Fact]
    public async Task A_response_that_no_TlmspHandler_sent_for_has_none()
    {
        await using AuditPath path = await AuditPath.StartAsync((_, _, _) => null);
        using var handler = new SocketsHttpHandler();
        using var client = new HttpClient(handler.UseTlmsp(tlmsp =>
        {
            tlmsp.Trust.CustomRootTrust.Add(TestCertificates.Root);
            tlmsp.Middleboxes.Add(path.Address, Grant.Write(HttpContexts.Headers, HttpContexts.Body));
        })) { BaseAddress = path.Server.Address };

        using HttpResponseMessage response = await client.GetAsync("/audit/a");
        using var bare = new HttpResponseMessage();

        Assert.Equal("answer a", await response.Content.ReadAsStringAsync());
        Assert.All([response, bare], one => Assert.Null(one.GetTlmspAudit()));
        Assert.All([response, bare], one => Assert.Null(one.GetTlmspConnection()));
    }

    /// <summary>Answers one path in a way of its own.</summary>
    private static void Serve(HttpContext context, string path, RequestDelegate answer)
    {
        if (context.Request.Path == path)
        {
            context.SetEndpoint(new Endpoint(answer, EndpointMetadataCollection.Empty, path));
        }
    }
}
