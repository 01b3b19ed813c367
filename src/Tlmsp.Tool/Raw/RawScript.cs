using System.CommandLine;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Raw;

/// <summary>Where the commands of a conversation come from: <c>--do</c>, <c>--script</c>, or standard input.</summary>
internal sealed class RawScript
{
    private readonly Option<string[]> _do = new("--do")
    {
        Description = "A command for each connection, as in 'send 1 hello'; repeat",
        HelpName = "COMMAND",
    };

    private readonly Option<string?> _script = new("--script")
    {
        Description = "File with one command a line",
        HelpName = "FILE",
    };

    public void AddTo(Command command)
    {
        command.Add(_do);
        command.Add(_script);
    }

    /// <summary>The commands given by options; null when there are none, and standard input is to be read.</summary>
    /// <exception cref="UsageException">A line is no command, or the file cannot be read.</exception>
    public IReadOnlyList<RawCommand>? Read(ParseResult parsed)
    {
        string[] lines = parsed.GetValue(_do) ?? [];
        if (parsed.GetValue(_script) is { } path)
        {
            try
            {
                lines = [.. File.ReadAllLines(path), .. lines];
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new UsageException($"The script '{path}' cannot be read: {e.Message}", e);
            }
        }
        else if (lines.Length == 0)
        {
            return null;
        }

        return [.. lines.Select(RawCommand.Parse).OfType<RawCommand>()];
    }
}
