namespace Tlmsp.Http;

/// <summary>Reads the purposes of contexts: <c>http;v=1;role=head</c>, <c>h2;v=1;profile=five;role=control</c> (http-mapping §9).</summary>
internal static class HttpPurposes
{
    private static readonly HttpProfile[] s_known =
    [
        HttpProfile.Two, HttpProfile.Four,
        HttpProfile.Two.For(HttpWireVersion.Http2), HttpProfile.Four.For(HttpWireVersion.Http2), HttpProfile.Five,
    ];

    /// <returns>Null for a list that is of no profile; the problem says why.</returns>
    public static HttpProfile? Read(TlmspContext[] contexts, out string? problem)
    {
        HttpProfile? profile = null;
        string? secrets = null;
        var listed = new List<(byte Id, string Role)>();
        foreach (TlmspContext context in contexts)
        {
            if (context.Purpose.Length == 0)
            {
                continue;
            }

            if (!TryParse(context, out HttpProfile? named, out string role, ref secrets, out problem))
            {
                return null;
            }

            if (profile is not null && !profile.Equals(named))
            {
                problem = $"context {context.Id} is of profile {named}, and others are of profile {profile}";
                return null;
            }

            profile = named;
            listed.Add((context.Id, role));
        }

        profile ??= HttpProfile.Two;    // without options here
        if (profile.Equals(HttpProfile.Two))
        {
            // The reference tools leave purposes empty; the ids decide then. After a discovery the reference client lists all 255 contexts,
            // those without a purpose unused.
            foreach (TlmspContext context in contexts)
            {
                if (context is { Purpose: "", Id: HttpContexts.Headers or HttpContexts.Body })
                {
                    listed.Add((context.Id, HttpContexts.Known(context.Id).Name));
                }
            }
        }

        try
        {
            profile = secrets is null ? profile : profile.WithSecrets(secrets.Split(',', StringSplitOptions.RemoveEmptyEntries));
            profile = HttpContentSet.NamesIn(listed) is { Length: > 0 } contents ? profile.WithContent(contents) : profile;
            profile = listed.Contains((HttpContexts.Tunnel, "tunnel")) ? profile.WithTunnel() : profile;
            problem = profile.Secrets?.More == secrets ? profile.Problem(listed) : $"the fields '{secrets}' are not in lower case and sorted";
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            problem = e.Message;
        }

        return problem is null ? profile : null;
    }

    private static bool TryParse(TlmspContext context, out HttpProfile? profile, out string role, ref string? secrets, out string? problem)
    {
        profile = null;
        role = "";
        string[] parts = context.Purpose.Split(';');
        var named = new Dictionary<string, string>();
        foreach (string part in parts[1..])
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || !named.TryAdd(part[..equals], part[(equals + 1)..]))
            {
                problem = Unknown(context, $"'{part}'");
                return false;
            }
        }

        HttpWireVersion? version = parts[0] switch
        {
            "http" => HttpWireVersion.Http11,
            "h2" => HttpWireVersion.Http2,
            _ => null,
        };
        string name = named.GetValueOrDefault("profile", "two");
        role = named.GetValueOrDefault("role", "");
        profile = s_known.FirstOrDefault(known => known.Version == version && known.Name == name);
        problem = version is null ? Unknown(context, $"protocol '{parts[0]}'")
            : named.GetValueOrDefault("v") != "1" ? Unknown(context, $"version '{named.GetValueOrDefault("v")}'")
            : profile is null ? Unknown(context, $"profile '{name}' over {(version == HttpWireVersion.Http2 ? "HTTP/2" : "HTTP/1.1")}")
            : HttpContexts.Known(role) is null && !HttpContentSet.IsRole(role) ? Unknown(context, $"role '{role}'")
            : named.Keys.FirstOrDefault(key => key is not ("v" or "profile" or "role")) is { } key
                && !(key == "fields" && role == "secret") ? Unknown(context, $"'{key}'")
            : null;
        if (role == "secret")
        {
            secrets = named.GetValueOrDefault("fields", "");
        }

        return problem is null;
    }

    private static string Unknown(TlmspContext context, string what) =>
        $"context {context.Id} has the purpose '{context.Purpose}': unknown {what}";
}
