using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;

namespace Tlmsp.Tool.Cli;

/// <summary>
/// Options from a JSON file: an object with the names of options and arguments, as in
/// <c>{ "ca": "ca.pem", "via": ["localhost:7001=1=r"] }</c>. They become part of the command line unless it has the same option already.
/// </summary>
internal static class ConfigurationFile
{
    private const string OptionName = "--config";
    private static readonly JsonDocumentOptions s_json = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    public static Option<string?> CreateOption() => new(OptionName)
    {
        Description = "JSON file with options of this command by name; options on the command line win",
        HelpName = "FILE",
    };

    /// <summary>Parses again with what the file adds.</summary>
    /// <exception cref="UsageException">The file cannot be read, or sets something that the command does not have.</exception>
    public static ParseResult Apply(RootCommand root, ParseResult parsed, IReadOnlyList<string> args, ParserConfiguration parser)
    {
        Command command = parsed.CommandResult.Command;
        if (command.Options.FirstOrDefault(option => option.Name == OptionName) is not Option<string?> option
            || parsed.GetValue(option) is not { } path)
        {
            return parsed;
        }

        var all = new List<string>(args);
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path), s_json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new UsageException($"{path}: an object with the names of options is expected, as in {{ \"ca\": \"ca.pem\" }}.");
            }

            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                Add(all, command, parsed, property, path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new UsageException($"The configuration file '{path}' cannot be read: {e.Message}", e);
        }

        return root.Parse(all, parser);
    }

    private static void Add(List<string> all, Command command, ParseResult parsed, JsonProperty property, string path)
    {
        if (command.Options.FirstOrDefault(option => option.Name == $"--{property.Name}" && option.Name != OptionName) is { } option)
        {
            if (parsed.GetResult(option) is null or { Implicit: true })
            {
                // One token, so that a value may start with a dash.
                all.AddRange(Values(property, path).Select(value => $"{option.Name}={value}"));
            }
        }
        else if (command.Arguments.FirstOrDefault(argument => argument.Name == property.Name) is { } argument)
        {
            if (parsed.GetResult(argument) is null or { Tokens.Count: 0 })
            {
                all.AddRange(Values(property, path));
            }
        }
        else
        {
            IEnumerable<string> known = command.Options.Select(other => other.Name).Where(name => name is not (OptionName or "--help"))
                .Select(name => name[2..]).Concat(command.Arguments.Select(other => other.Name)).Order(StringComparer.Ordinal);
            throw new UsageException($"{path}: '{property.Name}' is no option of '{command.Name}'. Known are {string.Join(", ", known)}.");
        }
    }

    private static IEnumerable<string> Values(JsonProperty property, string path) => property.Value.ValueKind switch
    {
        JsonValueKind.Array => property.Value.EnumerateArray().Select(value => Text(value, property.Name, path)),
        _ => [Text(property.Value, property.Name, path)],
    };

    private static string Text(JsonElement value, string name, string path) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => throw new UsageException($"{path}: '{name}' must be a text, a number, true or false, or a list of these."),
    };
}
