using System.Net.Http;
using Tlmsp.Client;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>TLMSP for clients of <see cref="IHttpClientFactory"/>.</summary>
public static class TlmspHttpClientBuilderExtensions
{
    /// <summary>Makes a <see cref="TlmspHandler"/> the primary handler of a named or typed client.</summary>
    /// <remarks>The handler lives as long as the application: its pool holds the connections of this middlebox policy.</remarks>
    /// <param name="builder">The client's builder.</param>
    /// <param name="configure">The options; checked now, not at the first request.</param>
    /// <param name="configureHandler">Changes the handler underneath.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message says how to fix them.</exception>
    public static IHttpClientBuilder UseTlmsp(
        this IHttpClientBuilder builder, Action<TlmspHttpOptions>? configure = null, Action<SocketsHttpHandler>? configureHandler = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        using (new TlmspHandler(configure, configureHandler))
        {
            // A mistake in the options shows at start-up.
        }

        return builder
            .ConfigurePrimaryHttpMessageHandler(() => new TlmspHandler(configure, configureHandler))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan);
    }
}
