using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>Expect: 100-continue, when the server wants the content and when it does not (RFC 9110 §10.1.1).</summary>
public class ExpectTests
{
    private const string Head = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";

    [Fact]
    public async Task The_100_goes_first_and_the_content_follows_it()
    {
        await using TestServer server = await StartAsync();
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address);
        await using TlmspPeer peer = await TlmspPeer.ConnectAsync(
            server.Address, [middlebox.With(Grant.Read(HttpContexts.Headers, HttpContexts.Body))]);

        await peer.SendAsync(HttpContexts.Headers, Head);
        Assert.Equal("1: HTTP/1.1 100 Continue\r\n\r\n", await peer.ReceiveTextAsync());
        await peer.SendAsync(HttpContexts.Body, "hello");

        Assert.StartsWith("1: HTTP/1.1 200 OK\r\n", await peer.ReceiveTextAsync(), StringComparison.Ordinal);
        Assert.Equal("2: hello", await peer.ReceiveTextAsync());
        Assert.Equal(
            ["POST /echo HTTP/1.1", "HTTP/1.1 100 Continue", "HTTP/1.1 200 OK"], middlebox.Seen.Heads.Select(head => head.StartLine));
    }

    [Theory]
    [InlineData("/417", HttpStatusCode.ExpectationFailed, null)]
    [InlineData("/401", HttpStatusCode.Unauthorized, "head=r,body=rw")]
    public async Task A_refusal_comes_without_100_and_no_content_is_sent(string target, HttpStatusCode status, string? grant)
    {
        await using TestServer server = await StartAsync();
        await using MiddleboxChain path = await MiddleboxChain.StartAsync(server, grant is null ? [] : [grant]);
        using var client = new HttpClient(new Client.TlmspHandler(
            tlmsp =>
            {
                tlmsp.Trust.CustomRootTrust.Add(TestCertificates.Root);
                path.Configure(tlmsp, HttpProfile.Two);
            },
            handler => handler.Expect100ContinueTimeout = TimeSpan.FromMinutes(5))) { BaseAddress = server.Address };
        var content = new Watched();
        using var request = new HttpRequestMessage(HttpMethod.Post, target) { Content = content };
        request.Headers.ExpectContinue = true;

        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal(status, response.StatusCode);
        Assert.False(content.IsSent);
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        server.Logs.AssertQuiet();
    }

    private static Task<TestServer> StartAsync() => TestServer.StartAsync(
        tlmsp => tlmsp.Middleboxes.Policy = _ => null,
        app => app.MapPost("/{status:int}", (int status) => Results.StatusCode(status)));

    /// <summary>Content that tells whether anybody asked for it.</summary>
    private sealed class Watched : HttpContent
    {
        private const int Length = 5_000;       // HttpClient sends less than 1 KiB all the same

        public bool IsSent { get; private set; }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            IsSent = true;
            return stream.WriteAsync(new byte[Length]).AsTask();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = Length;
            return true;
        }
    }
}
