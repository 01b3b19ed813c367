namespace Tlmsp.Http;

/// <summary>The contexts of profile <em>two</em>, the one that the ETSI reference stack speaks: heads in one, content in the other.</summary>
public static class HttpContexts
{
    /// <summary>Id of the context that heads and trailers travel in.</summary>
    public const byte Headers = 1;

    /// <summary>Id of the context that content travels in.</summary>
    public const byte Body = 2;

    /// <summary>Purpose of <see cref="Headers"/> on the wire.</summary>
    public const string HeadersPurpose = "http;v=1;role=head";

    /// <summary>Purpose of <see cref="Body"/> on the wire.</summary>
    public const string BodyPurpose = "http;v=1;role=body";

    /// <summary>The context list of a client.</summary>
    /// <param name="audited">True to have every container carry the trail of the entities it passed.</param>
    public static IReadOnlyList<TlmspContext> Create(bool audited = false) =>
        [new TlmspContext(Headers, HeadersPurpose, audited), new TlmspContext(Body, BodyPurpose, audited)];

    /// <summary>Checks a peer's context list: these two contexts, with these purposes or none.</summary>
    /// <returns>Null when the list is this profile, else what is wrong with it.</returns>
    public static string? Check(IEnumerable<TlmspContext> contexts)
    {
        ArgumentNullException.ThrowIfNull(contexts);
        bool head = false;
        bool body = false;
        foreach (TlmspContext context in contexts)
        {
            switch (context.Id)
            {
                // The reference tools leave purposes empty; the ids decide then.
                case Headers when context.Purpose is "" or HeadersPurpose:
                    head = true;
                    break;
                case Body when context.Purpose is "" or BodyPurpose:
                    body = true;
                    break;
                default:
                    // After a discovery the reference client lists all 255 contexts, those without a purpose unused.
                    if (context.Purpose.Length != 0)
                    {
                        return $"context {context.Id} has the purpose '{context.Purpose}'; this server knows context {Headers} '{HeadersPurpose}' and {Body} '{BodyPurpose}'";
                    }

                    break;
            }
        }

        return head && body ? null : $"contexts {Headers} (heads) and {Body} (content) are both needed";
    }

    /// <summary>Reads a grant that names contexts: <c>headers=r,body=rw</c>. The form of <see cref="Grant.Parse"/> is read as well.</summary>
    /// <exception cref="FormatException">The text is not of that form.</exception>
    public static Grant ParseGrant(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Grant.Parse(string.Join(',', text.Split(',').Select(WithId)));
    }

    /// <summary>The context of a role.</summary>
    public static byte IdOf(HttpRole role) => role == HttpRole.Head ? Headers : Body;

    /// <summary>The role of a context.</summary>
    /// <returns>False for a context that HTTP does not use.</returns>
    public static bool TryRoleOf(byte contextId, out HttpRole role)
    {
        role = contextId == Headers ? HttpRole.Head : HttpRole.Content;
        return contextId is Headers or Body;
    }

    private static string WithId(string part)
    {
        int equals = part.IndexOf('=', StringComparison.Ordinal);
        return equals < 0
            ? part
            : part[..equals].Trim().ToLowerInvariant() switch
            {
                "headers" => $"{Headers}{part[equals..]}",
                "body" => $"{Body}{part[equals..]}",
                _ => part,
            };
    }
}
