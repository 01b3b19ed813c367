using Microsoft.Extensions.Hosting;
using Tlmsp.Middlebox;
using Tlmsp.Middlebox.Admin;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>The live page of a middlebox.</summary>
public static class AdminPageExtensions
{
    /// <summary>
    /// Serves a page that shows paths with their grants, messages as they pass, and throughput: on a port of its own, reachable from this
    /// machine alone. It is an inspector that only reads; it is asked first, so that it sees what came, not what others made of it.
    /// </summary>
    /// <param name="builder">The middlebox.</param>
    /// <param name="configure">The options; they are checked when the host starts.</param>
    public static ITlmspMiddleboxBuilder AddAdminPage(this ITlmspMiddleboxBuilder builder, Action<AdminPageOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddOptions<AdminPageOptions>().Configure(configure ?? (_ => { }));
        if (builder.Services.Any(service => service.ServiceType == typeof(LiveFeed)))
        {
            return builder;     // there is one page, whoever configures it
        }

        builder.Services.AddSingleton<LiveFeed>();
        builder.Services.Insert(0, ServiceDescriptor.Scoped<ITlmspInspector>(services =>
            new LiveInspector(services.GetRequiredService<LiveFeed>())));
        builder.AddSink<LiveSink>();

        // Before the middlebox, so that a port that is taken is found before anything is accepted.
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService, AdminPageService>());
        return builder;
    }
}
