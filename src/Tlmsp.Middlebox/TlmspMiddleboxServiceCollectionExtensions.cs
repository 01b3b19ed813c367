using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tlmsp.Middlebox;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Goes on from <c>AddTlmspMiddlebox</c>.</summary>
public interface ITlmspMiddleboxBuilder
{
    /// <summary>The services.</summary>
    IServiceCollection Services { get; }
}

/// <summary>A TLMSP middlebox as a hosted service.</summary>
public static class TlmspMiddleboxServiceCollectionExtensions
{
    /// <summary>Runs a middlebox in this host. Options are checked when the host starts.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Address, certificate and next hops, at least.</param>
    public static ITlmspMiddleboxBuilder AddTlmspMiddlebox(this IServiceCollection services, Action<TlmspMiddleboxHostOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<TlmspMiddleboxHostOptions>().Configure(configure);
        return Add(services, section: null);
    }

    /// <summary>
    /// Runs a middlebox in this host with the options of a configuration section, in which every key has to be known. Options are checked
    /// when the host starts. A section that changes counts for connections that begin after that, and listeners come and go with it; a
    /// change that cannot be used, also because a listener cannot be bound, is logged, and what there was stays.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="section">The section.</param>
    /// <param name="configure">More options, called each time that the section is read.</param>
    public static ITlmspMiddleboxBuilder AddTlmspMiddlebox(
        this IServiceCollection services, IConfigurationSection section, Action<TlmspMiddleboxHostOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        services.AddOptions<TlmspMiddleboxHostOptions>().Configure<IServiceProvider>((options, provider) =>
        {
            MiddleboxConfiguration.Apply(section, options, provider.GetService<IHostEnvironment>()?.ContentRootPath ?? "");
            configure?.Invoke(options);
        });
        return Add(services, section);
    }

    private static Builder Add(IServiceCollection services, IConfigurationSection? section)
    {
        services.AddLogging();
        services.TryAddSingleton(provider => new Reloaded<MiddleboxSettings>(
            section,
            MiddleboxSettingsMaker.Create(provider),
            provider.GetRequiredService<ILoggerFactory>().CreateLogger<TlmspMiddleboxService>()));
        services.TryAddSingleton<IMiddleboxTransport, SocketMiddleboxTransport>();
        services.TryAddSingleton(provider => new MiddleboxMetrics(provider.GetService<System.Diagnostics.Metrics.IMeterFactory>()));
        services.TryAddSingleton<MiddleboxState>();
        services.AddHostedService<TlmspMiddleboxService>();
        return new Builder(services);
    }

    /// <summary>Adds an inspector; one instance is made per connection.</summary>
    public static ITlmspMiddleboxBuilder AddInspector<TInspector>(this ITlmspMiddleboxBuilder builder)
        where TInspector : class, ITlmspInspector
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddScoped<ITlmspInspector, TInspector>();
        return builder;
    }

    /// <summary>Adds an inspector from a factory that is called once per connection.</summary>
    public static ITlmspMiddleboxBuilder AddInspector(this ITlmspMiddleboxBuilder builder, Func<IServiceProvider, ITlmspInspector> factory)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddScoped(factory);
        return builder;
    }

    /// <summary>Adds an inspector of heads that is a function.</summary>
    /// <param name="builder">The middlebox.</param>
    /// <param name="onHead">Called for the head of every request and response that can be read.</param>
    /// <param name="needs">The rights it cannot do without.</param>
    public static ITlmspMiddleboxBuilder AddInspector(
        this ITlmspMiddleboxBuilder builder, Func<InspectedMessage, CancellationToken, ValueTask<InspectionVerdict>> onHead,
        params InspectorNeedsAttribute[] needs)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(onHead);
        builder.Services.AddScoped<ITlmspInspector>(_ => new HeadFunction(onHead, needs));
        return builder;
    }

    /// <summary>Adds an inspector of connections that do not carry HTTP; one instance is made per connection.</summary>
    public static ITlmspMiddleboxBuilder AddByteInspector<TInspector>(this ITlmspMiddleboxBuilder builder)
        where TInspector : class, ITlmspByteInspector
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddScoped<ITlmspByteInspector, TInspector>();
        return builder;
    }

    /// <summary>Adds somebody who hears what the middlebox does, over all connections.</summary>
    public static ITlmspMiddleboxBuilder AddSink<TSink>(this ITlmspMiddleboxBuilder builder)
        where TSink : class, IInspectionSink
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton<TSink>();
        builder.Services.AddSingleton<IInspectionSink>(services => services.GetRequiredService<TSink>());
        return builder;
    }

    /// <summary>Writes one JSON line per message to a file. What cannot be recorded does not pass.</summary>
    /// <param name="builder">The middlebox.</param>
    /// <param name="configure">The file, at least. Options are checked when the host starts.</param>
    public static ITlmspMiddleboxBuilder AddAuditLog(this ITlmspMiddleboxBuilder builder, Action<AuditLogOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        builder.Services.AddOptions<AuditLogOptions>().Configure(configure);
        builder.AddSink<AuditLog>();

        // Before the middlebox, so that it is ready before anything is accepted.
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(services => services.GetRequiredService<AuditLog>()));
        return builder;
    }

    private sealed record Builder(IServiceCollection Services) : ITlmspMiddleboxBuilder;
}
