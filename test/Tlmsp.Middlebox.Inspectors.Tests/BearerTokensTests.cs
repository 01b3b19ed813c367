using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Inspectors.Tests;

/// <summary>Requests pass with a token that verifies, and with no other.</summary>
public class BearerTokensTests
{
    public static TheoryData<string, string> Refused => new()
    {
        { "none at all", "there is no Authorization" },
        { "basic", "Authorization has no bearer token" },
        { "two", "the token is not valid" },        // HttpClient makes one field of both
        { "noise", "the token is not valid" },
        { "expired", "the token has expired" },
        { "without end", "the token does not expire" },
        { "too early", "the token is not valid yet" },
        { "another issuer", "the token is of another issuer" },
        { "another audience", "the token is for another audience" },
        { "forged", "the signature of the token does not verify" },
        { "changed", "the signature of the token does not verify" },
        { "unsigned", "the token is not valid|the signature of the token does not verify" },
        { "shared secret", "the signature of the token does not verify|the algorithm of the token is not accepted" },
        { "algorithm", "the signature of the token does not verify|the algorithm of the token is not accepted" },
    };

    [Theory]
    [InlineData("two", "1.1", "RS256")]
    [InlineData("four", "1.1", "PS256")]
    [InlineData("four+secret", "1.1", "ES256")]
    [InlineData("two", "2.0", "ES256")]
    [InlineData("four", "2.0", "RS256")]
    public async Task A_valid_token_passes_and_without_one_there_is_401(string profile, string version, string algorithm)
    {
        using var issuer = new TokenIssuer();
        await using InspectorPath path = await StartAsync(profile, version, issuer, DenyAction.Respond);

        using HttpResponseMessage passes = await path.SendAsync(
            HttpMethod.Get, "/hello", null, ("Authorization", $"Bearer {issuer.Token(algorithm)}"));
        Assert.Equal(HttpStatusCode.OK, passes.StatusCode);
        using HttpResponseMessage refused = await path.SendAsync(HttpMethod.Get, "/hello");
        Assert.Equal((HttpStatusCode.Unauthorized, "Bearer"), (refused.StatusCode, refused.Headers.WwwAuthenticate.ToString()));

        Assert.Equal(["/hello"], path.Reached);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Other_tokens_do_not_pass_and_are_in_no_log(string kind, string reasons)
    {
        using var issuer = new TokenIssuer();
        using var other = new TokenIssuer();
        await using InspectorPath path = await StartAsync("two", "1.1", issuer, DenyAction.Close, "head=r");
        string[] values = Values(kind, issuer, other);

        await Assert.ThrowsAsync<HttpRequestException>(() => path.SendAsync(
            HttpMethod.Get, "/hello", null, [.. values.Select(value => ("Authorization", value))]));

        string line = await path.Middlebox.Logs.WaitForLineAsync("BearerTokenInspector refuses it: ");
        Assert.Contains(reasons.Split('|'), reason => line.Contains(reason, StringComparison.Ordinal));
        Assert.Empty(path.Reached);
        foreach (string part in values.SelectMany(value => value.Split(' ', '.')).Where(part => part.Length > 8))
        {
            Assert.DoesNotContain(path.Middlebox.Logs.Entries, entry =>
                entry.Line.Contains(part, StringComparison.Ordinal) || (
                    entry.Exception?.ToString().Contains(part, StringComparison.Ordinal) ?? false));
        }
    }

    [Fact]
    public async Task A_gateway_with_the_sensitive_fields_alone_checks_them()
    {
        using var issuer = new TokenIssuer();
        await using InspectorPath path = await StartAsync("four+secret", "1.1", issuer, DenyAction.Close, "secret=r");
        (string, string) authorization = ("Authorization", $"Bearer {issuer.Token()}");

        for (int i = 0; i < 3; i++)
        {
            using HttpResponseMessage get = await path.SendAsync(HttpMethod.Get, "/hello", null, authorization);
            using HttpResponseMessage post = await path.SendAsync(
                HttpMethod.Post, "/whole", new ByteArrayContent(new byte[100]), authorization, ("Cookie", "a=b"));
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (get.StatusCode, post.StatusCode));
        }

        await path.AssertClosedAsync(
            () => path.SendAsync(HttpMethod.Get, "/hello", null, ("Authorization", $"Bearer {issuer.Token(expiresInMinutes: -5)}")),
            "the token has expired");
        await path.AssertClosedAsync(
            () => path.SendAsync(HttpMethod.Get, "/hello", null, ("Cookie", "a=b")), "there is no Authorization");
        await path.AssertClosedAsync(
            () => path.SendAsync(HttpMethod.Post, "/whole", new ByteArrayContent(new byte[100])),
            "a request with content has no sensitive fields, so it brings no token");
        Assert.Equal(6, path.Reached.Count);
    }

