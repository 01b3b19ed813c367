using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tlmsp.Middlebox;
using Tlmsp.Middlebox.Inspectors;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>
/// Ready inspectors for a middlebox. Options come from code, from a configuration section in which every key has to be known, or from both,
/// the code last; they are checked when the host starts. A section that changes counts for new connections.
/// </summary>
public static class TlmspInspectorsBuilderExtensions
{
    /// <summary>Logs one line per exchange. Needs no right: what is sealed is logged as such.</summary>
    /// <param name="builder">The middlebox.</param>
    /// <param name="configure">The options.</param>
    public static ITlmspMiddleboxBuilder AddAccessLog(this ITlmspMiddleboxBuilder builder, Action<AccessLogOptions>? configure = null) =>
        AddAccessLog(builder, null, configure);

    /// <inheritdoc cref="AddAccessLog(ITlmspMiddleboxBuilder, Action{AccessLogOptions})"/>
    /// <param name="builder">The middlebox.</param>
    /// <param name="section">The section that holds the options.</param>
    /// <param name="configure">More options.</param>
    public static ITlmspMiddleboxBuilder AddAccessLog(
        this ITlmspMiddleboxBuilder builder, IConfiguration? section, Action<AccessLogOptions>? configure = null)
    {
        object key = Add(builder, section, configure, (_, options) => options);
        builder.Services.AddSingleton<IInspectionSink>(services => new AccessLogSink(
            services.GetRequiredKeyedService<Reloaded<AccessLogOptions>>(key), services.GetRequiredService<ILoggerFactory>()));
        return builder;
    }

    /// <summary>Allows and denies messages by their heads, and adds and removes fields.</summary>
    /// <param name="builder">The middlebox.</param>
    /// <param name="configure">The options.</param>
    public static ITlmspMiddleboxBuilder AddHeaderRules(this ITlmspMiddleboxBuilder builder, Action<HeaderRulesOptions> configure) =>
        AddHeaderRules(builder, null, configure);

    /// <inheritdoc cref="AddHeaderRules(ITlmspMiddleboxBuilder, Action{HeaderRulesOptions})"/>
    /// <param name="builder">The middlebox.</param>
    /// <param name="section">The section that holds the options.</param>
    /// <param name="configure">More options.</param>
    public static ITlmspMiddleboxBuilder AddHeaderRules(
        this ITlmspMiddleboxBuilder builder, IConfiguration? section, Action<HeaderRulesOptions>? configure = null) =>
        Add(builder, section, configure, (_, options) => new HeaderRuleSet(options), rules => new HeaderRulesInspector(rules));

    /// <summary>Lets requests pass that bring a bearer token which verifies with the keys in a file.</summary>
    /// <param name="builder">The middlebox.</param>
    /// <param name="configure">The options.</param>
    public static ITlmspMiddleboxBuilder AddBearerTokens(this ITlmspMiddleboxBuilder builder, Action<BearerTokensOptions> configure) =>
        AddBearerTokens(builder, null, configure);

    /// <inheritdoc cref="AddBearerTokens(ITlmspMiddleboxBuilder, Action{BearerTokensOptions})"/>
    /// <param name="builder">The middlebox.</param>
    /// <param name="section">The section that holds the options.</param>
    /// <param name="configure">More options.</param>
    public static ITlmspMiddleboxBuilder AddBearerTokens(
        this ITlmspMiddleboxBuilder builder, IConfiguration? section, Action<BearerTokensOptions>? configure = null) =>
        Add(
            builder, section, configure,
            (services, options) => new BearerTokenValidator(options, LoggerOf<BearerTokenValidator>(services)),
            validator => new BearerTokenInspector(validator));

    /// <summary>Looks for patterns and card numbers in content.</summary>
    /// <param name="builder">The middlebox.</param>
    /// <param name="configure">The options.</param>
    public static ITlmspMiddleboxBuilder AddContentScanner(this ITlmspMiddleboxBuilder builder, Action<ContentScannerOptions> configure) =>
        AddContentScanner(builder, null, configure);

    /// <inheritdoc cref="AddContentScanner(ITlmspMiddleboxBuilder, Action{ContentScannerOptions})"/>
    /// <param name="builder">The middlebox.</param>
    /// <param name="section">The section that holds the options.</param>
    /// <param name="configure">More options.</param>
    public static ITlmspMiddleboxBuilder AddContentScanner(
        this ITlmspMiddleboxBuilder builder, IConfiguration? section, Action<ContentScannerOptions>? configure = null) =>
        Add(
            builder, section, configure,
            (services, options) => new ContentScanRules(options, LoggerOf<ContentScannerInspector>(services)),
            rules => new ContentScannerInspector(rules));

    /// <summary>Bounds the content of messages and the rate of requests.</summary>
    /// <param name="builder">The middlebox.</param>
    /// <param name="configure">The options.</param>
    public static ITlmspMiddleboxBuilder AddLimits(this ITlmspMiddleboxBuilder builder, Action<LimitsOptions> configure) =>
        AddLimits(builder, null, configure);

    /// <inheritdoc cref="AddLimits(ITlmspMiddleboxBuilder, Action{LimitsOptions})"/>
    /// <param name="builder">The middlebox.</param>
    /// <param name="section">The section that holds the options.</param>
    /// <param name="configure">More options.</param>
    public static ITlmspMiddleboxBuilder AddLimits(
        this ITlmspMiddleboxBuilder builder, IConfiguration? section, Action<LimitsOptions>? configure = null) =>
        Add(builder, section, configure, (_, options) => options, options => new LimitsInspector(options));

    private static ILogger<T> LoggerOf<T>(IServiceProvider services) => services.GetRequiredService<ILoggerFactory>().CreateLogger<T>();

    private static ITlmspMiddleboxBuilder Add<TOptions, T>(
        ITlmspMiddleboxBuilder builder, IConfiguration? section, Action<TOptions>? configure, Func<IServiceProvider, TOptions, T> make,
        Func<T, ITlmspInspector> inspector)
        where TOptions : InspectorOptions, new()
        where T : class
    {
        object key = Add(builder, section, configure, make);
        return builder.AddInspector(services => inspector(services.GetRequiredKeyedService<Reloaded<T>>(key).Current));
    }

    /// <returns>The key of what is made of the options: one for each time that an inspector is added.</returns>
    private static object Add<TOptions, T>(
        ITlmspMiddleboxBuilder builder, IConfiguration? section, Action<TOptions>? configure, Func<IServiceProvider, TOptions, T> make)
        where TOptions : InspectorOptions, new()
        where T : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        object key = new();
        builder.Services.AddKeyedSingleton(key, (services, _) => new Reloaded<T>(
            section,
            () => make(services, InspectorOptions.Read(section, configure)),
            services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(TOptions).FullName!)));
        // Made when the host makes its services, before it starts the first of them: what is wrong is found then.
        builder.Services.AddSingleton<IHostedService>(services =>
        {
            services.GetRequiredKeyedService<Reloaded<T>>(key);
            return new Checked();
        });
        return key;
    }

    /// <summary>Has nothing to do once it is made.</summary>
    private sealed class Checked : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
