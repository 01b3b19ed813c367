using System.Collections.Concurrent;
using System.Text;
using Tlmsp.Http;
using Tlmsp.Middlebox;

namespace QuickStart;

/// <summary>What one middlebox saw, over all its connections.</summary>
internal sealed class Testimony
{
    public ConcurrentQueue<string> RequestLines { get; } = new();

    public ConcurrentQueue<string> ContentTypes { get; } = new();

    public ConcurrentQueue<string> Excerpts { get; } = new();

    public ConcurrentQueue<HttpDirection> ContentDirections { get; } = new();

    public long OpaqueHeads;

    public long OpaqueContent;
}

/// <summary>An inspector that only takes notes.</summary>
internal sealed class Witness(Testimony testimony) : ITlmspInspector
{
    public ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken)
    {
        HttpHead head = message.Head!;
        if (head.Direction == HttpDirection.Request)
        {
            testimony.RequestLines.Enqueue(head.StartLine);
        }

        if (head["Content-Type"] is { } type)
        {
            testimony.ContentTypes.Enqueue(type);
        }

        return default;
    }

    public ValueTask<InspectionVerdict> OnContentAsync(
        InspectedMessage message, InspectedContent content, CancellationToken cancellationToken)
    {
        if (testimony.Excerpts.Count < 100)
        {
            testimony.ContentDirections.Enqueue(message.Direction);
            testimony.Excerpts.Enqueue(Encoding.UTF8.GetString(content.Memory.Span[..Math.Min(content.Memory.Length, 60)]));
        }

        return default;
    }

    public ValueTask OnOpaqueAsync(HttpDirection direction, HttpRole role, int length, CancellationToken cancellationToken)
    {
        if (role == HttpRole.Head)
        {
            Interlocked.Increment(ref testimony.OpaqueHeads);
        }
        else
        {
            Interlocked.Increment(ref testimony.OpaqueContent);
        }

        return ValueTask.CompletedTask;
    }
}
