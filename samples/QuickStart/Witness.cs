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

    public long OpaqueHeads;

    public long OpaqueContent;
}

/// <summary>An inspector that only takes notes.</summary>
internal sealed class Witness(Testimony testimony) : ITlmspInspector
{
    public ValueTask OnHeadAsync(HttpHead head, CancellationToken cancellationToken)
    {
        if (head.Direction == HttpDirection.Request)
        {
            testimony.RequestLines.Enqueue(head.StartLine);
        }

        if (head["Content-Type"] is { } type)
        {
            testimony.ContentTypes.Enqueue(type);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask OnContentAsync(HttpDirection direction, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (testimony.Excerpts.Count < 100)
        {
            testimony.Excerpts.Enqueue(Encoding.UTF8.GetString(content.Span[..Math.Min(content.Length, 60)]));
        }

        return ValueTask.CompletedTask;
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
