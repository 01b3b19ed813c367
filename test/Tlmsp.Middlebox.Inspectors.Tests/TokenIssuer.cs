using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Tlmsp.Middlebox.Inspectors.Tests;

/// <summary>Issues tokens, and publishes its keys in a file.</summary>
internal sealed class TokenIssuer : IDisposable
{
    public const string Issuer = "https://login.example";
    public const string Audience = "orders-api";
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly ECDsa _ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public TokenIssuer()
    {
        KeysFile = Path.Combine(_folder.FullName, "keys.json");
        Publish();
    }

    public string KeysFile { get; }

    /// <summary>Writes the keys into a file.</summary>
    public void Publish(string? file = null)
    {
        JsonWebKey rsa = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(_rsa.ExportParameters(false)) { KeyId = "r" });
        JsonWebKey ec = JsonWebKeyConverter.ConvertFromECDsaSecurityKey(
            new ECDsaSecurityKey(ECDsa.Create(_ec.ExportParameters(false))) { KeyId = "e" });
        File.WriteAllText(file ?? KeysFile, JsonSerializer.Serialize(new
        {
            keys = new object[]
            {
                new { kty = rsa.Kty, kid = rsa.Kid, n = rsa.N, e = rsa.E, use = "sig" },
                new { kty = ec.Kty, kid = ec.Kid, crv = ec.Crv, x = ec.X, y = ec.Y },
                new { kty = "oct", kid = "o", k = Base64UrlEncoder.Encode(Secret) },
            },
        }));
    }

    /// <summary>Writes an OpenID Connect configuration that leads to the keys.</summary>
    public string PublishConfiguration(string keys)
    {
        string file = Path.Combine(_folder.FullName, "openid-configuration.json");
        File.WriteAllText(file, JsonSerializer.Serialize(new { issuer = Issuer, jwks_uri = keys }));
        return file;
    }

    /// <summary>A key that is shared, and published by mistake.</summary>
    public static byte[] Secret { get; } = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    public string Token(
        string algorithm = "RS256", string issuer = Issuer, string audience = Audience, int expiresInMinutes = 10, int notBeforeInMinutes = -10)
    {
        SecurityKey key = algorithm switch
        {
            "HS256" => new SymmetricSecurityKey(Secret) { KeyId = "o" },
            "ES256" => new ECDsaSecurityKey(_ec) { KeyId = "e" },
            _ => new RsaSecurityKey(_rsa) { KeyId = "r" },
        };
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = audience,
            NotBefore = DateTime.UtcNow.AddMinutes(notBeforeInMinutes),
            Expires = expiresInMinutes == 0 ? null : DateTime.UtcNow.AddMinutes(expiresInMinutes),
            SigningCredentials = algorithm == "none" ? null : new SigningCredentials(key, algorithm),
        });
    }

    public void Dispose()
    {
        _rsa.Dispose();
        _ec.Dispose();
        _folder.Delete(recursive: true);
    }
}
