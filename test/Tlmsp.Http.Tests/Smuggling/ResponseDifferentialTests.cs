using System.Net;
using System.Text;

namespace Tlmsp.Http.Tests.Smuggling;

/// <summary>The same bytes to our framer and to HttpClient: what the framer accepts, HttpClient takes for the same response.</summary>
public class ResponseDifferentialTests
{
    public static TheoryData<string> Accepted => [.. ResponseCases.Accepted.Select(one => one[0])];

    public static TheoryData<string> Refused => [.. ResponseCases.Refused.Select(one => one[0])];

    public static TheoryData<string> Stricter => [.. ResponseCases.StricterThanHttpClient.Select(one => one[0])];

    [Theory]
    [MemberData(nameof(Accepted))]
    public async Task Both_accept_the_same_response(string name)
    {
        (string method, byte[] stream) = Find(ResponseCases.Accepted, name);

        FramedMessages framed = Read(method, stream);

        Assert.Null(framed.Refusal);
        Assert.True(framed.IsAtBoundary);
        Assert.Equal(framed.Messages[^1], await ReceiveAsync(method, stream));
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Both_refuse_it(string name)
    {
        (string method, byte[] stream) = Find(ResponseCases.Refused, name);

        FramedMessages framed = Read(method, stream);

        Assert.True(framed.Refusal is not null || !framed.IsAtBoundary);
        await Assert.ThrowsAsync<HttpRequestException>(() => ReceiveAsync(method, stream));
    }

    [Theory]
    [MemberData(nameof(Stricter))]
    public async Task The_framer_refuses_what_HttpClient_accepts(string name)
    {
        (string method, byte[] stream) = Find(ResponseCases.StricterThanHttpClient, name);

        FramedMessages framed = Read(method, stream);

        Assert.NotNull(framed.Refusal);
        Assert.NotNull(await ReceiveAsync(method, stream));
    }

    [Fact]
    public void None_is_there_twice()
    {
        string[][] all = [.. ResponseCases.Accepted, .. ResponseCases.Refused, .. ResponseCases.StricterThanHttpClient];

        Assert.InRange(all.Length, 50, 200);
        Assert.Distinct(all.Select(one => one[0]));
        Assert.Distinct(all.Select(one => (one[1], one.Length)));
    }

    /// <returns>The method of the request, GET unless the case says otherwise, and the bytes.</returns>
    private static (string Method, byte[] Stream) Find(string[][] cases, string name)
    {
        string[] found = cases.Single(one => one[0] == name);
        return (found.Length > 2 ? found[2] : "GET", Wire.Bytes(found[1]));
    }

    private static FramedMessages Read(string method, byte[] stream) =>
        FramedMessages.Read(stream, HttpDirection.Response, Wire.After(method));

    private static async Task<FramedMessage> ReceiveAsync(string method, byte[] stream)
    {
        using var client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(new Canned(stream)),
        }) { Timeout = TimeSpan.FromSeconds(30) };
        using var request = new HttpRequestMessage(new HttpMethod(method), "http://a/") { Version = HttpVersion.Version11 };
        using HttpResponseMessage response = await client.SendAsync(request);
        string content = Encoding.Latin1.GetString(await response.Content.ReadAsByteArrayAsync());
        return new FramedMessage($"{(int)response.StatusCode}", content);
    }

    /// <summary>A connection on which the answer is there already.</summary>
    private sealed class Canned(byte[] answer) : MemoryStream(answer)
    {
        public override bool CanWrite => true;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            ValueTask.CompletedTask;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
        }
    }
}
