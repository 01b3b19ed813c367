namespace Tlmsp;

/// <summary>
/// Takes the keys of sessions, so that a capture of their bytes can be decoded (docs/keylog.md). Off unless an application sets
/// <see cref="TlmspOptions.KeyLog"/>; whoever has what is written here can read the connections, and forge them while they last.
/// </summary>
public abstract class TlmspKeyLog
{
    /// <summary>The environment variable that <see cref="FromEnvironment"/> reads.</summary>
    public const string EnvironmentVariable = "TLMSPKEYLOGFILE";

    /// <summary>A key log that appends to a file, which on Unix only its owner may read. Any number of logs, also of other processes, may share a file.</summary>
    /// <param name="path">The file; made now if it does not exist.</param>
    /// <exception cref="ArgumentException">The file cannot be written, or others may read it; the message says what to do.</exception>
    public static TlmspKeyLog ToFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new KeyLogFile(path);
    }

    /// <summary>A key log to the file that the environment names, for applications that choose to offer this.</summary>
    /// <returns>Null when <see cref="EnvironmentVariable"/> is not set.</returns>
    /// <exception cref="ArgumentException">The file cannot be used; see <see cref="ToFile"/>.</exception>
    public static TlmspKeyLog? FromEnvironment() =>
        Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 } path ? ToFile(path) : null;

    /// <summary>Takes the lines of one party for one handshake: ASCII, each ended by a line feed. Safe for concurrent use.</summary>
    /// <param name="lines">To be copied if kept: the memory is zeroed after the call.</param>
    /// <remarks>An exception ends the handshake. Logs to files keep going instead: a connection does not fail because its diagnosis does.</remarks>
    public abstract void Write(ReadOnlySpan<byte> lines);
}
