using System.CommandLine;
using System.CommandLine.Help;
using Tlmsp.Tool.Certs;
using Tlmsp.Tool.Decode;
using Tlmsp.Tool.Get;
using Tlmsp.Tool.Raw;

namespace Tlmsp.Tool.Cli;

/// <summary>The command line from its text to its exit status.</summary>
internal static class ToolApp
{
    private const string Overview = """
        A first round, in four terminals:
          tlmsp certs certs
          tlmsp server --listen 4433 --cert certs/server.pem --ca certs/ca.pem --allow localhost:7001=1=r --echo
          tlmsp middlebox --listen 7001 --cert certs/middlebox.pem --ca certs/ca.pem --next localhost:4433
          tlmsp client localhost:4433 --ca certs/ca.pem --via localhost:7001=1=r --do 'send 1 hello' --do 'expect 1 hello'

        Exit status: 0 done, 1 the request failed or a peer broke the protocol, 2 usage, 3 no connection or timeout.
        """;

    // No '@file' expansion: '--data @file' means something else here.
    private static readonly ParserConfiguration s_parser = new() { ResponseFileTokenReplacer = null };

    /// <summary>Runs one command line.</summary>
    /// <returns>The exit status; see <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, ToolConsole console, CancellationToken cancellationToken = default)
    {
        try
        {
            RootCommand root = Build(console);
            ParseResult parsed = ConfigurationFile.Apply(root, root.Parse(args, s_parser), args, s_parser);
            if (parsed.Errors.Count > 0)
            {
                string command = parsed.CommandResult.Command is RootCommand ? "tlmsp" : $"tlmsp {parsed.CommandResult.Command.Name}";
                string errors = string.Join('\n', parsed.Errors.Select(error => error.Message));
                throw new UsageException($"{errors}\nhint: '{command} --help' shows options and examples.");
            }

            return await parsed.InvokeAsync(
                new InvocationConfiguration { Output = console.Out, Error = console.Error, EnableDefaultExceptionHandler = false },
                cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (Failure.TryDescribe(e, out string message, out int exitCode))
        {
            console.Note($"{console.ErrorInk.Red("tlmsp:")} {message}");
            return exitCode;
        }
    }

    private static RootCommand Build(ToolConsole console)
    {
        var root = new RootCommand("TLMSP (ETSI TS 103 523-2) from the command line: TLS in which middleboxes see what both ends grant.")
        {
            CertsCommand.Create(console),
            ServerCommand.Create(console),
            ClientCommand.Create(console),
            MiddleboxCommand.Create(console),
            GetCommand.Create(console),
            DecodeCommand.Create(console),
        };
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new TeachingHelp((HelpAction)help.Action!, Overview);
        return root;
    }
}
