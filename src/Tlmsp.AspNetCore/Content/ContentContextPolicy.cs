using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tlmsp.Http;

namespace Tlmsp.AspNetCore;

/// <summary>
/// Compares the content context that a request names with that of the endpoint that it is routed to, before anything of the endpoint runs:
/// where they differ the request gets 421, and its connection ends (http-mapping §9).
/// </summary>
internal sealed partial class ContentContextPolicy(IOptions<TlmspContextOptions> options, ILogger<ContentContextPolicy> logger)
    : MatcherPolicy, IEndpointSelectorPolicy
{
    /// <summary>Behind all others, so that what is left is what will be chosen.</summary>
    public override int Order => int.MaxValue;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => true;

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        if (httpContext.Features.Get<ContentContextFeature>() is not null)
        {
            return Task.CompletedTask;
        }

        for (int i = 0; i < candidates.Count; i++)
        {
            // Those of routing itself, such as the one for 405, are no route endpoints.
            if (candidates.IsValidCandidate(i) && candidates[i].Endpoint is RouteEndpoint endpoint)
            {
                string? name = endpoint.Metadata.GetMetadata<TlmspContextAttribute>()?.Name;
                if (Problem(httpContext, name) is { } problem)
                {
                    candidates.ReplaceEndpoint(i, Misdirected(endpoint, problem), candidates[i].Values);
                }
                else
                {
                    httpContext.Features.Set(new ContentContextFeature(name));
                }

                break;
            }
        }

        return Task.CompletedTask;
    }

    /// <returns>Null when the request may go to an endpoint that names this context.</returns>
    private string? Problem(HttpContext context, string? name)
    {
        HttpProfile? profile = ContentContextFeature.ProfileOf(context);
        if (profile is null)
        {
            return name is null || !options.Value.RequireTlmsp ? null
                : "it did not come over TLMSP. To serve it all the same: AddTlmspContexts(contexts => contexts.RequireTlmsp = false)";
        }

        string? named = ContentContextFeature.NamedBy(context.Request);
        bool hasContent = context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? true;
        return name is not null && !profile.ContentNames.Contains(name) ? $"its connection has the profile {profile}, without that context"
            : named == name || (named is null && !hasContent) ? null
            : $"its content is in {(named is null ? "the body context" : $"'{named}'")}";
    }

    private Endpoint Misdirected(Endpoint endpoint, string problem) => new(
        context =>
        {
            string name = endpoint.Metadata.GetMetadata<TlmspContextAttribute>() is { } named ? $"the content context '{named.Name}'" : "no content context";
            LogMisdirected(logger, context.TraceIdentifier, endpoint.DisplayName, name, problem);
            context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
            if (HttpProtocol.IsHttp11(context.Request.Protocol) || HttpProtocol.IsHttp10(context.Request.Protocol))
            {
                context.Response.Headers.Connection = "close";
            }

            context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
            return Task.CompletedTask;
        },
        EndpointMetadataCollection.Empty,
        $"421 {endpoint.DisplayName}");

    [LoggerMessage(30, LogLevel.Warning, "Request {TraceIdentifier} gets 421: {Endpoint} names {Context}, and {Problem}.")]
    private static partial void LogMisdirected(ILogger logger, string traceIdentifier, string? endpoint, string context, string problem);
}
