using Tlmsp.Http;
using Tlmsp.Middlebox;

namespace Tlmsp.Benchmarks;

/// <summary>Looks at every head.</summary>
internal sealed class HeadCounter : ITlmspInspector
{
    private long _heads;

    public ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _heads);
        return default;
    }
}

/// <summary>Looks at every byte of content for one that never comes.</summary>
internal sealed class ContentReader : ITlmspInspector
{
    public ValueTask<InspectionVerdict> OnContentAsync(
        InspectedMessage message, InspectedContent content, CancellationToken cancellationToken) =>
        content.Memory.Span.Contains((byte)0xff) ? throw new InvalidDataException("0xff in the content") : default;
}

/// <summary>Replaces all content by a copy of it.</summary>
internal class ContentReplacer : ITlmspInspector
{
    private readonly byte[][] _copies = [[], []];       // by direction: the two may overlap

    public ValueTask<InspectionVerdict> OnContentAsync(
        InspectedMessage message, InspectedContent content, CancellationToken cancellationToken)
    {
        ref byte[] copy = ref _copies[(int)message.Direction];
        if (copy.Length < content.Memory.Length)
        {
            copy = new byte[content.Memory.Length];
        }

        content.Memory.CopyTo(copy);
        content.Replace(copy.AsMemory(0, content.Memory.Length));
        return default;
    }
}

/// <summary>As its base, and could have changed the length.</summary>
[InspectorNeeds(HttpDirection.Response, HttpRole.Content, TlmspAccess.Write)]
internal sealed class ContentRechunker : ContentReplacer;
