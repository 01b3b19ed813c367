using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace InspectingProxy.Boxes;

/// <summary>Bearer tokens of one kind: JSON Web Tokens (RFC 7519) signed with ES256, for one audience, that expire.</summary>
/// <param name="key">The key that they are signed with; to check, its public part is enough.</param>
/// <param name="audience">Whom they are for.</param>
internal sealed class Tokens(ECDsa key, string audience)
{
    private const string Scheme = "Bearer ";
    private static readonly string s_header = Base64Url.EncodeToString("""{"alg":"ES256","typ":"JWT"}"""u8);

    /// <summary>Issues one.</summary>
    public string Issue(string subject, DateTimeOffset expires)
    {
        byte[] claims = JsonSerializer.SerializeToUtf8Bytes(new { sub = subject, aud = audience, exp = expires.ToUnixTimeSeconds() });
        string signed = $"{s_header}.{Base64Url.EncodeToString(claims)}";
        return $"{signed}.{Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
    }

    /// <summary>Checks the value of an Authorization field.</summary>
    /// <returns>What is wrong, without anything of the token; null where nothing is.</returns>
    public string? FindProblem(string authorization)
    {
        string[] parts = authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? authorization[Scheme.Length..].Split('.') : [];
        // The only header that is issued: nobody chooses the algorithm but the issuer (RFC 8725 §3.1).
        if (parts.Length != 3 || parts[0] != s_header)
        {
            return "the request brings no token of the right kind";
        }

        try
        {
            byte[] signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
            if (!key.VerifyData(signed, Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256))
            {
                return "the signature of the token is wrong";
            }

            JsonElement claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1])).RootElement;
            return claims.GetProperty("aud").GetString() != audience ? "the token is for somebody else"
                : claims.GetProperty("exp").GetInt64() <= DateTimeOffset.UtcNow.ToUnixTimeSeconds() ? "the token has expired"
                : null;
        }
        catch (Exception e) when (e is FormatException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return "the token cannot be read";
        }
    }
}
