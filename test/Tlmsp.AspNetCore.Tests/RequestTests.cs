using System.Net;

using System.Security.Cryptography;

using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

public class RequestTests
{
    [Fact]
    public async Task A_GET_works_and_looks_like_https()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient client = server.Client();

        Assert.Equal("https", server.Address.Scheme);
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        Assert.Equal("https HTTP/1.1 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", await client.GetStringAsync("/info"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16355)]
    [InlineData(16356)]
    [InlineData(5_000_000)]
    public async Task A_POST_comes_back_whole(int size)
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient client = server.Client();
        byte[] body = RandomNumberGenerator.GetBytes(size);

        foreach (bool chunked in (bool[])[false, true])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/echo") { Content = new ByteArrayContent(body) };
            request.Headers.TransferEncodingChunked = chunked;
            using HttpResponseMessage response = await client.SendAsync(request);

            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(body, await response.Content.ReadAsByteArrayAsync());
        }
    }

    [Fact]
    public async Task Expect_100_continue_works()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient client = server.Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/echo") { Content = new StringContent("later") };
        request.Headers.ExpectContinue = true;

        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal("later", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_synchronous_send_works()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient client = server.Client();

        string text = await Task.Run(() =>
        {
            using HttpResponseMessage response = client.Send(new HttpRequestMessage(HttpMethod.Get, "/hello"));
            using var reader = new StreamReader(response.Content.ReadAsStream());
            return reader.ReadToEnd();
        });

        Assert.Equal("hello", text);
    }

    [Fact]
    public async Task One_connection_serves_many_requests()
    {
        await using TestServer server = await TestServer.StartAsync();
        int sessions = 0;
        using HttpClient client = server.Client(tlmsp => tlmsp.SessionEstablished = _ => Interlocked.Increment(ref sessions));

        for (int i = 0; i < 50; i++)
        {
            Assert.Equal("hello", await client.GetStringAsync("/hello"));
        }

        Assert.Equal(1, sessions);
    }

    [Fact]
    public async Task Cleartext_uris_are_refused()
    {
        using var client = new HttpClient(TestServer.Handler());

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri("http://localhost:1/")));
        Assert.Equal(HttpRequestError.SecureConnectionError, e.HttpRequestError);
    }
}
