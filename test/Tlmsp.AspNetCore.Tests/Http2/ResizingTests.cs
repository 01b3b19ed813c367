using System.Buffers;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests.Http2;

/// <summary>A middlebox that makes content shorter, and pads its frame so that the windows of flow control still count the same.</summary>
public class ResizingTests
{
    private const int Padded = 8;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_response_may_become_shorter_unless_the_server_keeps_to_its_length(bool allowed)
    {
        long? announced = -1;
        await using TestServer server = await StartAsync(tlmsp => tlmsp.AllowResizing = allowed);
        await using TlmspRelay relay = Relay(out string address, toServer: false);
        using HttpClient client = Client(server, address);

        Task<string> getting = GetAsync();

        if (allowed)
        {
            Assert.Equal("hello", await getting);
            Assert.Null(announced);
            Assert.Equal("hello", await GetAsync());
        }
        else
        {
            HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => getting);
            Assert.Contains("less content than the head announces", e.ToString(), StringComparison.Ordinal);
        }

        async Task<string> GetAsync()
        {
            using HttpResponseMessage response = await client.GetAsync("/ten", HttpCompletionOption.ResponseHeadersRead);
            announced = response.Content.Headers.ContentLength;
            return await response.Content.ReadAsStringAsync();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_may_become_shorter_unless_the_client_keeps_to_its_length(bool allowed)
    {
        await using TestServer server = await StartAsync();
        await using TlmspRelay relay = Relay(out string address, toServer: true);
        using HttpClient client = Client(server, address, allowed);

        Task<HttpResponseMessage> posting = client.PostAsync("/count", new StringContent("helloworld"));

        if (allowed)
        {
            using HttpResponseMessage response = await posting;
            Assert.Equal("hello of an unknown length", await response.Content.ReadAsStringAsync());
        }
        else
        {
            await Assert.ThrowsAsync<HttpRequestException>(async () => (await posting).EnsureSuccessStatusCode());
        }
    }

    [Fact]
    public async Task A_response_to_HEAD_keeps_its_length()
    {
        await using TestServer server = await StartAsync();
        await using TlmspRelay relay = Relay(out string address, toServer: false);
        using HttpClient client = Client(server, address);
        using var request = new HttpRequestMessage(HttpMethod.Head, "/ten")
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal(10, response.Content.Headers.ContentLength);
    }

    private static Task<TestServer> StartAsync(Action<TlmspConnectionOptions>? configure = null) => TestServer.StartAsync(
        tlmsp =>
        {
            tlmsp.Middleboxes.Policy = _ => null;
            configure?.Invoke(tlmsp);
        },
        app =>
        {
            app.MapMethods("/ten", ["GET", "HEAD"], async context =>
            {
                context.Response.ContentLength = 10;
                await context.Response.WriteAsync("helloworld");
            });
            app.MapPost("/count", async (HttpRequest request) =>
                $"{await new StreamReader(request.Body).ReadToEndAsync()} of {request.ContentLength?.ToString() ?? "an unknown length"}");
        });

    private static HttpClient Client(TestServer server, string address, bool allowResizing = true)
    {
        HttpClient client = server.Client(tlmsp =>
        {
            tlmsp.AllowResizing = allowResizing;
            tlmsp.Middleboxes.Add(address, Grant.Write(HttpContexts.Body));
        });
        client.DefaultRequestVersion = HttpVersion.Version20;
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return client;
    }

    private static TlmspRelay Relay(out string address, bool toServer)
    {
        int port = TestMiddlebox.FreePort();
        address = $"localhost:{port}";
        var options = new TlmspMiddleboxOptions
        {
            Addresses = [TlmspAddress.Parse($"tlmsp://localhost:{port}")],
            Certificate = TestCertificates.Get("localhost"),
            Trust = TestCertificates.Trust(),
        };
        return TlmspRelay.Start(options, direction => direction.ToServer == toServer ? new Shortener() : null);
    }

    /// <summary>Of ten octets it leaves five; a length of padding and four octets of it make up for them.</summary>
    private sealed class Shortener : IContainerRelayHandler
    {
        public RelayAction OnContainer(in RelayedContainer container, IBufferWriter<byte> replacement)
        {
            int at = container.ContextId == HttpContexts.Body && !container.IsAlert ? container.Plaintext.IndexOf("helloworld"u8) : -1;
            if (at < 0)
            {
                return RelayAction.Forward;
            }

            Assert.Equal(9, at);
            byte[] frame = container.Plaintext.ToArray();
            replacement.Write(
                (byte[])[.. frame[..4], (byte)(frame[4] | Padded), .. frame[5..9], 4, .. "hello"u8, 0, 0, 0, 0, .. frame[19..]]);
            return RelayAction.Modify;
        }
    }
}
