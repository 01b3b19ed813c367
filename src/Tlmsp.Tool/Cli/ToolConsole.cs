using System.Text;

namespace Tlmsp.Tool.Cli;

/// <summary>Where the command reads and writes: results to <see cref="Out"/>, everything about them to <see cref="Error"/>.</summary>
internal sealed class ToolConsole
{
    private readonly Lock _lock = new();

    /// <param name="input">Standard input.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    public ToolConsole(TextReader input, Stream output, TextWriter error)
    {
        In = input;
        OutStream = output;
        Out = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true, NewLine = "\n" };
        Error = error;
    }

    public TextReader In { get; }

    /// <summary>The bytes under <see cref="Out"/>, which keeps nothing back.</summary>
    public Stream OutStream { get; }

    public TextWriter Out { get; }

    public TextWriter Error { get; }

    public bool InIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    public Ink OutInk { get; set; }

    public Ink ErrorInk { get; set; }

    public static ToolConsole OfProcess()
    {
        // https://no-color.org: any value that is not empty.
        bool plain = Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 }
            || Environment.GetEnvironmentVariable("TERM") == "dumb";
        return new ToolConsole(Console.In, Console.OpenStandardOutput(), Console.Error)
        {
            InIsTerminal = !Console.IsInputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            OutInk = new Ink(!plain && !Console.IsOutputRedirected),
            ErrorInk = new Ink(!plain && !Console.IsErrorRedirected),
        };
    }

    /// <summary>Writes a line of results; lines of concurrent connections do not mix.</summary>
    public void Line(string text)
    {
        lock (_lock)
        {
            Out.WriteLine(text);
        }
    }

    /// <summary>Writes a line about what is going on.</summary>
    public void Note(string text)
    {
        lock (_lock)
        {
            Error.WriteLine(text);
        }
    }

    /// <summary>Writes a line that should not be overlooked.</summary>
    public void Warn(string text) => Note($"{ErrorInk.Yellow("warning:")} {text}");
}
