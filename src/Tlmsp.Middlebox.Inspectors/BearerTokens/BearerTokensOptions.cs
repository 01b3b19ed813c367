namespace Tlmsp.Middlebox.Inspectors;

/// <summary>What a bearer token (RFC 6750) has to be, to let a request pass.</summary>
public sealed class BearerTokensOptions : InspectorOptions
{
    /// <summary>
    /// Signature algorithms that can be chosen (RFC 7518 §3.1). Keys are public, so those with a shared secret are not among them.
    /// </summary>
    internal static readonly string[] KnownAlgorithms =
        ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    /// <summary>
    /// File with the keys: a JSON Web Key Set (RFC 7517 §5), or an OpenID Connect configuration whose <c>jwks_uri</c> is a path or a
    /// <c>file:</c> URI. What replaces it is used for new requests. Required.
    /// </summary>
    public string? KeysFile { get; set; }

    /// <summary>
    /// Issuers that are accepted. Required, unless the keys file is an OpenID Connect configuration, which names its issuer.
    /// </summary>
    public IList<string> Issuers { get; } = [];

    /// <summary>Audiences, one of which a token must be for. Required.</summary>
    public IList<string> Audiences { get; } = [];

    /// <summary>Signature algorithms that are accepted. Default: RS256, PS256 and ES256.</summary>
    public IList<string> Algorithms { get; } = [];

    /// <summary>By how much clocks may differ, at most an hour. Default one minute.</summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// What becomes of requests without a valid token: 401, or the connection is closed. Default: it is closed. A middlebox that sees only
    /// sensitive fields can but close.
    /// </summary>
    public DenyAction OnDeny { get; set; }

    internal override void Check(ICollection<string> problems)
    {
        if (string.IsNullOrEmpty(KeysFile))
        {
            problems.Add("KeysFile is not set. Set it to a file with a JSON Web Key Set, such as keys.json.");
        }

        if (Audiences.Count == 0 || Audiences.Any(string.IsNullOrEmpty))
        {
            problems.Add("Audiences is empty. Name the audience that tokens are issued for, such as orders-api.");
        }

        if (Algorithms.Except(KnownAlgorithms).FirstOrDefault() is { } unknown)
        {
            problems.Add($"Algorithms holds '{unknown}'. Choose among {string.Join(", ", KnownAlgorithms)}.");
        }

        if (ClockSkew < TimeSpan.Zero || ClockSkew > TimeSpan.FromHours(1))
        {
            problems.Add($"ClockSkew is {ClockSkew}. Set it to 00:00:00 to 01:00:00.");
        }
    }
}
