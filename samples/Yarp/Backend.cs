namespace YarpSample;

/// <summary>An application behind the proxy: it says how a request came to it.</summary>
internal static class Backend
{
    public static void MapBackend(this WebApplication app)
    {
        app.MapGet("/hello", (HttpContext context) =>
            $"{context.Request.Protocol} over {(context.GetTlmspConnection() is { } tlmsp ? $"TLMSP through {tlmsp.Middleboxes.Count} middlebox" : "TLS")}");
        app.MapPost("/echo", async (HttpContext context) =>
        {
            using var content = new MemoryStream();
            await context.Request.Body.CopyToAsync(content);
            await context.Response.Body.WriteAsync(content.ToArray());
        });
    }
}
