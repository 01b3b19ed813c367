using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;

namespace Tlmsp.Tool.Cli;

/// <summary>The options of everything that shakes hands: whom to trust, how long to wait, and where keys may be written.</summary>
internal sealed class TrustOptions
{
    private readonly Option<string[]> _ca = new("--ca")
    {
        Description = "PEM file with the roots to trust instead of the system's; repeat for more",
        HelpName = "FILE",
    };

    private readonly Option<string?> _keyLog = new("--key-log")
    {
        Description = "Append the keys of every connection to this file, for 'tlmsp decode'",
        HelpName = "FILE",
    };

    private readonly Option<double> _timeout = new("--timeout")
    {
        Description = "Seconds to wait for a connection, a handshake, or an expectation",
        DefaultValueFactory = _ => 10,
        HelpName = "SECONDS",
    };

    private readonly Option<bool> _reference = new("--allow-reference-middleboxes")
    {
        Description = "Accept SHA-1 signatures, and middlebox certificates without the listed name",
    };

    public void AddTo(Command command)
    {
        command.Add(_ca);
        command.Add(_timeout);
        command.Add(_keyLog);
        command.Add(_reference);
        command.Add(ConfigurationFile.CreateOption());
    }

    /// <exception cref="UsageException">The value is out of range.</exception>
    public TimeSpan Timeout(ParseResult parsed)
    {
        double seconds = parsed.GetValue(_timeout);
        return seconds is > 0 and <= 86400
            ? TimeSpan.FromSeconds(seconds)
            : throw new UsageException(
                string.Create(CultureInfo.InvariantCulture, $"--timeout is {seconds}; write more than 0 and at most 86400 seconds."));
    }

    public bool AllowReferenceMiddleboxes(ParseResult parsed) => parsed.GetValue(_reference);

    /// <summary>The key log file, after a warning that nobody should overlook.</summary>
    /// <exception cref="UsageException">The file cannot be used.</exception>
    public string? KeyLogFile(ParseResult parsed, ToolConsole console)
    {
        if (parsed.GetValue(_keyLog) is not { } path)
        {
            return null;
        }

        try
        {
            TlmspKeyLog.ToFile(path);
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message, e);
        }

        console.Warn($"the keys of every connection are written to {path}: whoever reads that file can read the connections.");
        return path;
    }

    /// <exception cref="UsageException">A file holds no certificates.</exception>
    public void AddRoots(ParseResult parsed, CertificateTrust trust)
    {
        foreach (string path in parsed.GetValue(_ca) ?? [])
        {
            try
            {
                int before = trust.CustomRootTrust.Count;
                trust.CustomRootTrust.ImportFromPemFile(path);
                if (trust.CustomRootTrust.Count == before)
                {
                    throw new UsageException($"'{path}' holds no certificate in PEM form.");
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                throw new UsageException($"The CA file '{path}' cannot be read: {e.Message}", e);
            }
        }
    }

    /// <summary>Sets what every kind of engine options has.</summary>
    /// <exception cref="UsageException">A file cannot be used.</exception>
    public void Apply(ParseResult parsed, TlmspOptions options, ToolConsole console)
    {
        AddRoots(parsed, options.Trust);
        options.AllowReferenceMiddleboxes = AllowReferenceMiddleboxes(parsed);
        options.KeyLog = KeyLogFile(parsed, console) is { } path ? TlmspKeyLog.ToFile(path) : null;
    }

    /// <exception cref="UsageException">The files cannot be used.</exception>
    public static TlmspCertificate LoadCertificate(string path, string? keyPath)
    {
        try
        {
            return TlmspCertificate.FromPemFiles(path, keyPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new UsageException(
                $"The certificate '{path}' cannot be used: {e.Message} Certificate and key may be in one file; else name --key FILE.", e);
        }
    }
}
