using System.Net.Http;
using Microsoft.Extensions.Logging;
using Tlmsp.Client;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>TLMSP for clients of <see cref="IHttpClientFactory"/>.</summary>
public static partial class TlmspHttpClientBuilderExtensions
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
            .ConfigurePrimaryHttpMessageHandler(services => MakeHandler(services, builder.Name, configure, configureHandler))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan);
    }

    private static TlmspHandler MakeHandler(
        IServiceProvider services, string name, Action<TlmspHttpOptions>? configure, Action<SocketsHttpHandler>? configureHandler)
    {
        string? keyLog = null;
        var handler = new TlmspHandler(
            options =>
            {
                configure?.Invoke(options);
                keyLog = options.KeyLogFile;
            },
            configureHandler);
        if (keyLog is not null && services.GetService<ILoggerFactory>() is { } loggers)
        {
            LogKeyLog(loggers.CreateLogger("Tlmsp.Client.TlmspHandler"), name, keyLog);
        }

        return handler;
    }

    [LoggerMessage(1, LogLevel.Warning, "HttpClient '{Name}' writes the keys of every connection to {KeyLogFile}: "
        + "whoever reads that file can read the connections. Remove KeyLogFile when done.")]
    private static partial void LogKeyLog(ILogger logger, string name, string keyLogFile);
}
