namespace WholeApp.App;

/// <summary>
/// A gRPC service with the four kinds of calls, on gRPC's wire format: it takes nothing but what gRPC's own packages take of Kestrel and
/// <see cref="HttpClient"/>, HTTP/2 with trailers and both directions at once.
/// </summary>
internal static class Calculator
{
    public static void MapCalculator(this WebApplication app)
    {
        app.MapGrpc("/calc.Calculator/Square", async (numbers, reply) => await reply(await numbers.FirstAsync() is var n ? n * n : 0));
        app.MapGrpc("/calc.Calculator/Count", async (numbers, reply) =>
        {
            long last = await numbers.FirstAsync();
            for (long i = 1; i <= last; i++)
            {
                await reply(i);
            }
        });
        app.MapGrpc("/calc.Calculator/Sum", async (numbers, reply) => await reply(await numbers.SumAsync()));
        app.MapGrpc("/calc.Calculator/RunningSum", async (numbers, reply) =>
        {
            long sum = 0;
            await foreach (long number in numbers)
            {
                await reply(sum += number);
            }
        });
        app.MapGrpc("/calc.Calculator/Fail", (_, _) => throw new InvalidOperationException("not today"));
    }

    private static void MapGrpc(this WebApplication app, string path, Func<IAsyncEnumerable<long>, Func<long, Task>, Task> call) =>
        app.MapPost(path, async (HttpContext context) =>
        {
            context.Response.ContentType = "application/grpc";
            try
            {
                await call(GrpcWire.ReadAllAsync(context.Request.Body), async number =>
                {
                    await GrpcWire.WriteAsync(context.Response.Body, number);
                    await context.Response.Body.FlushAsync();
                });
                context.Response.AppendTrailer("grpc-status", "0");
            }
            catch (InvalidOperationException e)
            {
                context.Response.AppendTrailer("grpc-status", "9");
                context.Response.AppendTrailer("grpc-message", e.Message);
            }
        });
}
