using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;

namespace Tlmsp;

/// <summary>Reads settings strictly: what is unknown or cannot be used is an error that names it.</summary>
/// <param name="who">Whose settings they are, for the messages.</param>
internal sealed class SettingsReader(string who)
{
    /// <summary>Every key has to be known, and has to be what it is known as: a value or a section.</summary>
    public void CheckKeys(IConfiguration section, string[] values, string[] sections)
    {
        string known = string.Join(", ", [.. values, .. sections]);
        if (section is IConfigurationSection { Value.Length: > 0 } value)
        {
            throw new InvalidOperationException($"{who}: '{value.Path}' is a section, not a value. It holds {known}.");
        }

        foreach (IConfigurationSection child in section.GetChildren())
        {
            bool isSection = sections.Contains(child.Key, StringComparer.OrdinalIgnoreCase);
            if (!isSection && !values.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            {
                throw new InvalidOperationException($"{who}: '{child.Path}' is not a setting. Known are {known}.");
            }

            if (isSection ? !string.IsNullOrEmpty(child.Value) : child.GetChildren().Any())
            {
                throw new InvalidOperationException(
                    $"{who}: '{child.Path}' is {(isSection ? "a section, not a value" : "a value, not a section")}.");
            }
        }
    }

    public string Required(IConfigurationSection section, string key, string example) => section[key] is { Length: > 0 } value
        ? value
        : throw new InvalidOperationException($"{who}: '{section.Path}:{key}' is missing. Set it, for example to {example}.");

    public T ParseEnum<T>(IConfiguration section, string key, T otherwise)
        where T : struct, Enum => section[key] is not { } text
            ? otherwise
            : Enum.TryParse(text, ignoreCase: true, out T value) && Enum.IsDefined(value) && !char.IsAsciiDigit(text.Trim()[0])
                ? value
                : throw Unusable(section, key, $"'{text}' is none of {string.Join(", ", Enum.GetNames<T>())}.");

    public bool ParseBool(IConfiguration section, string key, bool otherwise) => section[key] is not { } text
        ? otherwise
        : bool.TryParse(text, out bool value) ? value : throw Unusable(section, key, $"'{text}' is neither true nor false.");

    public TimeSpan ParseTime(IConfiguration section, string key, TimeSpan otherwise) => section[key] is not { } text
        ? otherwise
        // A bare number would be days.
        : text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan value)
            ? value
            : throw Unusable(section, key, $"'{text}' is not a time of the form hh:mm:ss.");

    public void Parse(IConfiguration section, string key, Action parse) => Parse(section, key, () =>
    {
        parse();
        return true;
    });

    public T Parse<T>(IConfiguration section, string key, Func<T> parse)
    {
        try
        {
            return parse();
        }
        catch (Exception e) when (e is FormatException or ArgumentException or CryptographicException)
        {
            throw Unusable(section, key, e.Message, e);
        }
    }

    public InvalidOperationException Unusable(IConfiguration section, string key, string reason, Exception? inner = null) =>
        new($"{who}: '{PathOf(section, key)}' cannot be used: {reason}", inner);

    public static string PathOf(IConfiguration section, string key) => section is IConfigurationSection named ? $"{named.Path}:{key}" : key;
}
