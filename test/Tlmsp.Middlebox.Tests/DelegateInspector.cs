using Tlmsp.Http;

namespace Tlmsp.Middlebox.Tests;

/// <summary>An inspector of the test's own making.</summary>
internal sealed class DelegateInspector : ITlmspInspector
{
    public Func<InspectedMessage, InspectionVerdict> Head { get; init; } = _ => default;

    public Func<InspectedMessage, InspectedContent, InspectionVerdict> Content { get; init; } = (_, _) => default;

    public Func<InspectedMessage, InspectedContent, InspectionVerdict> End { get; init; } = (_, _) => default;

    public IReadOnlyList<InspectorNeedsAttribute> Needs { get; init; } = [];

    public ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken) => new(Head(message));

    public ValueTask<InspectionVerdict> OnContentAsync(InspectedMessage message, InspectedContent content, CancellationToken cancellationToken) =>
        new(Content(message, content));

    public ValueTask<InspectionVerdict> OnMessageEndAsync(InspectedMessage message, InspectedContent held, CancellationToken cancellationToken) =>
        new(End(message, held));

    public static InspectorNeedsAttribute Writes(HttpDirection direction, HttpRole role) => new(direction, role, TlmspAccess.Write);
}
