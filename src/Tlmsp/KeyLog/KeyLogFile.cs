namespace Tlmsp;

/// <summary>A key log in a file. It is opened for each handshake alone, so that several processes can take turns.</summary>
internal sealed class KeyLogFile : TlmspKeyLog
{
    private const int MaxTries = 200;
    private static readonly TimeSpan s_retryDelay = TimeSpan.FromMilliseconds(5);
    private static readonly Lock s_gate = new();
    private readonly string _path;

    public KeyLogFile(string path)
    {
        _path = Path.GetFullPath(path);
        try
        {
            Append("# TLMSP key log: whoever can read this file can read the connections it names.\n"u8, onlyIfEmpty: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException($"The key log file '{path}' cannot be written: {e.Message}", nameof(path), e);
        }

        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(_path) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != 0)
        {
            throw new ArgumentException(
                $"The key log file '{path}' may be read or written by others. Remove it, or restrict it to its owner (chmod 600).", nameof(path));
        }
    }

    public override void Write(ReadOnlySpan<byte> lines)
    {
        try
        {
            Append(lines, onlyIfEmpty: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk must not end connections that nobody is debugging; the missing lines show when the capture is decoded.
        }
    }

    private void Append(ReadOnlySpan<byte> text, bool onlyIfEmpty)
    {
        lock (s_gate)
        {
            using FileStream file = Open();
            if (!onlyIfEmpty || file.Length == 0)
            {
                file.Write(text);
            }
        }
    }

    /// <summary>Waits for other processes: sharing violations last as long as a write.</summary>
    private FileStream Open()
    {
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        for (int tries = 1; ; tries++)
        {
            try
            {
                return new FileStream(_path, options);
            }
            catch (IOException) when (tries < MaxTries && File.Exists(_path))
            {
                Thread.Sleep(s_retryDelay);
            }
        }
    }
}
