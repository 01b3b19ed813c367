namespace Tlmsp.Http;

/// <summary>
/// The contexts that HTTP uses. An id means the same in every profile, so that a grant never means more under one profile than under
/// another; which of them a connection has, its <see cref="HttpProfile"/> says.
/// </summary>
public static class HttpContexts
{
    /// <summary>Id of the context of heads and trailers, both ways; profile <em>two</em>.</summary>
    public const byte Headers = 1;

    /// <summary>Id of the context of content, both ways; profile <em>two</em>.</summary>
    public const byte Body = 2;

    /// <summary>Id of the context of request heads; profiles <em>four</em> and <em>five</em>.</summary>
    public const byte RequestHeaders = 3;

    /// <summary>Id of the context of request content; profiles <em>four</em> and <em>five</em>.</summary>
    public const byte RequestBody = 4;

    /// <summary>Id of the context of response heads; profiles <em>four</em> and <em>five</em>.</summary>
    public const byte ResponseHeaders = 5;

    /// <summary>Id of the context of response content; profiles <em>four</em> and <em>five</em>.</summary>
    public const byte ResponseBody = 6;

    /// <summary>Id of the context of HTTP/2's connection control, both ways; profile <em>five</em>.</summary>
    public const byte Control = 7;

    /// <summary>Id of the context of sensitive fields, both ways; an option of HTTP/1.1 profiles.</summary>
    public const byte Secret = 8;

    /// <summary>Id of the context of tunnels, both ways; an option of HTTP/1.1 profiles.</summary>
    public const byte Tunnel = 9;

    private static readonly HttpContextUse[] s_known =
    [
        new(Headers, "head", HttpRole.Head, null),
        new(Body, "body", HttpRole.Content, null),
        new(RequestHeaders, "req-head", HttpRole.Head, HttpDirection.Request),
        new(RequestBody, "req-body", HttpRole.Content, HttpDirection.Request),
        new(ResponseHeaders, "resp-head", HttpRole.Head, HttpDirection.Response),
        new(ResponseBody, "resp-body", HttpRole.Content, HttpDirection.Response),
        new(Control, "control", HttpRole.Control, null),
        new(Secret, "secret", HttpRole.Secret, null),
        new(Tunnel, "tunnel", HttpRole.Tunnel, null),
    ];

    /// <summary>The context list of profile <em>two</em>, which the ETSI reference stack speaks.</summary>
    /// <param name="audited">True to have every container carry the trail of the entities it passed.</param>
    public static IReadOnlyList<TlmspContext> Create(bool audited = false) => HttpProfile.Two.CreateContexts(audited);

    /// <summary>
    /// Reads a grant that names contexts as their purposes do: <c>req-head=r,resp-body=rw</c>; <c>headers</c> stands for <c>head</c>.
    /// The form of <see cref="Grant.Parse"/> is read as well.
    /// </summary>
    /// <exception cref="FormatException">The text is not of that form.</exception>
    public static Grant ParseGrant(string text) => ParseGrant(text, []);

    /// <summary>As the other overload, with the named content contexts of profiles.</summary>
    /// <exception cref="FormatException">The text is not of that form, or no profile has a context of that name.</exception>
    internal static Grant ParseGrant(string text, IEnumerable<HttpProfile> profiles)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Grant.Parse(string.Join(',', text.Split(',').Select(part => WithId(part, profiles))));
    }

    /// <summary>What a context with this id is for.</summary>
    internal static HttpContextUse Known(byte id) => s_known[id - 1];

    /// <summary>What a context with this role in its purpose is for; null when there is no such role.</summary>
    internal static HttpContextUse? Known(string name)
    {
        foreach (HttpContextUse use in s_known)
        {
            if (use.Name == name)
            {
                return use;
            }
        }

        return null;
    }

    private static string WithId(string part, IEnumerable<HttpProfile> profiles)
    {
        int equals = part.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? "" : part[..equals].Trim().ToLowerInvariant();
        if (name.Contains(':', StringComparison.Ordinal))
        {
            string[] ids = [.. profiles.SelectMany(profile => profile.ContentIdsNamed(name)).Distinct().Select(id => $"{id}{part[equals..]}")];
            return ids.Length > 0 ? string.Join(',', ids) : throw new FormatException(
                $"'{name}' is a content context of no profile here. Name it in a profile, such as four+content({name.Split(':')[1]}).");
        }

        return Known(name == "headers" ? "head" : name) is { } use ? $"{use.Id}{part[equals..]}" : part;
    }
}

/// <summary>What one context is for.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">The role in its purpose.</param>
/// <param name="Role">What travels in it.</param>
/// <param name="Direction">The only direction it is used in; null for both.</param>
/// <param name="ContentName">The name of a named content context, else null.</param>
internal readonly record struct HttpContextUse(
    byte Id, string Name, HttpRole Role, HttpDirection? Direction, string? ContentName = null);
