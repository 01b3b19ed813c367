using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;

namespace Tlmsp.AspNetCore;

/// <summary>Has responses say which content context theirs is: that of their endpoint, else that of their request.</summary>
internal sealed class ContentContextFilter : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(static (context, following) =>
        {
            if (ContentContextFeature.ProfileOf(context) is { Contents: not null })
            {
                // Registered first, and so called last: no handler's or cache's own field stays.
                context.Response.OnStarting(static state => Mark((HttpContext)state), context);
            }

            return following(context);
        });
        next(app);
    };

    private static Task Mark(HttpContext context)
    {
        string? name = context.Features.Get<ContentContextFeature>() is { } admitted
            ? admitted.Name
            : ContentContextFeature.NamedBy(context.Request);
        if (name is null)
        {
            context.Response.Headers.Remove(HttpContentSet.Field);
        }
        else
        {
            context.Response.Headers[HttpContentSet.Field] = name;
        }

        return Task.CompletedTask;
    }
}

/// <summary>A request was let through to an endpoint. What is run afterwards, as an error page, answers it in the same context.</summary>
/// <param name="Name">The content context that the endpoint names; null for none.</param>
internal sealed record ContentContextFeature(string? Name)
{
    /// <summary>The profile of the connection that a request came over; null where that is none of TLMSP.</summary>
    public static HttpProfile? ProfileOf(HttpContext context) =>
        (context.Features.Get<ITlmspConnectionFeature>() as TlmspConnectionFeature)?.Profile;

    /// <summary>
    /// The content context that the head of a request names; null for none. Its content is in no other: the connection holds it to that.
    /// </summary>
    public static string? NamedBy(HttpRequest request) => request.Headers[HttpContentSet.Field] is { Count: > 0 } named ? named.ToString() : null;
}
