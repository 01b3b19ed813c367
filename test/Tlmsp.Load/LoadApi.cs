using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tlmsp.TestSupport;

namespace Tlmsp.Load;

/// <summary>What the clients ask for: contents whose bytes follow from their number, so that a wrong or short one is found out.</summary>
internal static class LoadApi
{
    public const int Small = 200;
    public const int Large = 1_000_000;

    public static Task<TestServer> StartAsync() => TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null, app =>
        app.MapGet("/content/{number:int}/{length:int}", async (int number, int length, HttpContext context) =>
        {
            context.Response.ContentLength = length;
            byte[] block = new byte[Math.Min(length, 16_384)];
            for (int at = 0; at < length; at += block.Length)
            {
                int count = Math.Min(block.Length, length - at);
                Fill(block.AsSpan(0, count), number, at);
                await context.Response.Body.WriteAsync(block.AsMemory(0, count), context.RequestAborted);
            }
        }),
        level: LogLevel.Warning);

    /// <summary>Reads a content and compares it.</summary>
    /// <exception cref="InvalidDataException">It is not what it should be.</exception>
    public static async Task ReadAsync(HttpClient client, int number, int length, byte[] buffer, byte[] expected)
    {
        using HttpResponseMessage response = await client.GetAsync($"/content/{number}/{length}", HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        await using Stream stream = await response.Content.ReadAsStreamAsync();
        int at = 0;
        for (int read; (read = await stream.ReadAsync(buffer)) > 0; at += read)
        {
            Fill(expected.AsSpan(0, read), number, at);
            if (!buffer.AsSpan(0, read).SequenceEqual(expected.AsSpan(0, read)))
            {
                throw new InvalidDataException($"content {number} differs behind byte {at}");
            }
        }

        if (at != length)
        {
            throw new InvalidDataException($"content {number} was complete with {at} of {length} bytes");
        }
    }

    private static void Fill(Span<byte> bytes, int number, int at)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            int position = at + i;
            bytes[i] = (byte)(number + position + (position >> 8));
        }
    }
}
