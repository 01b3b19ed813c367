using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>Does something at one kind of call, by name, the first time it comes; records everything.</summary>
internal sealed class ScriptedInspector(string call, Func<CancellationToken, ValueTask> action) : ITlmspInspector
{
    private int _done;

    public RecordingInspector Seen { get; } = new();

    public ValueTask OnConnectedAsync(InspectionContext context, CancellationToken cancellationToken) => At("connected", cancellationToken);

    public async ValueTask OnHeadAsync(HttpHead head, CancellationToken cancellationToken)
    {
        await Seen.OnHeadAsync(head, cancellationToken);
        await At("head", cancellationToken);
        await At(head.StartLine.StartsWith("HTTP/", StringComparison.Ordinal) ? "response" : "request", cancellationToken);
    }

    public async ValueTask OnContentAsync(HttpDirection direction, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await Seen.OnContentAsync(direction, content, cancellationToken);
        await At("content", cancellationToken);
    }

    public ValueTask OnTrailersAsync(HttpHead trailers, CancellationToken cancellationToken) => At("trailers", cancellationToken);

    public ValueTask OnMessageEndAsync(HttpDirection direction, CancellationToken cancellationToken) => At("end", cancellationToken);

    public ValueTask OnOpaqueAsync(HttpDirection direction, HttpRole role, int length, CancellationToken cancellationToken) =>
        At("opaque", cancellationToken);

    private ValueTask At(string name, CancellationToken cancellationToken) =>
        name == call && Interlocked.Exchange(ref _done, 1) == 0 ? action(cancellationToken) : ValueTask.CompletedTask;
}
