using System.Security.Cryptography;

namespace QuickStart;

/// <summary>An order.</summary>
internal sealed record Order(int Id, string Article, int Quantity);

/// <summary>An ordinary minimal API: nothing in it knows of TLMSP.</summary>
internal static class OrdersApi
{
    public static void MapOrders(this WebApplication app)
    {
        var orders = new List<Order> { new(1, "left-handed screwdriver", 3) };
        app.MapGet("/orders", () =>
        {
            lock (orders)
            {
                return orders.ToArray();
            }
        });
        app.MapGet("/orders/{id:int}", (int id) =>
        {
            lock (orders)
            {
                return orders.FirstOrDefault(order => order.Id == id) is { } order ? Results.Ok(order) : Results.NotFound();
            }
        });
        app.MapPost("/orders", (Order order) =>
        {
            lock (orders)
            {
                order = order with { Id = orders.Count + 1 };
                orders.Add(order);
            }

            return Results.Created($"/orders/{order.Id}", order);
        });
        app.MapGet("/export/{bytes:int}", async (int bytes, HttpContext context) =>
        {
            context.Response.ContentType = "application/octet-stream";
            await foreach (ReadOnlyMemory<byte> block in TestData.BlocksAsync(bytes))
            {
                await context.Response.Body.WriteAsync(block, context.RequestAborted);
            }
        });
        app.MapPost("/import", async (Stream content, CancellationToken cancellationToken) =>
            Convert.ToHexString(await SHA256.HashDataAsync(content, cancellationToken)));
    }
}

/// <summary>Data that both sides can make without storing it.</summary>
internal static class TestData
{
    private const int BlockSize = 64 * 1024;

    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> BlocksAsync(int bytes)
    {
        byte[] block = new byte[BlockSize];
        for (int done = 0; done < bytes; done += BlockSize)
        {
            new Random(done).NextBytes(block);
            yield return block.AsMemory(0, Math.Min(BlockSize, bytes - done));
            await Task.Yield();
        }
    }

    public static async Task<string> HashAsync(int bytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await foreach (ReadOnlyMemory<byte> block in BlocksAsync(bytes))
        {
            hash.AppendData(block.Span);
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>The data as request content without a length, so that it is sent chunked.</summary>
    public static HttpContent Content(int bytes) => new StreamedContent(bytes);

    private sealed class StreamedContent(int bytes) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            await foreach (ReadOnlyMemory<byte> block in BlocksAsync(bytes))
            {
                await stream.WriteAsync(block);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
