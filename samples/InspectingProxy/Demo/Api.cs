using System.Collections.Concurrent;

namespace InspectingProxy.Demo;

/// <summary>A customer.</summary>
internal sealed record Customer(int Id, string Name);

/// <summary>The API behind the boxes. It demands that there is a token, because the gateway cannot see that there is none.</summary>
internal static class Api
{
    public const string Leak = "STRICTLY CONFIDENTIAL";

    public static void MapApi(this WebApplication app, ConcurrentQueue<string> requests)
    {
        app.Use(async (context, next) =>
        {
            requests.Enqueue($"{context.Request.Method} {context.Request.Path}");
            if (context.Request.Headers.Authorization.Count == 0)
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                return;
            }

            await next(context);
        });
        app.MapGet("/customers/{id:int}", (int id) => new Customer(id, "Ada Lovelace"));
        app.MapPost("/customers", (Customer customer) => Results.Created($"/customers/{customer.Id}", customer));
        app.MapGet("/customers/export", () => Results.Text($"1;Ada Lovelace\n2;Alan Turing\n--- {Leak} ---\n3;Grace Hopper\n"));
        app.MapGet("/admin/users", () => "root");
    }
}
