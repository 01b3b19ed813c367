using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tlmsp.Http;

namespace Tlmsp.AspNetCore;

/// <summary>The content contexts that the listeners of an application offer, for its endpoints to name.</summary>
internal sealed class ContentContexts
{
    private readonly ConcurrentDictionary<HttpProfile, bool> _profiles = new();

    /// <summary>A listener accepts these profiles.</summary>
    public void Offer(IEnumerable<HttpProfile> profiles)
    {
        foreach (HttpProfile profile in profiles)
        {
            _profiles[profile] = true;
        }
    }

    /// <summary>Looks for endpoints that name what there is not. Every listener is known, and every endpoint, when the server binds.</summary>
    /// <exception cref="InvalidOperationException">There is one; the message says how to fix it.</exception>
    public static void CheckEndpoints(IServiceProvider services)
    {
        ContentContexts? contexts = services.GetService<ContentContexts>();
        foreach (Endpoint endpoint in services.GetService<EndpointDataSource>()?.Endpoints ?? [])
        {
            if (endpoint.Metadata.GetMetadata<TlmspContextAttribute>() is not { } named)
            {
                continue;
            }

            string what = $"UseTlmsp: the endpoint '{endpoint.DisplayName}' names the content context '{named.Name}'";
            if (contexts is null)
            {
                throw new InvalidOperationException($"{what}, and nothing would hold it to that. Call builder.Services.AddTlmspContexts().");
            }

            if (!contexts._profiles.Keys.Any(profile => profile.ContentNames.Contains(named.Name)))
            {
                throw new InvalidOperationException(
                    $"{what}, which no accepted profile has ({string.Join(", ", contexts._profiles.Keys.Select(profile => profile.ToString()).Order())}). "
                    + $"Add one that has it, such as tlmsp.Profiles = [HttpProfile.Four.WithContent(\"{named.Name}\")], or name another context.");
            }
        }
    }
}
