namespace Tlmsp.Http;

/// <summary>
/// Which contexts an HTTP connection has and what each is for (http-mapping §9). The client chooses, the purposes of the contexts say so
/// in the handshake, and the server accepts or refuses. Immutable.
/// </summary>
public sealed partial class HttpProfile : IEquatable<HttpProfile>
{
    private const int Roles = (int)HttpRole.Tunnel + 1;
    private static readonly HttpProfile s_fourOverHttp2 = new("four", HttpWireVersion.Http2, FourContexts);
    private static readonly HttpProfile s_twoOverHttp2 = new("two", HttpWireVersion.Http2, TwoContexts);
    private readonly HttpContextUse[] _contexts;
    private readonly byte[] _ids = new byte[2 * Roles];     // by direction and role; 0 where there is none

    private HttpProfile(string name, HttpWireVersion version, byte[] contexts, HttpFieldSet? secrets = null, HttpContentSet? contents = null)
    {
        Name = name;
        Version = version;
        Secrets = secrets;
        Contents = contents;
        _contexts = [.. contexts.Order().Select(HttpContexts.Known), .. contents?.Uses(byDirection: name != "two") ?? []];
        foreach (HttpDirection direction in (HttpDirection[])[HttpDirection.Request, HttpDirection.Response])
        {
            foreach (HttpContextUse use in _contexts.Where(use => use.ContentName is null && (use.Direction ?? direction) == direction))
            {
                _ids[((int)direction * Roles) + (int)use.Role] = use.Id;
            }
        }
    }

    /// <summary>Heads in one context, content in another, both ways: what the ETSI reference stack speaks. HTTP/1.1.</summary>
    public static HttpProfile Two { get; } = new("two", HttpWireVersion.Http11, TwoContexts);

    /// <summary>Heads and content of each direction in contexts of their own, so that rights can be one-way. HTTP/1.1.</summary>
    public static HttpProfile Four { get; } = new("four", HttpWireVersion.Http11, FourContexts);

    /// <summary><see cref="Four"/>, and HTTP/2's connection control in a context of its own. HTTP/2 only.</summary>
    public static HttpProfile Five { get; } = new("five", HttpWireVersion.Http2, [.. FourContexts, HttpContexts.Control]);

    /// <summary>Its name: <c>two</c>, <c>four</c> or <c>five</c>.</summary>
    public string Name { get; }

    /// <summary>The version of HTTP it is for.</summary>
    public HttpWireVersion Version { get; }

    /// <summary>The ids of its contexts, ascending.</summary>
    public IEnumerable<byte> ContextIds => _contexts.Select(use => use.Id);

    /// <summary>The fields that travel in the secret context; null without one.</summary>
    internal HttpFieldSet? Secrets { get; }

    /// <summary>Its contexts for messages to people: <c>1 (head), 2 (body)</c>.</summary>
    internal string Description => string.Join(", ", _contexts.Select(use => $"{use.Id} ({use.Name})"));

    private static byte[] TwoContexts => [HttpContexts.Headers, HttpContexts.Body];

    private static byte[] FourContexts =>
        [HttpContexts.RequestHeaders, HttpContexts.RequestBody, HttpContexts.ResponseHeaders, HttpContexts.ResponseBody];

    /// <summary>What is left of a purpose before its role; only profile two has no name in it, as the reference stack has no others.</summary>
    private string PurposePrefix =>
        (Version == HttpWireVersion.Http2 ? "h2;v=1;" : "http;v=1;") + (Name == "two" ? "" : $"profile={Name};");

    /// <summary>
    /// This profile with a context of their own for sensitive fields (http-mapping §9): Authorization, Cookie, Set-Cookie,
    /// Proxy-Authorization, and <paramref name="more"/>. They leave the head and arrive at its end, as whole field lines. Both sides must name
    /// the same fields. HTTP/1.1 only.
    /// </summary>
    /// <param name="more">Names of further fields, such as <c>X-Api-Key</c>.</param>
    /// <exception cref="ArgumentException">A name is no field name, or must stay with the head.</exception>
    /// <exception cref="NotSupportedException">The profile is for HTTP/2.</exception>
    public HttpProfile WithSecrets(params string[] more)
    {
        HttpFieldSet secrets = HttpFieldSet.Create(more);
        if (Version != HttpWireVersion.Http11)
        {
            throw new NotSupportedException(
                $"Profile {this} cannot have a secret context: HTTP/2 compresses all fields together. Use it over HTTP/1.1.");
        }

        var profile = new HttpProfile(Name, Version, [.. OwnIds, HttpContexts.Secret], secrets, Contents);
        int length = profile.PurposeOf(HttpContexts.Known(HttpContexts.Secret)).Length;
        return length <= 255
            ? profile
            : throw new ArgumentException($"The names of the sensitive fields make a purpose of {length} characters; it has at most 255.");
    }

    /// <summary>
    /// This profile with a context of their own for tunnels: everything after 101 (WebSockets and other upgrades) and after 2xx to CONNECT,
    /// both ways, with an end mark of its own (docs/http-mapping.md, Tunnels). Without it such requests are refused. HTTP/1.1 only.
    /// </summary>
    /// <exception cref="NotSupportedException">The profile is for HTTP/2.</exception>
    public HttpProfile WithTunnel() => Has(HttpRole.Tunnel) ? this : Version == HttpWireVersion.Http11
        ? new HttpProfile(Name, Version, [.. OwnIds, HttpContexts.Tunnel], Secrets, Contents)
        : throw new NotSupportedException($"Profile {this} cannot have a tunnel context. Use it over HTTP/1.1.");

