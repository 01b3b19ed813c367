using System.Buffers;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>A middlebox that makes content longer on its way.</summary>
public class ResizingTests
{
    [Theory]
    [InlineData("two")]
    [InlineData("four")]
    public async Task Content_can_be_resized_by_who_may_write_it(string profile)
    {
        await using var path = await WriterPath.StartAsync(HttpProfile.Parse(profile));

        Assert.Equal("hello world", await path.Client.GetStringAsync("/hello"));
        using HttpResponseMessage response = await path.Client.PostAsync("/echo", new StringContent("hello"));
        Assert.Equal("hello world world", await response.Content.ReadAsStringAsync());
        Assert.Empty(path.Relay.Faults);
    }

    [Fact]
    public async Task In_one_direction_alone_the_other_keeps_its_length()
    {
        await using var path = await WriterPath.StartAsync(HttpProfile.Four, "resp-body=rw");

        using HttpResponseMessage response = await path.Client.PostAsync("/echo", new StringContent("hello"));
        Assert.Equal("hello world", await response.Content.ReadAsStringAsync());
        Assert.True(response.Headers.TransferEncodingChunked);
        Assert.Equal("length 5", await (await path.Client.PostAsync("/length", new StringContent("12345"))).Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("two", "body=rw")]
    [InlineData("four", "req-body=rw")]
    [InlineData("four", "resp-body=rw")]
    public async Task Where_resizing_is_not_allowed_the_length_is_enforced(string profile, string grant)
    {
        await using var path = await WriterPath.StartAsync(HttpProfile.Parse(profile), grant, allowResizing: false);

        await Assert.ThrowsAnyAsync<HttpRequestException>(async () =>
        {
            using HttpResponseMessage response = await path.Client.PostAsync("/echo", new StringContent("hello"));
            await response.Content.ReadAsStringAsync();
        });
        using HttpResponseMessage untouched = await path.Client.GetAsync("/info");
        Assert.Equal("https HTTP/1.1", (await untouched.Content.ReadAsStringAsync())[..14]);
    }

    [Fact]
    public async Task A_client_of_HTTP_1_0_gets_its_length_all_the_same()
    {
        await using var path = await WriterPath.StartAsync(HttpProfile.Two);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/length");
        request.Content = new StringContent("12345");
        request.Version = HttpVersion.Version10;

        using HttpResponseMessage response = await path.Client.SendAsync(request);

        Assert.Equal(8, response.Content.Headers.ContentLength);
        Assert.Equal("length 5", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/echo")]
    [InlineData("/stream")]
    public async Task A_client_of_HTTP_1_0_is_not_given_content_of_another_length(string target)
    {
        await using var path = await WriterPath.StartAsync(HttpProfile.Four, "resp-body=rw");
        using var request = new HttpRequestMessage(HttpMethod.Post, target);
        request.Content = new StringContent("hello");
        request.Version = HttpVersion.Version10;

        await Assert.ThrowsAsync<HttpRequestException>(() => path.Client.SendAsync(request));
    }

    /// <summary>A client, a middlebox of the engine that writes content, and a server.</summary>
    private sealed class WriterPath(TestServer server, TlmspRelay relay, HttpClient client) : IAsyncDisposable
    {
        public TlmspRelay Relay => relay;

        public HttpClient Client => client;

        public static async Task<WriterPath> StartAsync(
            HttpProfile profile, string grant = "body=rw,req-body=rw,resp-body=rw", bool allowResizing = true)
        {
            TestServer server = await TestServer.StartAsync(
                tlmsp =>
                {
                    tlmsp.Middleboxes.Policy = _ => null;
                    tlmsp.AllowResizing = allowResizing;
                },
                map: app =>
                {
                    app.MapPost("/length", context =>
                    {
                        string text = $"length {context.Request.ContentLength}";
                        context.Response.ContentLength = text.Length;
                        return context.Response.WriteAsync(text);
                    });
                    app.MapPost("/stream", context => context.Request.Body.CopyToAsync(context.Response.Body));
                });
            var address = TlmspAddress.Parse($"tlmsp://localhost:{TestMiddlebox.FreePort()}");
            var relay = TlmspRelay.Start(
                new TlmspMiddleboxOptions
                {
                    Addresses = [address],
                    Certificate = TestCertificates.Get("localhost"),
                    Trust = TestCertificates.Trust(),
                },
                _ => new Greeting());
            HttpClient client = server.Client(tlmsp =>
            {
                tlmsp.Profile = profile;
                tlmsp.AllowResizing = allowResizing;
                tlmsp.Middleboxes.Add(address.Text, HttpContexts.ParseGrant(grant).Within(profile.ContextIds));
            });
            return new WriterPath(server, relay, client);
        }

        public async ValueTask DisposeAsync()
        {
            client.Dispose();
            await relay.DisposeAsync();
            await server.DisposeAsync();
        }
    }

    /// <summary>Makes "hello world" of "hello", and its chunk as much longer.</summary>
    private sealed class Greeting : IContainerRelayHandler
    {
        public RelayAction OnContainer(in RelayedContainer container, IBufferWriter<byte> replacement)
        {
            string text = Encoding.Latin1.GetString(container.Plaintext);
            int at = text.IndexOf("hello", StringComparison.Ordinal);
            if (container.IsAlert || !container.CanWrite || at < 0)
            {
                return RelayAction.Forward;
            }

            string longer = text.Insert(at + 5, " world");
            int size = longer.IndexOf("\r\n", StringComparison.Ordinal);
            if (size > 0)
            {
                longer = $"{Convert.ToInt32(longer[..size], 16) + 6:x}{longer[size..]}";
            }

            replacement.Write(Encoding.Latin1.GetBytes(longer));
            return RelayAction.Modify;
        }
    }
}
