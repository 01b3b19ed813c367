using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Tlmsp.Middlebox.Inspectors;

/// <summary>Options of an inspector: checked when the host starts, and when the configuration that they come from changes.</summary>
public abstract class InspectorOptions
{
    /// <summary>Says what is wrong, and how to fix it.</summary>
    /// <param name="problems">Where to say it.</param>
    internal abstract void Check(ICollection<string> problems);

    /// <summary>Reads a section, in which every key has to be known, and checks the whole.</summary>
    /// <exception cref="InvalidOperationException">A key is unknown, or its value cannot be used.</exception>
    /// <exception cref="OptionsValidationException">The options do not fit together.</exception>
    internal static TOptions Read<TOptions>(IConfiguration? section, Action<TOptions>? configure)
        where TOptions : InspectorOptions, new()
    {
        var options = new TOptions();
        string path = (section as IConfigurationSection)?.Path ?? typeof(TOptions).Name;
        try
        {
            section?.Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidOperationException($"'{path}' cannot be used: {e.Message}", e);
        }

        configure?.Invoke(options);
        var problems = new List<string>();
        options.Check(problems);
        return problems.Count == 0
            ? options
            : throw new OptionsValidationException(path, typeof(TOptions), problems.Select(problem => $"{path}: {problem}"));
    }
}
