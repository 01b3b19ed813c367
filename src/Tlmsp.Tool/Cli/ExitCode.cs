namespace Tlmsp.Tool.Cli;

/// <summary>What the command's exit status says (docs/tool.md).</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>The request failed, a peer broke the protocol or refused, or an expectation did not hold.</summary>
    public const int Failure = 1;

    /// <summary>The command line or the configuration file makes no sense.</summary>
    public const int Usage = 2;

    /// <summary>No connection, a connection that broke, or a time limit.</summary>
    public const int Connection = 3;

    /// <summary>Ctrl+C, as shells report it.</summary>
    public const int Cancelled = 130;
}

/// <summary>The command line or a file that it names cannot be used; the message says what to write instead.</summary>
internal sealed class UsageException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Something that was asked for did not come true.</summary>
internal sealed class FailedException(string message) : Exception(message);
