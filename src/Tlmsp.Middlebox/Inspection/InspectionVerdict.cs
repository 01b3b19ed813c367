namespace Tlmsp.Middlebox;

/// <summary>What becomes of what an inspector was shown.</summary>
public enum InspectionAction
{
    /// <summary>It goes on, with the changes that were made to it.</summary>
    Forward,

    /// <summary>It is held back, and everything behind it, until the inspector was shown more of the message.</summary>
    Hold,

    /// <summary>The middlebox answers in the server's place.</summary>
    Respond,

    /// <summary>The message does not go on; its connection or stream ends.</summary>
    Drop,

    /// <summary>The connection ends with an alert to both sides.</summary>
    Close,
}

/// <summary>
/// What an inspector decides. <c>default</c> forwards. What it decides about a message that later inspectors have not seen is final, unless
/// it forwards.
/// </summary>
/// <param name="Action">What is done.</param>
public readonly record struct InspectionVerdict(InspectionAction Action)
{
    /// <summary>What was shown goes on, changed or not. Needs no right.</summary>
    public static InspectionVerdict Forward => default;

    /// <summary>
    /// Keeps back what was shown, and all that follows it in its direction, until more of the message arrives: the next call shows all of the
    /// content that is held. At most <see cref="TlmspMiddleboxHostOptions.MaxHeldBytes"/>, and over HTTP/2 what the receiver's windows
    /// allow; a message that is longer ends the connection.
    /// Needs no right.
    /// </summary>
    public static InspectionVerdict Hold => new(InspectionAction.Hold);

    /// <summary>Why, for the log and the audit; it must hold nothing confidential.</summary>
    public string? Reason { get; private init; }

    /// <summary>The alert of <see cref="InspectionAction.Close"/>.</summary>
    public TlmspAlert Alert { get; private init; }

    /// <summary>The answer of <see cref="InspectionAction.Respond"/>.</summary>
    public InspectionResponse? Response { get; private init; }

    /// <summary>
    /// Answers in the server's place: a request does not reach the server, or a response is replaced before anything of it has reached the
    /// client. Needs write access to all contexts of what is kept back and of the response; over HTTP/2 also to control frames, and read
    /// access to everything.
    /// </summary>
    /// <param name="response">The answer.</param>
    /// <param name="reason">Why, for the log and the audit.</param>
    public static InspectionVerdict Respond(InspectionResponse response, string reason) =>
        new(InspectionAction.Respond) { Response = response ?? throw new ArgumentNullException(nameof(response)), Reason = reason };

    /// <summary>
    /// Sends nothing of the message on. A request that is never answered would have the next answer taken for its own, so over HTTP/1.1 the
    /// connection ends, without an alert. Over HTTP/2 the stream is reset where the rights for <see cref="Respond"/> are there; else the
    /// connection ends.
    /// </summary>
    /// <param name="reason">Why, for the log and the audit.</param>
    public static InspectionVerdict Drop(string reason) => new(InspectionAction.Drop) { Reason = reason };

    /// <summary>Ends the connection with a fatal alert to both sides. Needs no right.</summary>
    /// <param name="reason">Why, for the log and the audit.</param>
    /// <param name="alert">The alert.</param>
    public static InspectionVerdict Close(string reason, TlmspAlert alert = TlmspAlert.AccessDenied) =>
        new(InspectionAction.Close) { Alert = alert, Reason = reason };
}
