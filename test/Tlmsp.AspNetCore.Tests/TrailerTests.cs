using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>Trailers over HTTP/1.1 in both directions, between Kestrel and its clients.</summary>
public class TrailerTests
{
    private const string Chunked = "POST /trailers HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTrailer: Check\r\n\r\n";

    [Theory]
    [InlineData("two", null)]
    [InlineData("two", "head=r,body=r")]
    [InlineData("four", "resp-head=r")]
    [InlineData("four", "resp-body=rw")]
    public async Task Trailers_of_a_response_arrive(string profile, string? grant)
    {
        await using TestServer server = await StartAsync();
        await using MiddleboxChain path = await MiddleboxChain.StartAsync(server, grant is null ? [] : [grant]);
        using HttpClient client = server.Client(tlmsp => path.Configure(tlmsp, HttpProfile.Parse(profile)));

        for (int i = 0; i < 2; i++)
        {
            using HttpResponseMessage response = await client.GetAsync("/trailers/Check");
            Assert.Equal("content", await response.Content.ReadAsStringAsync());
            Assert.Equal("1", Assert.Single(response.TrailingHeaders.GetValues("Check")));
        }

        server.Logs.AssertQuiet();
    }

    [Fact]
    public async Task Trailers_of_a_request_arrive()
    {
        await using TestServer server = await StartAsync();
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address);
        await using TlmspPeer peer = await TlmspPeer.ConnectAsync(
            server.Address, [middlebox.With(Grant.Read(HttpContexts.Headers, HttpContexts.Body))]);

        await peer.SendAsync(
            (HttpContexts.Headers, Chunked), (HttpContexts.Body, "5\r\nhello\r\n0\r\n"), (HttpContexts.Headers, "Check: 42\r\n\r\n"));

        Assert.StartsWith("1: HTTP/1.1 200 OK\r\n", await peer.ReceiveTextAsync(), StringComparison.Ordinal);
        Assert.Equal("2: hello 42", await peer.ReceiveTextAsync());
    }

    [Theory]
    [InlineData("Content-Length: 3\r\n\r\n", false)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n", true)]
    [InlineData("Authorization: Basic eDp5\r\n\r\n", true)]
    public async Task A_trailer_that_frames_or_authenticates_ends_the_connection(string trailers, bool inspected)
    {
        await using TestServer server = await StartAsync();
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address);
        await using TlmspPeer peer = await TlmspPeer.ConnectAsync(
            server.Address, inspected ? [middlebox.With(Grant.Read(HttpContexts.Headers, HttpContexts.Body))] : []);

        await peer.SendAsync((HttpContexts.Headers, Chunked), (HttpContexts.Body, "5\r\nhello\r\n0\r\n"), (HttpContexts.Headers, trailers));

        TlmspException? end = await peer.ReceiveEndAsync();
        Assert.Equal(TlmspAlert.IllegalParameter, end?.Alert);
        CollectingLogger logs = inspected ? middlebox.Logs : server.Logs;
        await logs.WaitForLineAsync("in a trailer section");
    }

    [Fact]
    public async Task An_application_cannot_send_a_field_in_a_trailer_that_belongs_into_the_head()
    {
        await using TestServer server = await StartAsync();
        using HttpClient client = server.Client();

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/trailers/Set-Cookie"));

        Assert.Contains(nameof(TlmspAlert.InternalError), e.ToString(), StringComparison.Ordinal);
        await server.Logs.WaitForLineAsync("cannot be sent whole. HttpMappingViolation");
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    private static Task<TestServer> StartAsync() => TestServer.StartAsync(
        tlmsp => tlmsp.Middleboxes.Policy = _ => null,
        app =>
        {
            app.MapGet("/trailers/{name}", async (HttpContext context, string name) =>
            {
                // Kestrel has no trailers over HTTP/1.1, but leaves the chunks to who wants to write them.
                context.Response.Headers.TransferEncoding = "chunked";
                context.Response.Headers.Trailer = name;
                await context.Response.WriteAsync($"7\r\ncontent\r\n0\r\n{name}: 1\r\n\r\n");
            });
            app.MapPost("/trailers", async (HttpContext context) =>
            {
                using var reader = new StreamReader(context.Request.Body);
                string answer = $"{await reader.ReadToEndAsync()} {context.Request.GetTrailer("Check")}";
                context.Response.ContentLength = answer.Length;
                await context.Response.WriteAsync(answer);
            });
        });
}
