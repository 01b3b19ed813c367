using System.Text;
using System.Text.RegularExpressions;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Tests;

/// <summary>A command line that runs in this process, with its output captured.</summary>
internal sealed partial class ToolRun : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);
    private readonly CancellationTokenSource _stop = new();
    private readonly MemoryStream _output = new();
    private readonly SignalingWriter _error = new();
    private readonly Task<int> _run;

    private ToolRun(string[] args, string input, bool colour)
    {
        var console = new ToolConsole(new StringReader(input), _output, _error) { OutInk = new Ink(colour), ErrorInk = new Ink(colour) };
        _run = Task.Run(() => ToolApp.RunAsync(args, console, _stop.Token));
    }

    public int ExitCode => _run.Result;

    public string Out => Encoding.UTF8.GetString(_output.ToArray());

    public byte[] OutBytes => _output.ToArray();

    public string Error => _error.ToString();

    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Runs a command to its end.</summary>
    public static async Task<ToolRun> OfAsync(string[] args, string input = "", bool colour = false)
    {
        var run = new ToolRun(args, input, colour);
        await run.EndAsync();
        return run;
    }

    /// <summary>Starts a server or middlebox, and waits until it listens.</summary>
    public static async Task<ToolRun> ListeningAsync(params string[] args)
    {
        var run = new ToolRun(args, "", colour: false);
        await run.SaysAsync("is listening on");
        return run;
    }

    /// <summary>The port that a listening command took.</summary>
    public int Port => int.Parse(PortPattern().Match(Error).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);

    public Task<int> EndAsync() => _run.WaitAsync(s_limit);

    /// <summary>Waits for a text on the error output; a command that has ended will not say it any more.</summary>
    public async Task SaysAsync(string text)
    {
        Task said = _error.ContainsAsync(text);
        await Task.WhenAny(said, _run).WaitAsync(s_limit);
        Assert.True(Error.Contains(text, StringComparison.Ordinal), $"'{text}' was not said, but: {Error}");
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await EndAsync();
        _stop.Dispose();
    }

    [GeneratedRegex(@"is listening on .*:(\d+)")]
    private static partial Regex PortPattern();

    /// <summary>Keeps what is written, and says when a text has come.</summary>
    private sealed class SignalingWriter : StringWriter
    {
        private readonly Lock _lock = new();
        private readonly List<(string Text, TaskCompletionSource Said)> _waiting = [];

        public Task ContainsAsync(string text)
        {
            var said = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_lock)
            {
                _waiting.Add((text, said));
                Check();
            }

            return said.Task;
        }

        public override void WriteLine(string? value)
        {
            lock (_lock)
            {
                base.WriteLine(value);
                Check();
            }
        }

        public override string ToString()
        {
            lock (_lock)
            {
                return base.ToString();
            }
        }

        private void Check()
        {
            string text = base.ToString();
            foreach ((string awaited, TaskCompletionSource said) in _waiting)
            {
                if (text.Contains(awaited, StringComparison.Ordinal))
                {
                    said.TrySetResult();
                }
            }
        }
    }
}

/// <summary>A folder of its own for each test, with the certificates of a path where they are needed.</summary>
public abstract class ToolTest : IDisposable
{
    protected string Folder { get; } = Directory.CreateTempSubdirectory("tlmsp-tool-").FullName;

    protected string Certs => PathOf("certs");

    protected string Ca => Path.Combine(Certs, "ca.pem");

    protected string ServerPem => Path.Combine(Certs, "server.pem");

    protected string MiddleboxPem => Path.Combine(Certs, "middlebox.pem");

    protected string PathOf(string name) => Path.Combine(Folder, name);

    protected async Task MakeCertificatesAsync()
    {
        ToolRun run = await ToolRun.OfAsync(["certs", Certs]);
        Assert.Equal(0, run.ExitCode);
    }

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}
