using System.Globalization;

namespace Tlmsp.Tool.Cli;

/// <summary>How far a long transfer is, on a line of the terminal that is drawn over; nothing where errors do not go to one.</summary>
internal sealed class Progress : IDisposable
{
    private static readonly TimeSpan s_first = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_next = TimeSpan.FromMilliseconds(250);
    private readonly ToolConsole _console;
    private readonly string _what;
    private readonly long? _total;
    private readonly TimeProvider _clock;
    private readonly long _start;
    private TimeSpan _due = s_first;
    private long _done;
    private int _drawn;

    /// <param name="console">The terminal.</param>
    /// <param name="what">What is moving, such as "received".</param>
    /// <param name="total">Bytes in all, where known.</param>
    /// <param name="clock">Decides when there is something to say; by default the system's.</param>
    public Progress(ToolConsole console, string what, long? total = null, TimeProvider? clock = null)
    {
        _clock = clock ?? TimeProvider.System;
        _start = _clock.GetTimestamp();
        _console = console;
        _what = what;
        _total = total;
    }

    public void Add(int bytes)
    {
        _done += bytes;
        if (_console.ErrorIsTerminal && _clock.GetElapsedTime(_start) is var elapsed && elapsed >= _due)
        {
            _due = elapsed + s_next;
            Draw(Text(_what, _done, _total, elapsed));
        }
    }

    public void Dispose()
    {
        if (_drawn > 0)
        {
            Draw("");
            _console.Error.Write('\r');
        }
    }

    public static string Text(string what, long done, long? total, TimeSpan elapsed) => string.Create(
        CultureInfo.InvariantCulture,
        $"{done / 1e6:F1}{(total is { } all ? $" of {all / 1e6:F1}" : "")} MB {what}, {done / 1e6 / elapsed.TotalSeconds:F1} MB/s");

    private void Draw(string text)
    {
        _console.Error.Write("\r" + text.PadRight(_drawn));
        _drawn = text.Length;
    }
}
