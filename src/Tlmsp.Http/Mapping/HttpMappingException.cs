namespace Tlmsp.Http;

/// <summary>HTTP that is malformed, ambiguous, or in the wrong context. It ends the connection; nothing of the message is complete then.</summary>
public sealed class HttpMappingException : TlmspException
{
    private readonly string _reason;
    private readonly HttpRole? _role;

    /// <summary>Names what is wrong.</summary>
    /// <param name="reason">What and where; without field values or content.</param>
    /// <param name="role">The role of the container at fault; the alert is about its context, that of profile two unless said otherwise.</param>
    public HttpMappingException(string reason, HttpRole role = HttpRole.Head)
        : this(reason, role, role == HttpRole.Content ? HttpContexts.Body : HttpContexts.Headers, null)
    {
    }

    /// <summary>Names what is wrong in a context that is known.</summary>
    internal HttpMappingException(string reason, byte contextId)
        : this(reason, null, contextId, null)
    {
    }

    private HttpMappingException(string reason, HttpRole? role, byte contextId, Exception? inner)
        : base(Misbehaviour.HttpMappingViolation, reason, contextId, inner)
    {
        _reason = reason;
        _role = role;
    }

    /// <summary>The same fault, in the context that its role has in a profile: a framer knows roles alone.</summary>
    internal HttpMappingException In(HttpProfile profile, HttpDirection direction)
    {
        byte contextId = _role is { } role ? profile.IdOf(direction, profile.Has(role) ? role : HttpRole.Head) : ContextId;
        return contextId == ContextId ? this : new HttpMappingException(_reason, _role, contextId, this);
    }
}
