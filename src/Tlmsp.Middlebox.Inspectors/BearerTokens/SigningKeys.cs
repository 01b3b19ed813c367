using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace Tlmsp.Middlebox.Inspectors;

/// <summary>Keys that tokens are signed with, and who signs.</summary>
/// <param name="Keys">Public keys.</param>
/// <param name="Issuer">The issuer that an OpenID Connect configuration names, else null.</param>
internal sealed record SigningKeys(IReadOnlyList<SecurityKey> Keys, string? Issuer)
{
    /// <summary>Reads a JSON Web Key Set, or an OpenID Connect configuration that leads to one.</summary>
    /// <exception cref="FormatException">The file holds something else.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static SigningKeys Load(string path)
    {
        string text = File.ReadAllText(path);
        string? issuer = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new FormatException($"{path} holds no JSON object.");
            }

            if (!document.RootElement.TryGetProperty("keys", out _))
            {
                issuer = Text(document.RootElement, "issuer");
                path = Resolve(path, Text(document.RootElement, "jwks_uri"));
                text = File.ReadAllText(path);
            }

            // Symmetric keys are left out: who can check with them can sign with them.
            SecurityKey[] keys =
            [
                .. new JsonWebKeySet(text).GetSigningKeys()
                    .Where(key => key is AsymmetricSecurityKey or JsonWebKey { Kty: "RSA" or "EC" }),
            ];
            return keys.Length > 0
                ? new SigningKeys(keys, issuer)
                : throw new FormatException($"{path} holds no RSA or EC key to check signatures with.");
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new FormatException($"{path} holds no JSON Web Key Set.");
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Resolve(string path, string? keys) => keys is null
        ? throw new FormatException($"{path} has neither 'keys' nor 'jwks_uri'.")
        : !Uri.TryCreate(keys, UriKind.Absolute, out Uri? uri) ? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, keys)
        : uri.IsFile ? uri.LocalPath
        : throw new FormatException($"{path} has its keys at {keys}. Store them in a file, and name that as jwks_uri or as KeysFile.");
}

/// <summary>Keys in a file, which may be replaced; what cannot be used is logged, and the keys from before stay.</summary>
internal sealed partial class SigningKeysFile
{
    private readonly string _path;
    private readonly ILogger _logger;
    private SigningKeys _current;
    private (DateTime Written, long Length) _seen;
    private long _lookedAt;
    private int _looking;

    /// <exception cref="FormatException">The file holds something else.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public SigningKeysFile(string path, ILogger logger)
    {
        _path = path;
        _logger = logger;
        _seen = Stamp();
        _current = SigningKeys.Load(path);
        _lookedAt = Environment.TickCount64;
    }

    /// <summary>How long a look at the file is good for; a seam for tests.</summary>
    public TimeSpan CheckInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The keys for a request that begins now. Never throws because of the file.</summary>
    public SigningKeys Current
    {
        get
        {
            // One thread looks, the others go on with what there is.
            if (Environment.TickCount64 - Volatile.Read(ref _lookedAt) >= CheckInterval.TotalMilliseconds
                && Interlocked.CompareExchange(ref _looking, 1, 0) == 0)
            {
                Look();
                Volatile.Write(ref _lookedAt, Environment.TickCount64);
                Volatile.Write(ref _looking, 0);
            }

            return Volatile.Read(ref _current);
        }
    }

    private void Look()
    {
        (DateTime, long) seen = _seen;
        try
        {
            seen = Stamp();
            if (seen != _seen)
            {
                Volatile.Write(ref _current, SigningKeys.Load(_path));
                LogReplaced(_logger, _path, _current.Keys.Count);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            LogKept(_logger, _path, e.Message);
        }

        _seen = seen;
    }

    private (DateTime, long) Stamp()
    {
        var file = new FileInfo(_path);
        return file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
    }

    [LoggerMessage(1, LogLevel.Information, "The keys in {Path} are in use now: {Count}.")]
    private static partial void LogReplaced(ILogger logger, string path, int count);

    [LoggerMessage(2, LogLevel.Warning, "The keys from before stay in use: what is in {Path} now cannot be used. {Reason}")]
    private static partial void LogKept(ILogger logger, string path, string reason);
}
