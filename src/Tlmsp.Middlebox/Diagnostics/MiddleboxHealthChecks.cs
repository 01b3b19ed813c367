using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Tlmsp.Middlebox;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Health checks of a middlebox.</summary>
public static class MiddleboxHealthCheckExtensions
{
    /// <summary>
    /// Adds two checks: <c>tlmsp_middlebox_live</c>, tag <c>live</c>, unhealthy when no listener accepts connections any more and it should
    /// be restarted; and <c>tlmsp_middlebox_ready</c>, tag <c>ready</c>, unhealthy before it listens, while it drains, when one of its
    /// listeners accepts no connections any more or has a certificate that is not valid now, and when its audit cannot be written.
    /// </summary>
    public static IHealthChecksBuilder AddTlmspMiddlebox(this IHealthChecksBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder
            .AddCheck<MiddleboxLive>("tlmsp_middlebox_live", tags: ["live"])
            .AddCheck<MiddleboxReady>("tlmsp_middlebox_ready", tags: ["ready"]);
    }

    private sealed class MiddleboxLive(MiddleboxState state) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken) => Task.FromResult(
            state.Listeners.Count == 0 || state.Listeners.Any(listener => listener.IsAccepting) || state.IsDraining
                ? HealthCheckResult.Healthy()
                : new HealthCheckResult(context.Registration.FailureStatus, "accepts no connections any more"));
    }

    private sealed class MiddleboxReady(MiddleboxState state, IServiceProvider services) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken)
        {
            DateTime now = DateTime.Now;
            string[] problems =
                state.Listeners.Count == 0 ? ["does not listen"]
                : state.IsDraining ? ["drains"]
                : services.GetService<AuditLog>() is { IsHealthy: false } ? ["its audit cannot be written"]
                : [.. state.Listeners.Select(listener => ProblemOf(listener, now)).OfType<string>()];
            return Task.FromResult(problems.Length == 0
                ? HealthCheckResult.Healthy()
                : new HealthCheckResult(context.Registration.FailureStatus, string.Join("; ", problems)));
        }

        private static string? ProblemOf(MiddleboxListener listener, DateTime now)
        {
            ListenerSettings settings = listener.Settings;
            X509Certificate2 leaf = settings.Certificate.Leaf;
            return !listener.IsAccepting ? $"listener {settings.Name} accepts no connections any more"
                : now < leaf.NotBefore || now > leaf.NotAfter
                    ? $"the certificate of listener {settings.Name} is valid from {leaf.NotBefore:u} to {leaf.NotAfter:u}"
                : null;
        }
    }
}
