namespace Tlmsp.AspNetCore;

/// <summary>What was agreed on the TLMSP connection that a request came over; in <c>HttpContext.Features</c>.</summary>
public interface ITlmspConnectionFeature
{
    /// <summary>Session id, suite, group, contexts and the middleboxes on the path with their grants.</summary>
    TlmspSessionInfo Session { get; }
}
