using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>
/// An inspector that is shown whole messages, in one call each: simple, at the price of holding them back until they are complete. A message
/// that is longer than <see cref="TlmspMiddleboxHostOptions.MaxHeldBytes"/> ends its connection; so do streams without end, unless
/// <see cref="Wants"/> leaves them alone.
/// </summary>
public abstract class BufferedInspector : ITlmspInspector
{
    private static readonly object s_skipped = new();

    /// <inheritdoc/>
    public virtual IReadOnlyList<InspectorNeedsAttribute> Needs => InspectorNeedsAttribute.Of(GetType());

    /// <inheritdoc/>
    public virtual ValueTask OnConnectedAsync(InspectionContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken) => new(Keep(message));

    /// <inheritdoc/>
    public ValueTask<InspectionVerdict> OnContentAsync(
        InspectedMessage message, InspectedContent content, CancellationToken cancellationToken) => new(Keep(message));

    /// <inheritdoc/>
    public ValueTask<InspectionVerdict> OnMessageEndAsync(
        InspectedMessage message, InspectedContent held, CancellationToken cancellationToken) => IsSkipped(message)
        ? default
        : OnMessageAsync(new WholeMessage(message, held), cancellationToken);

    /// <summary>Whether to hold a message back and show it; asked once, when its head is there, or its content where the head is sealed.</summary>
    /// <param name="message">The message, as far as it has come.</param>
    protected virtual bool Wants(InspectedMessage message) => true;

    /// <summary>A message is complete; nothing of it has gone on.</summary>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">Says that the call takes too long.</param>
    /// <returns>Anything but <see cref="InspectionVerdict.Hold"/>.</returns>
    protected abstract ValueTask<InspectionVerdict> OnMessageAsync(WholeMessage message, CancellationToken cancellationToken);

    private InspectionVerdict Keep(InspectedMessage message)
    {
        // An interim response goes on at once: somebody waits for it (RFC 9110 §15.2).
        bool isInterim = message.Head is { Direction: HttpDirection.Response, StatusCode: < 200 };
        if (!IsSkipped(message) && !message.Items.ContainsKey(this) && (isInterim || !Wants(message)))
        {
            message.Items[this] = s_skipped;
        }

        message.Items.TryAdd(this, null);
        return IsSkipped(message) ? InspectionVerdict.Forward : InspectionVerdict.Hold;
    }

    private bool IsSkipped(InspectedMessage message) => message.Items.TryGetValue(this, out object? mark) && mark == s_skipped;
}
