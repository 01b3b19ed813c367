namespace Tlmsp.Http;

/// <summary>HTTP that is malformed, ambiguous, or in the wrong context. It ends the connection; nothing of the message is complete then.</summary>
public sealed class HttpMappingException : TlmspException
{
    /// <summary>Names what is wrong.</summary>
    /// <param name="reason">What and where; without field values or content.</param>
    /// <param name="role">The role of the container at fault, whose context the alert is about.</param>
    public HttpMappingException(string reason, HttpRole role = HttpRole.Head)
        : base(Misbehaviour.HttpMappingViolation, reason, HttpContexts.IdOf(role))
    {
    }
}
