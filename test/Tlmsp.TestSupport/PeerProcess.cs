using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Tlmsp.TestSupport;

/// <summary>A running peer.</summary>
internal sealed partial class PeerProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly SemaphoreSlim _lines = new(0);

    public PeerProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, e) => Add(e.Data);
        process.ErrorDataReceived += (_, e) => Add(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Waits until one of some texts was printed.</summary>
    public async Task WaitForAsync(params string[] texts)
    {
        var patience = TimeSpan.FromSeconds(30);
        long start = Stopwatch.GetTimestamp();
        while (!Array.Exists(texts, text => Output.Contains(text, StringComparison.OrdinalIgnoreCase)))
        {
            TimeSpan left = patience - Stopwatch.GetElapsedTime(start);
            if (left <= TimeSpan.Zero || !await _lines.WaitAsync(left))
            {
                throw new TimeoutException($"'{string.Join("' or '", texts)}' was not printed in time. What was:\n{Output}");
            }
        }
    }

    /// <summary>How a connection ended that was accepted after <paramref name="start"/> characters of output; see <see cref="EndingOf"/>.</summary>
    public async Task<string> EndingAsync(int start)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        string ending;
        while ((ending = EndingOf(Output[start..])).Length == 0)
        {
            await _lines.WaitAsync(timeout.Token);
        }

        return ending;
    }

    /// <summary>"alert N" when the peer was sent one, "refused N" when it sent one, "closed", or "ok"; several for several connections.</summary>
    public static string EndingOf(string output) => string.Join(" & ", Ending().Matches(output).Select(match => match switch
    {
        { Groups: [_, { Success: true } alert, _, _] } => $"alert {alert.Value}",
        { Groups: [_, _, { Success: true } alert, _] } => $"refused {alert.Value}",
        _ => match.Groups[3].Value is "result" ? "ok" : "closed",
    }));

    public async Task<int> WaitForExitAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await _process.WaitForExitAsync(timeout.Token);
        _process.WaitForExit();
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();     // its port is free then
        }

        _process.Dispose();
        _lines.Dispose();
    }

    [GeneratedRegex(@"^[\w#]+: (?:peer-alert level=2 desc=(\d+)|refused .*\((\d+), [\w?]+\)|(result|closed) )", RegexOptions.Multiline)]
    private static partial Regex Ending();

    private void Add(string? line)
    {
        if (line is not null)
        {
            lock (_output)
            {
                _output.AppendLine(line);
            }

            try
            {
                _lines.Release();
            }
            catch (ObjectDisposedException)
            {
                // A last line after the end.
            }
        }
    }
}
