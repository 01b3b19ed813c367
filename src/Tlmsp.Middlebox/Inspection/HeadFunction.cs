namespace Tlmsp.Middlebox;

/// <summary>An inspector of heads that is a function.</summary>
internal sealed class HeadFunction(
    Func<InspectedMessage, CancellationToken, ValueTask<InspectionVerdict>> onHead, IReadOnlyList<InspectorNeedsAttribute> needs) : ITlmspInspector
{
    public IReadOnlyList<InspectorNeedsAttribute> Needs => needs;

    public ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken) =>
        onHead(message, cancellationToken);
}
