using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>
/// Clients of HTTP/1.0. Kestrel ends a response without Content-Length with the connection; here it gets a length, and is whole or fails.
/// </summary>
public class Http10Tests
{
    private const int Limit = 100_000;

    [Theory]
    [InlineData("two", null)]
    [InlineData("four", "req-head=r,resp-head=r,resp-body=r")]
    [InlineData("two+secret", "none")]
    public async Task A_response_of_any_kind_arrives_whole(string profile, string? grant)
    {
        await using TestServer server = await StartAsync();
        await using MiddleboxChain path = await MiddleboxChain.StartAsync(server, grant is null ? [] : [grant]);
        using HttpClient client = Client(server, tlmsp => path.Configure(tlmsp, HttpProfile.Parse(profile)));

        foreach (int size in (int[])[0, 1, 5_000, Limit])
        {
            using HttpResponseMessage stream = await client.GetAsync($"/stream/{size}");
            Assert.Equal(size, stream.Content.Headers.ContentLength);
            Assert.Null(stream.Headers.TransferEncodingChunked);
            Assert.Equal(Content(size), await stream.Content.ReadAsByteArrayAsync());
        }

        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        using HttpResponseMessage none = await client.GetAsync("/none");
        Assert.Equal(HttpStatusCode.NoContent, none.StatusCode);
        using HttpResponseMessage unchanged = await client.GetAsync("/unchanged");
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
        using HttpResponseMessage head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/stream/10"));
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        using HttpResponseMessage echo = await client.PostAsync("/echo", new ByteArrayContent(Content(1_000)));
        Assert.Equal(Content(1_000), await echo.Content.ReadAsByteArrayAsync());
        server.Logs.AssertQuiet();
    }

    [Fact]
    public async Task A_response_that_is_too_long_to_be_held_fails_and_the_log_says_why()
    {
        await using TestServer server = await StartAsync();
        using HttpClient client = Client(server);

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync($"/stream/{Limit + 1}"));

        Assert.Contains(nameof(TlmspAlert.InternalError), e.ToString(), StringComparison.Ordinal);
        string line = await server.Logs.WaitForLineAsync("cannot be sent");
        Assert.StartsWith("Error:", line, StringComparison.Ordinal);
        Assert.Contains($"more than {Limit} bytes without Content-Length to a client of HTTP/1.0", line, StringComparison.Ordinal);
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    [Theory]
    [InlineData("/throw")]
    [InlineData("/abort")]
    public async Task A_response_inside_which_the_application_fails_does_not_look_complete(string target)
    {
        await using TestServer server = await StartAsync();
        using HttpClient client = Client(server);

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(target));

        using HttpResponseMessage after = await client.GetAsync("/stream/1");
        Assert.Equal("a", await after.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Only_the_end_of_the_connection_ends_the_response_and_it_is_closed_after_it()
    {
        await using TestServer server = await StartAsync();
        await using TlmspPeer peer = await TlmspPeer.ConnectAsync(server.Address, []);
        await peer.SendAsync(HttpContexts.Headers, "GET /stream/5 HTTP/1.0\r\n\r\n");

        string head = "";
        string content = "";
        while (await peer.ReceiveAsync() is { } next)
        {
            (head, content) = next.Context == HttpContexts.Headers
                ? (head + System.Text.Encoding.ASCII.GetString(next.Data), content)
                : (head, content + System.Text.Encoding.ASCII.GetString(next.Data));
        }

        Assert.True(peer.Session.Reader.IsClosed);      // with close_notify
        Assert.EndsWith("\r\nContent-Length: 5\r\n\r\n", head, StringComparison.Ordinal);
        Assert.DoesNotContain("Transfer-Encoding", head, StringComparison.Ordinal);
        Assert.Equal(System.Text.Encoding.ASCII.GetString(Content(5)), content);
    }

    [Theory]
    [InlineData("/stream/5000", true)]
    [InlineData("/sized", false)]
    public async Task An_HTTP_1_1_response_that_closes_the_connection_ends_by_its_own_framing(string target, bool chunked)
    {
        int sessions = 0;
        await using TestServer server = await StartAsync();
        using HttpClient client = server.Client(tlmsp => tlmsp.SessionEstablished = _ => Interlocked.Increment(ref sessions));
        client.DefaultRequestHeaders.ConnectionClose = true;

        for (int i = 1; i <= 2; i++)
        {
            using HttpResponseMessage response = await client.GetAsync(target);
            Assert.True(response.Headers.ConnectionClose);
            Assert.Equal(chunked ? true : null, response.Headers.TransferEncodingChunked);
            Assert.Equal(chunked ? Content(5000) : "hello"u8.ToArray(), await response.Content.ReadAsByteArrayAsync());
            Assert.Equal(i, sessions);
        }

        server.Logs.AssertQuiet();
    }

    private static byte[] Content(int size) => [.. Enumerable.Range(0, size).Select(i => (byte)('a' + (i % 26)))];

    private static HttpClient Client(TestServer server, Action<Client.TlmspHttpOptions>? configure = null)
    {
        HttpClient client = server.Client(configure);
        client.DefaultRequestVersion = HttpVersion.Version10;
        return client;
    }

    private static Task<TestServer> StartAsync() => TestServer.StartAsync(
        tlmsp =>
        {
            tlmsp.Middleboxes.Policy = _ => null;
            tlmsp.Profiles.Add(HttpProfile.Two.WithSecrets());
            tlmsp.HttpLimits = new HttpFramerLimits { MaxBufferedBytes = Limit };
        },
        app =>
        {
            app.MapMethods("/stream/{size:int}", ["GET", "HEAD"], async (HttpContext context, int size) =>
            {
                context.Response.Headers.SetCookie = "a=b";
                byte[] content = Content(size);
                for (int at = 0; at < size; at += 1_000)
                {
                    await context.Response.Body.WriteAsync(content.AsMemory(at, Math.Min(1_000, size - at)));
                    await context.Response.Body.FlushAsync();
                }
            });
            app.MapGet("/sized", (HttpContext context) =>
            {
                context.Response.ContentLength = 5;
                return context.Response.WriteAsync("hello");
            });
            app.MapGet("/none", () => Results.NoContent());
            app.MapGet("/unchanged", () => Results.StatusCode(StatusCodes.Status304NotModified));
            app.MapGet("/throw", async (HttpContext context) =>
            {
                await WritePartAsync(context);
                throw new InvalidOperationException("The application fails.");
            });
            app.MapGet("/abort", async (HttpContext context) =>
            {
                await WritePartAsync(context);
                context.Abort();
            });
        });

    private static async Task WritePartAsync(HttpContext context)
    {
        await context.Response.WriteAsync("a part of it");
        await context.Response.Body.FlushAsync();
    }
}