    /// <summary>
    /// True when <see cref="For"/> has a profile for a version of HTTP: sensitive fields and tunnels exist over HTTP/1.1 alone.
    /// </summary>
    public bool Supports(HttpWireVersion version) => version == HttpWireVersion.Http11 || (Secrets is null && !Has(HttpRole.Tunnel));

    /// <summary>The profile that comes nearest for another version of HTTP; for HTTP/1.1 that of <em>five</em> is <em>four</em>.</summary>
    /// <exception cref="NotSupportedException">It has a context that there is none for there.</exception>
    public HttpProfile For(HttpWireVersion version) => version == Version ? this : !Supports(version)
        ? throw new NotSupportedException($"Profile {this} has a context for sensitive fields or tunnels, which HTTP/2 does not have. Use it over HTTP/1.1.")
        : Contents is null ? Plain(Name, version) : Plain(Name, version).WithContent([.. ContentNames]);

    /// <summary>The context list that a client offers.</summary>
    /// <param name="audited">True to have every container carry the trail of the entities it passed.</param>
    public IReadOnlyList<TlmspContext> CreateContexts(bool audited = false) =>
        [.. _contexts.Select(use => new TlmspContext(use.Id, PurposeOf(use), audited))];

    /// <summary>True when there is a context for a role.</summary>
    public bool Has(HttpRole role) => _ids[(int)role] != 0 || _ids[Roles + (int)role] != 0;

    /// <summary>The context of a role. Where connection control has none of its own it travels with the heads.</summary>
    /// <exception cref="ArgumentException">The profile has no context for the role.</exception>
    public byte IdOf(HttpDirection direction, HttpRole role)
    {
        byte id = _ids[((int)direction * Roles) + (int)role];
        return id != 0 ? id
            : role == HttpRole.Control ? IdOf(direction, HttpRole.Head)
            : throw new ArgumentException($"Profile {this} has no context for {role}.", nameof(role));
    }

    /// <summary>The role of a context in which something arrived.</summary>
    /// <exception cref="HttpMappingException">HTTP does not use the context, or not in this direction (http-mapping §12).</exception>
    public HttpRole RoleOf(byte contextId, HttpDirection direction)
    {
        foreach (HttpContextUse use in _contexts)
        {
            if (use.Id == contextId)
            {
                return use.Direction is null || use.Direction == direction
                    ? use.Role
                    : throw new HttpMappingException(
                        $"'{use.Name}' data from the {(direction == HttpDirection.Request ? "client" : "server")}", contextId);
            }
        }

        throw new HttpMappingException($"data in context {contextId}, which HTTP does not use");
    }

    /// <summary>The ids of the contexts that are used in a direction, ascending.</summary>
    public IEnumerable<byte> IdsIn(HttpDirection direction) =>
        _contexts.Where(use => use.Direction is null || use.Direction == direction).Select(use => use.Id);

    /// <summary>The profile that a list of contexts is of.</summary>
    /// <param name="contexts">The contexts of an offer or a session.</param>
    /// <param name="problem">What is unknown or missing; null when there is a profile.</param>
    public static HttpProfile? Read(IEnumerable<TlmspContext> contexts, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(contexts);
        return HttpPurposes.Read([.. contexts], out problem);
    }

    /// <inheritdoc/>
    public bool Equals(HttpProfile? other) => other is not null && Name == other.Name && Version == other.Version
        && Secrets?.More == other.Secrets?.More && ContentNames.SequenceEqual(other.ContentNames)
        && Has(HttpRole.Tunnel) == other.Has(HttpRole.Tunnel);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as HttpProfile);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Version, Secrets?.More, Contents?.ToString(), Has(HttpRole.Tunnel));

    /// <summary>Such as <c>four</c>, <c>four (HTTP/2)</c>, or <c>four+secret(x-api-key)+content(pii)+tunnel</c>.</summary>
    public override string ToString() => (Version == HttpWireVersion.Http2 ? $"{Name} (HTTP/2)" : Name)
        + (Secrets is null ? "" : Secrets.More.Length == 0 ? "+secret" : $"+secret({Secrets.More})")
        + (Contents is null ? "" : $"+content({Contents})")
        + (Has(HttpRole.Tunnel) ? "+tunnel" : "");

    private static HttpProfile Plain(string name, HttpWireVersion version) => (name, version) switch
    {
        ("two", HttpWireVersion.Http2) => s_twoOverHttp2,
        ("two", _) => Two,
        (_, HttpWireVersion.Http2) => s_fourOverHttp2,
        _ => Four,
    };

    private string PurposeOf(HttpContextUse use) =>
        $"{PurposePrefix}role={use.Name}{(use.Role == HttpRole.Secret && Secrets!.More.Length > 0 ? $";fields={Secrets.More}" : "")}";

    /// <returns>What the ids and roles of a list lack or have too much; null when they are those of this profile.</returns>
    internal string? Problem(IEnumerable<(byte Id, string Role)> listed)
    {
        HttpContextUse[] missing = [.. _contexts.Where(use => !listed.Contains((use.Id, use.Name)))];
        if (missing.Length > 0)
        {
            return $"profile {this} needs {string.Join(", ", missing.Select(use => $"context {use.Id} for '{use.Name}'"))}";
        }

        (byte Id, string Role)[] surplus = [.. listed.Where(entry => _contexts.All(use => (use.Id, use.Name) != entry))];
        return surplus.Length == 0 ? null : $"profile {this} has no context {surplus[0].Id} for '{surplus[0].Role}'";
    }
}
