using Tlmsp.Http;

namespace Tlmsp.Middlebox.Inspectors;

/// <summary>What becomes of a message that is denied.</summary>
public enum DenyAction
{
    /// <summary>Its connection is closed, with alert 49 to both sides. Needs no right to write.</summary>
    Close,

    /// <summary>
    /// The middlebox answers in the server's place, with 401, 403, 413, 429 or 502. Needs write access to the heads and the content of
    /// requests and responses, to sensitive fields, and to control frames. Where the head has gone on already the connection is closed.
    /// </summary>
    Respond,
}

/// <summary>Verdicts that deny.</summary>
internal static class Denial
{
    /// <summary>What answers need.</summary>
    public static IEnumerable<InspectorNeedsAttribute> Needs(DenyAction action) => action == DenyAction.Close ? [] :
    [
        new(HttpDirection.Request, HttpRole.Head, TlmspAccess.Write),
        new(HttpDirection.Request, HttpRole.Content, TlmspAccess.Write),
        new(HttpDirection.Request, HttpRole.Secret, TlmspAccess.Write),
        new(HttpDirection.Request, HttpRole.Control, TlmspAccess.Write),
        new(HttpDirection.Response, HttpRole.Head, TlmspAccess.Write),
        new(HttpDirection.Response, HttpRole.Content, TlmspAccess.Write),
        new(HttpDirection.Response, HttpRole.Secret, TlmspAccess.Write),
        new(HttpDirection.Response, HttpRole.Control, TlmspAccess.Write),
    ];

    /// <summary>Denies a message when its head is shown.</summary>
    /// <param name="action">How.</param>
    /// <param name="message">The message.</param>
    /// <param name="statusCode">For a request that is answered; a response is replaced by 502 (RFC 9110 §15.6.3).</param>
    /// <param name="reason">Why, for the log.</param>
    /// <param name="fields">More fields of the answer.</param>
    public static InspectionVerdict Deny(
        DenyAction action, InspectedMessage message, int statusCode, string reason, params HttpField[] fields)
    {
        bool isRequest = message.Direction == HttpDirection.Request;
        bool canRespond = action == DenyAction.Respond
            && message.Head is not null and not { StatusCode: >= 100 and < 200 } && (isRequest || message.Request is not null);
        return canRespond
            ? InspectionVerdict.Respond(new InspectionResponse(isRequest ? statusCode : 502) { Fields = fields }, reason)
            : InspectionVerdict.Close(reason);
    }
}
