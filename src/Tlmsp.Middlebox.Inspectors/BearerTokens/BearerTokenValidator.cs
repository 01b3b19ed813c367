using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Tlmsp.Middlebox.Inspectors;

/// <summary>Checks tokens. What it says about one holds nothing of it.</summary>
internal sealed class BearerTokenValidator
{
    private readonly JsonWebTokenHandler _handler = new() { MaximumTokenSizeInBytes = 16 * 1024 };
    private readonly BearerTokensOptions _options;
    private readonly SigningKeysFile _keys;

    /// <exception cref="InvalidOperationException">The keys cannot be read, or nobody is said to be the issuer.</exception>
    public BearerTokenValidator(BearerTokensOptions options, ILogger logger)
    {
        _options = options;
        try
        {
            _keys = new SigningKeysFile(options.KeysFile!, logger);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new InvalidOperationException($"KeysFile cannot be used: {e.Message}", e);
        }

        if (options.Issuers.Count == 0 && _keys.Current.Issuer is null)
        {
            throw new InvalidOperationException(
                "Issuers is empty, and KeysFile names no issuer. Name who issues the tokens, such as https://login.example.");
        }
    }

    public BearerTokensOptions Options => _options;

    internal SigningKeysFile Keys => _keys;

    /// <summary>Checks the values of Authorization in a request.</summary>
    /// <returns>Why they do not let it pass; null where they do.</returns>
    public async ValueTask<string?> FindProblemAsync(IReadOnlyList<string> values)
    {
        const string scheme = "Bearer ";
        if (values.Count != 1)
        {
            return values.Count == 0 ? "there is no Authorization" : "there is more than one Authorization";
        }

        if (!values[0].StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        {
            return "Authorization has no bearer token";
        }

        SigningKeys keys = _keys.Current;
        TokenValidationResult result = await _handler.ValidateTokenAsync(values[0][scheme.Length..].Trim(' '), new TokenValidationParameters
        {
            IssuerSigningKeys = keys.Keys,
            ValidIssuers = _options.Issuers.Count > 0 ? _options.Issuers : [keys.Issuer!],
            ValidAudiences = _options.Audiences,
            ValidAlgorithms = _options.Algorithms.Count > 0 ? _options.Algorithms : ["RS256", "PS256", "ES256"],
            ClockSkew = _options.ClockSkew,
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            ValidateIssuerSigningKey = true,
        }).ConfigureAwait(false);
        return result.IsValid ? null : Reason(result.Exception);
    }

    /// <summary>Says it by the kind of the exception alone: its message may quote the token.</summary>
    private static string Reason(Exception? exception) => exception switch
    {
        SecurityTokenExpiredException => "the token has expired",
        SecurityTokenNotYetValidException => "the token is not valid yet",
        SecurityTokenNoExpirationException => "the token does not expire",
        SecurityTokenInvalidLifetimeException => "the lifetime of the token is contradictory",
        SecurityTokenInvalidIssuerException => "the token is of another issuer",
        SecurityTokenInvalidAudienceException => "the token is for another audience",
        SecurityTokenInvalidAlgorithmException => "the algorithm of the token is not accepted",
        SecurityTokenInvalidSignatureException =>
            "the signature of the token does not verify with the keys, or its algorithm is not accepted",
        _ => "the token is not valid",
    };
}
