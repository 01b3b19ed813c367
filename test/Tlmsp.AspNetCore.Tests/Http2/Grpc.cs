using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Tlmsp.AspNetCore.Tests.Http2;

/// <summary>gRPC as it is on the wire: messages with a prefix of five bytes, and the status in a trailer.</summary>
internal static class Grpc
{
    private const string ContentType = "application/grpc";
    private const int PrefixSize = 5;

    /// <summary>A message with its prefix: not compressed, length.</summary>
    public static byte[] Frame(string message)
    {
        byte[] frame = new byte[PrefixSize + Encoding.UTF8.GetByteCount(message)];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - PrefixSize);
        Encoding.UTF8.GetBytes(message, frame.AsSpan(PrefixSize));
        return frame;
    }

    public static async IAsyncEnumerable<string> ReadAsync(
        Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        byte[] prefix = new byte[PrefixSize];
        while (await stream.ReadAtLeastAsync(prefix, PrefixSize, throwOnEndOfStream: false, cancellationToken) is > 0 and int count)
        {
            Assert.Equal(PrefixSize, count);
            byte[] message = new byte[BinaryPrimitives.ReadInt32BigEndian(prefix.AsSpan(1))];
            await stream.ReadExactlyAsync(message, cancellationToken);
            yield return Encoding.UTF8.GetString(message);
        }
    }

    /// <summary>An endpoint: gives the messages that it receives to a method, and sends what that gives back as it comes.</summary>
    public static RequestDelegate Method(Func<IAsyncEnumerable<string>, IAsyncEnumerable<string>> method) => async context =>
    {
        Assert.Equal("trailers", context.Request.Headers.TE);
        context.Response.ContentType = ContentType;
        await context.Response.Body.FlushAsync(context.RequestAborted);     // the client may wait for the head before it sends more
        (string status, string? message) = ("0", null);
        try
        {
            await foreach (string answer in method(ReadAsync(context.Request.Body, context.RequestAborted)))
            {
                await context.Response.Body.WriteAsync(Frame(answer), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
        catch (InvalidOperationException e)
        {
            (status, message) = ("9", e.Message);     // FAILED_PRECONDITION
        }

        context.Response.AppendTrailer("grpc-status", status);
        if (message is not null)
        {
            context.Response.AppendTrailer("grpc-message", message);
        }
    };

    /// <summary>Starts a call.</summary>
    /// <param name="client">The client.</param>
    /// <param name="method">The path.</param>
    /// <param name="send">Writes the client's messages.</param>
    public static Task<HttpResponseMessage> CallAsync(HttpClient client, string method, Func<Stream, Task> send)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, method)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new Duplex(send),
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        return client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public static Task<HttpResponseMessage> CallAsync(HttpClient client, string method, params string[] messages) => CallAsync(client, method, async stream =>
    {
        foreach (string message in messages)
        {
            await stream.WriteAsync(Frame(message));
            await stream.FlushAsync();
        }
    });

    /// <summary>Reads what is left of a call.</summary>
    /// <returns>The messages, then the status.</returns>
    public static async Task<string[]> EndAsync(HttpResponseMessage response)
    {
        using (response)
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            List<string> messages = [];
            await foreach (string message in ReadAsync(await response.Content.ReadAsStreamAsync()))
            {
                messages.Add(message);
            }

            string status = response.TrailingHeaders.GetValues("grpc-status").Single();
            return [.. messages, response.TrailingHeaders.TryGetValues("grpc-message", out IEnumerable<string>? detail)
                ? $"status {status} {detail.Single()}"
                : $"status {status}"];
        }
    }

    /// <summary>Request content that is written while the response is read.</summary>
    private sealed class Duplex : HttpContent
    {
        private readonly Func<Stream, Task> _send;

        public Duplex(Func<Stream, Task> send)
        {
            _send = send;
            Headers.ContentType = new MediaTypeHeaderValue(ContentType);
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync();      // sends the head, which may be all for a while
            await _send(stream);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = -1;
            return false;
        }
    }
}
