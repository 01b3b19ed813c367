using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>Does something at one kind of call, by name, the first time it comes; records everything.</summary>
internal sealed class ScriptedInspector(string call, Func<CancellationToken, ValueTask> action) : ITlmspInspector
{
    private int _done;

    public RecordingInspector Seen { get; } = new();

    public ValueTask OnConnectedAsync(InspectionContext context, CancellationToken cancellationToken) => At("connected", cancellationToken);

    public async ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken)
    {
        await Seen.OnHeadAsync(message, cancellationToken);
        await At("head", cancellationToken);
        await At(message.Direction == HttpDirection.Response ? "response" : "request", cancellationToken);
        return default;
    }

    public async ValueTask<InspectionVerdict> OnContentAsync(
        InspectedMessage message, InspectedContent content, CancellationToken cancellationToken)
    {
        await Seen.OnContentAsync(message, content, cancellationToken);
        await At("content", cancellationToken);
        return default;
    }

    public async ValueTask<InspectionVerdict> OnTrailersAsync(InspectedMessage message, CancellationToken cancellationToken)
    {
        await At("trailers", cancellationToken);
        return default;
    }

    public async ValueTask<InspectionVerdict> OnMessageEndAsync(
        InspectedMessage message, InspectedContent held, CancellationToken cancellationToken)
    {
        await At("end", cancellationToken);
        return default;
    }

    public ValueTask OnOpaqueAsync(HttpDirection direction, HttpRole role, int length, CancellationToken cancellationToken) =>
        At("opaque", cancellationToken);

    private ValueTask At(string name, CancellationToken cancellationToken) =>
        name == call && Interlocked.Exchange(ref _done, 1) == 0 ? action(cancellationToken) : ValueTask.CompletedTask;
}
