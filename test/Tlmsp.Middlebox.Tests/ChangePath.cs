using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>A path whose middlebox has an inspector of the test's own making.</summary>
internal sealed class ChangePath : MiddleboxPath
{
    private ChangePath()
    {
    }

    public static Task<ChangePath> StartAsync(
        string profile, string version, ITlmspInspector inspector, Grant? grant = null, Action<TlmspMiddleboxHostOptions>? configure = null) =>
        StartAsync(
            new ChangePath(), profile, version, grant, address => TestMiddlebox.StartAsync(address, configure, inspector: inspector));

    protected override void Map(WebApplication app)
    {
        app.MapGet("/seen", (HttpContext context) =>
        {
            IHeaderDictionary fields = context.Request.Headers;
            context.Response.Headers["x-answer"] = "1";
            context.Response.Headers["x-other"] = "2";
            context.Response.Headers.SetCookie = "session=1";
            return $"/seen{context.Request.QueryString}|x-remove={fields["x-remove"]}|x-keep={fields["x-keep"]}|x-added={fields["x-added"]}"
                + $"|auth={fields.Authorization}|";
        });
        app.MapGet("/trailers", async (HttpContext context) =>
        {
            context.Response.DeclareTrailer("x-trailer");
            await context.Response.WriteAsync("content");
            context.Response.AppendTrailer("x-trailer", "last");
        });
        app.MapGet("/pieces", async (HttpContext context) =>
        {
            for (int i = 0; i < 500; i++)
            {
                await context.Response.WriteAsync("sec");
                if (i % 100 == 0)
                {
                    await context.Response.Body.FlushAsync();
                }

                await context.Response.WriteAsync("ret word ");
            }
        });
    }
}