    [Theory]
    [InlineData("four", "resp-head=r")]
    [InlineData("four+secret", "req-head=r")]
    public async Task A_box_that_would_not_see_the_token_is_refused(string profile, string grant)
    {
        using var issuer = new TokenIssuer();
        await using InspectorPath path = await StartAsync(profile, "1.1", issuer, DenyAction.Close, grant);

        await path.AssertClosedAsync(
            () => path.SendAsync(HttpMethod.Get, "/hello", null, ("Authorization", $"Bearer {issuer.Token()}")),
            "needs the right to read the secret of requests");
    }

    [Fact]
    public async Task The_keys_can_be_behind_an_OpenID_Connect_configuration_which_names_the_issuer()
    {
        using var issuer = new TokenIssuer();
        await using InspectorPath path = await InspectorPath.StartAsync("two", "1.1", box => box.AddBearerTokens(tokens =>
        {
            tokens.KeysFile = issuer.PublishConfiguration("keys.json");
            tokens.Audiences.Add(TokenIssuer.Audience);
        }));

        using HttpResponseMessage passes = await path.SendAsync(
            HttpMethod.Get, "/hello", null, ("Authorization", $"Bearer {issuer.Token()}"));
        Assert.Equal(HttpStatusCode.OK, passes.StatusCode);
        await path.AssertClosedAsync(
            () => path.SendAsync(HttpMethod.Get, "/hello", null, ("Authorization", $"Bearer {issuer.Token(issuer: "https://evil.example")}")),
            "the token is of another issuer");
    }

    [Fact]
    public async Task Keys_that_are_replaced_are_used_and_what_is_broken_is_not()
    {
        using var issuer = new TokenIssuer();
        using var successor = new TokenIssuer();
        var options = new BearerTokensOptions { KeysFile = issuer.KeysFile };
        options.Issuers.Add(TokenIssuer.Issuer);
        options.Audiences.Add(TokenIssuer.Audience);
        var logs = new CollectingLogger();
        var validator = new BearerTokenValidator(options, logs);
        validator.Keys.CheckInterval = TimeSpan.Zero;
        string[] old = [$"Bearer {issuer.Token()}"];
        Assert.Null(await validator.FindProblemAsync(old));
        Assert.Equal("there is more than one Authorization", await validator.FindProblemAsync([old[0], old[0]]));

        File.WriteAllText(issuer.KeysFile, "{ \"keys\": [");
        Assert.Null(await validator.FindProblemAsync(old));
        Assert.Contains(logs.Lines, line => line.Contains("The keys from before stay in use", StringComparison.Ordinal));

        successor.Publish(issuer.KeysFile);
        Assert.NotNull(await validator.FindProblemAsync(old));
        Assert.Null(await validator.FindProblemAsync([$"Bearer {successor.Token()}"]));
    }

    [Theory]
    [InlineData("""{ "keys": [] }""", "holds no RSA or EC key")]
    [InlineData("""{ "keys": [ { "kty": "oct", "k": "AAECAwQFBgcICQoLDA0ODw" } ] }""", "holds no RSA or EC key")]
    [InlineData("""[ ]""", "holds no JSON object")]
    [InlineData("""{ "issuer": "x" }""", "has neither 'keys' nor 'jwks_uri'")]
    [InlineData("""{ "jwks_uri": "https://login.example/keys" }""", "Store them in a file")]
    public void A_file_without_usable_keys_is_an_error_that_says_so(string content, string problem)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, content);
            var options = new BearerTokensOptions { KeysFile = file };

            InvalidOperationException e = Assert.Throws<InvalidOperationException>(
                () => new BearerTokenValidator(options, NullLogger.Instance));

            Assert.StartsWith($"KeysFile cannot be used: {file} ", e.Message, StringComparison.Ordinal);
            Assert.Contains(problem, e.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("""{ "Audiences": [ "a" ] }""", "KeysFile is not set.")]
    [InlineData("""{ "KeysFile": "k" }""", "Audiences is empty.")]
    [InlineData("""{ "KeysFile": "k", "Audiences": [ "a" ], "Algorithms": [ "HS256" ] }""", "Algorithms holds 'HS256'. Choose among RS256")]
    [InlineData("""{ "KeysFile": "k", "Audiences": [ "a" ], "ClockSkew": "02:00:00" }""", "ClockSkew is 02:00:00. Set it to")]
    public async Task Options_that_cannot_work_are_found_at_start_up(string json, string problem)
    {
        OptionsValidationException e = await Assert.ThrowsAsync<OptionsValidationException>(
            () => InspectorPath.StartAsync("two", "1.1", box => box.AddBearerTokens(InspectorPath.Section(json))));

        Assert.Contains(problem, Assert.Single(e.Failures), StringComparison.Ordinal);
    }

    private static Task<InspectorPath> StartAsync(
        string profile, string version, TokenIssuer issuer, DenyAction onDeny, string? grant = null) =>
        InspectorPath.StartAsync(profile, version, box => box.AddBearerTokens(tokens =>
        {
            tokens.KeysFile = issuer.KeysFile;
            tokens.Issuers.Add(TokenIssuer.Issuer);
            tokens.Audiences.Add(TokenIssuer.Audience);
            tokens.OnDeny = onDeny;
        }), grant);

    private static string[] Values(string kind, TokenIssuer issuer, TokenIssuer other)
    {
        string valid = issuer.Token();
        return kind switch
        {
            "none at all" => [],
            "basic" => ["Basic Y2xpZW50OnBhc3N3b3Jk"],
            "two" => [$"Bearer {valid}", $"Bearer {valid}"],
            "noise" => ["Bearer not.a.token-at-all"],
            "expired" => [$"Bearer {issuer.Token(expiresInMinutes: -5)}"],
            "without end" => [$"Bearer {issuer.Token(expiresInMinutes: 0)}"],
            "too early" => [$"Bearer {issuer.Token(notBeforeInMinutes: 5)}"],
            "another issuer" => [$"Bearer {issuer.Token(issuer: "https://evil.example")}"],
            "another audience" => [$"Bearer {issuer.Token(audience: "another-api")}"],
            "forged" => [$"Bearer {other.Token()}"],
            "changed" => [$"Bearer {Changed(valid)}"],
            "unsigned" => [$"Bearer {issuer.Token("none")}"],
            "shared secret" => [$"Bearer {issuer.Token("HS256")}"],
            _ => [$"Bearer {issuer.Token("RS384")}"],
        };
    }

    /// <summary>The token of another audience with the signature of this one.</summary>
    private static string Changed(string token)
    {
        string[] parts = token.Split('.');
        string payload = Microsoft.IdentityModel.Tokens.Base64UrlEncoder.Decode(parts[1]);
        parts[1] = Microsoft.IdentityModel.Tokens.Base64UrlEncoder.Encode(
            payload.Replace("{", "{\"sub\":\"admin\",", StringComparison.Ordinal));
        return string.Join('.', parts);
    }
}
