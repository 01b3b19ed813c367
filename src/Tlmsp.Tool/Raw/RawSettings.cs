using System.CommandLine;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Raw;

/// <summary>What client and server do with what arrives.</summary>
internal sealed class RawSettings : IDisposable
{
    private readonly Dictionary<byte, FileStream> _files = [];
    private readonly Lock _lock = new();

    /// <summary>Limit of every single wait.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Whether data goes back in the context that it came in.</summary>
    public bool Echo { get; init; }

    public static Option<string[]> CreateSaveOption() => new("--save")
    {
        Description = "Write what arrives in a context to a file; repeat",
        HelpName = "CONTEXT=FILE",
    };

    /// <exception cref="UsageException">A value is not of the form, or a file cannot be written.</exception>
    public void OpenFiles(string[]? values)
    {
        foreach (string value in values ?? [])
        {
            string[] sides = value.Split('=', 2);
            try
            {
                if (sides.Length != 2)
                {
                    throw new FormatException("it has not the form CONTEXT=FILE.");
                }

                _files[ContextText.ParseId(sides[0])] = new FileStream(sides[1], FileMode.Create, FileAccess.Write, FileShare.Read);
            }
            catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException or ArgumentException)
            {
                throw new UsageException($"--save '{value}': {e.Message} Write for example 2=received.bin.", e);
            }
        }
    }

    public void Save(byte context, ReadOnlySpan<byte> data)
    {
        if (_files.TryGetValue(context, out FileStream? file))
        {
            lock (_lock)
            {
                file.Write(data);
            }
        }
    }

    public void Dispose()
    {
        foreach (FileStream file in _files.Values)
        {
            file.Dispose();
        }
    }
}
