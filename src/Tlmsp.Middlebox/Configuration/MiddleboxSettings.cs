using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tlmsp.Middlebox;

/// <summary>
/// What a middlebox works with, checked: one of these per version of the configuration, for the connections that begin under it.
/// </summary>
/// <param name="Options">The options.</param>
/// <param name="Listeners">What each listener works with.</param>
internal sealed record MiddleboxSettings(TlmspMiddleboxHostOptions Options, IReadOnlyList<ListenerSettings> Listeners)
{
    /// <summary>What clients list, for log lines about all of it.</summary>
    public string Addresses => string.Join(", ", Listeners.Select(listener => listener.Address).Distinct());

    /// <summary>Time for one call of an inspector as the connection measures it: one that fails open is given up before.</summary>
    public static TimeSpan InspectorLimit(TlmspMiddleboxHostOptions options) =>
        options.OnInspectorFailure == InspectorFailureAction.Forward ? options.InspectorTimeout * 2 : options.InspectorTimeout;
}

/// <summary>Makes settings, each time that the configuration has changed.</summary>
internal static class MiddleboxSettingsMaker
{
    /// <summary>Has them made from the options of the services.</summary>
    public static Func<MiddleboxSettings> Create(IServiceProvider services)
    {
        IOptionsFactory<TlmspMiddleboxHostOptions> factory = services.GetRequiredService<IOptionsFactory<TlmspMiddleboxHostOptions>>();
        IServiceScopeFactory scopes = services.GetRequiredService<IServiceScopeFactory>();
        return () =>
        {
            TlmspMiddleboxHostOptions options = factory.Create(Microsoft.Extensions.Options.Options.DefaultName);
            MiddleboxSettings settings = options.ToSettings();
            CheckInspectors(options, scopes);
            return settings;
        };
    }

    /// <exception cref="OptionsValidationException">An inspector needs what the options rule out.</exception>
    private static void CheckInspectors(TlmspMiddleboxHostOptions options, IServiceScopeFactory scopes)
    {
        bool failsOpen = options.OnInspectorFailure == InspectorFailureAction.Forward;
        GrantPolicy[] policies = [.. options.NextHops.Policies.Where(policy => policy.Refuse.Count > 0)];
        if (!failsOpen && policies.Length == 0)
        {
            return;
        }

        var problems = new List<string>();
        AsyncServiceScope scope = scopes.CreateAsyncScope();
        try
        {
            foreach (ITlmspInspector inspector in scope.ServiceProvider.GetServices<ITlmspInspector>())
            {
                problems.AddRange(policies.Select(policy => policy.FindProblem(inspector)).OfType<string>());
                if (failsOpen && inspector.Needs.Any(need => need.Access > TlmspAccess.Read))
                {
                    problems.Add($"OnInspectorFailure is Forward, and {InspectorSet.NameOf(inspector)} needs to write. "
                        + "Set it to Close, or remove the inspector.");
                }
            }
        }
        finally
        {
            // At start-up, or on the thread that tells of a change of the configuration: nobody else waits.
            scope.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        if (problems.Count > 0)
        {
            throw new OptionsValidationException("TlmspMiddlebox", typeof(TlmspMiddleboxHostOptions), problems);
        }
    }
}
