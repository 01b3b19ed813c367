using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace InspectingProxy.Demo;

/// <summary>Issues tokens, and publishes the key to check them with.</summary>
internal sealed class TokenIssuer : IDisposable
{
    public const string Name = "https://login.example";
    public const string Audience = "customers-api";
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>The public key, as a JSON Web Key Set.</summary>
    public string KeySet
    {
        get
        {
            var publicKey = new ECDsaSecurityKey(ECDsa.Create(_key.ExportParameters(false)));
            JsonWebKey key = JsonWebKeyConverter.ConvertFromECDsaSecurityKey(publicKey);
            return JsonSerializer.Serialize(new
            {
                keys = new[] { new { kty = key.Kty, crv = key.Crv, x = key.X, y = key.Y, use = "sig" } },
            });
        }
    }

    /// <summary>Issues one, which became valid an hour before it expires.</summary>
    public string Issue(string subject, DateTime expires) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = Name,
        Audience = Audience,
        Claims = new Dictionary<string, object> { ["sub"] = subject },
        IssuedAt = expires.AddHours(-1),
        NotBefore = expires.AddHours(-1),
        Expires = expires,
        SigningCredentials = new SigningCredentials(new ECDsaSecurityKey(_key), SecurityAlgorithms.EcdsaSha256),
    });

    public void Dispose() => _key.Dispose();
}
