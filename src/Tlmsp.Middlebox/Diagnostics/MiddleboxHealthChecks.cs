using Microsoft.Extensions.Diagnostics.HealthChecks;
using Tlmsp.Middlebox;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Health checks of a middlebox.</summary>
public static class MiddleboxHealthCheckExtensions
{
    /// <summary>
    /// Adds two checks: <c>tlmsp_middlebox_live</c>, tag <c>live</c>, unhealthy when it accepts no connections any more and should be
    /// restarted; and <c>tlmsp_middlebox_ready</c>, tag <c>ready</c>, unhealthy before it listens, while it drains, when its certificate is not
    /// valid now, and when its audit cannot be written.
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
            !state.IsListening || state.IsAccepting || state.IsDraining
                ? HealthCheckResult.Healthy()
                : new HealthCheckResult(context.Registration.FailureStatus, "accepts no connections any more"));
    }

    private sealed class MiddleboxReady(MiddleboxState state, IServiceProvider services) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken)
        {
            DateTime now = DateTime.Now;
            string? problem = !state.IsListening ? "does not listen"
                : state.IsDraining ? "drains"
                : !state.IsAccepting ? "accepts no connections any more"
                : state.Certificate is { } certificate && (now < certificate.Leaf.NotBefore || now > certificate.Leaf.NotAfter)
                    ? $"its certificate is valid from {certificate.Leaf.NotBefore:u} to {certificate.Leaf.NotAfter:u}"
                : services.GetService<AuditLog>() is { IsHealthy: false } ? "its audit cannot be written"
                : null;
            return Task.FromResult(problem is null
                ? HealthCheckResult.Healthy()
                : new HealthCheckResult(context.Registration.FailureStatus, problem));
        }
    }
}
