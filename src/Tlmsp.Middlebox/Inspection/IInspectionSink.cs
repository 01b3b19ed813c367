namespace Tlmsp.Middlebox;

/// <summary>What became of one message.</summary>
/// <param name="Message">The message, as far as it has passed.</param>
/// <param name="Verdict">What was decided: the first verdict that did not forward or hold, else <see cref="InspectionAction.Forward"/>.</param>
/// <param name="Inspector">Name of the inspector that decided; null where all forwarded.</param>
/// <param name="IsContentChanged">Whether an inspector changed content.</param>
/// <param name="IsComplete">Whether the whole message has passed; false where it was kept back, reset, or its connection ended.</param>
public sealed record InspectionRecord(
    InspectedMessage Message, InspectionVerdict Verdict, string? Inspector, bool IsContentChanged, bool IsComplete);

/// <summary>
/// Hears what a middlebox does: its audit, metrics and live page. All sinks of the services are told, in the order they were added; they
/// may be called for many connections at once. What a call is about goes on only when it has returned, so that nothing passes that could
/// not be recorded: an exception ends the connection.
/// </summary>
public interface IInspectionSink
{
    /// <summary>A path is established; nothing has passed yet.</summary>
    ValueTask OnPathOpenedAsync(InspectionContext path, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>A message has passed, was kept back, or ends with its connection.</summary>
    ValueTask OnMessageAsync(InspectionRecord record, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>A path has ended.</summary>
    /// <param name="path">The path.</param>
    /// <param name="fault">What ended it; null where it ended in order.</param>
    ValueTask OnPathClosedAsync(InspectionContext path, Exception? fault) => ValueTask.CompletedTask;
}
