using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tlmsp.AspNetCore;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Content contexts per endpoint.</summary>
public static class TlmspContextExtensions
{
    /// <summary>Holds endpoints to the content contexts that they name, and has their responses travel there.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">The options.</param>
    public static IServiceCollection AddTlmspContexts(this IServiceCollection services, Action<TlmspContextOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<TlmspContextOptions>();
        if (configure is not null)
        {
            services.Configure(configure);
        }

        services.AddRoutingCore();
        services.TryAddSingleton<ContentContexts>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<MatcherPolicy, ContentContextPolicy>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, ContentContextFilter>());
        return services;
    }

    /// <summary>Names the content context of endpoints: see <see cref="TlmspContextAttribute"/>.</summary>
    /// <param name="builder">The endpoint, or a group of them.</param>
    /// <param name="name">The name, such as <c>pii</c>.</param>
    /// <exception cref="ArgumentException">It cannot be the name of a content context.</exception>
    public static TBuilder WithTlmspContext<TBuilder>(this TBuilder builder, string name)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new TlmspContextAttribute(name));
}
