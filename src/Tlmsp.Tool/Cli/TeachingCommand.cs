using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Tlmsp.Tool.Cli;

/// <summary>A command whose help ends with examples.</summary>
internal sealed class TeachingCommand(string name, string description, string examples) : Command(name, description)
{
    public string Examples { get; } = examples;
}

/// <summary>The help that System.CommandLine writes, and then what a reader can try.</summary>
internal sealed class TeachingHelp(HelpAction inner, string overview) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        InvocationConfiguration invocation = parseResult.InvocationConfiguration;
        TextWriter output = invocation.Output;
        using var text = new StringWriter();
        invocation.Output = text;
        int result = inner.Invoke(parseResult);
        invocation.Output = output;

        // System.CommandLine names the command after the file that runs, which is not the one that people type.
        string help = text.ToString().Replace($"{parseResult.RootCommandResult.Command.Name} ", "tlmsp ", StringComparison.Ordinal);
        string examples = parseResult.CommandResult.Command is TeachingCommand command ? command.Examples : overview;
        output.WriteLine($"{help.TrimEnd()}\n\n{examples}".ReplaceLineEndings("\n"));
        return result;
    }
}
