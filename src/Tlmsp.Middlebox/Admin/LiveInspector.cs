using Tlmsp.Http;

namespace Tlmsp.Middlebox.Admin;

/// <summary>Shows the live page what passes in one connection. It forwards everything, and waits for nobody.</summary>
internal sealed class LiveInspector(LiveFeed feed) : ITlmspInspector
{
    private LivePath? _path;

    public IReadOnlyList<InspectorNeedsAttribute> Needs => [];

    public ValueTask OnConnectedAsync(InspectionContext context, CancellationToken cancellationToken)
    {
        _path = feed.Open(context);
        return ValueTask.CompletedTask;
    }

    public ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken)
    {
        feed.OnHead(_path!, message);
        return default;
    }

    public ValueTask<InspectionVerdict> OnSecretFieldsAsync(
        InspectedMessage message, IReadOnlyList<HttpField> fields, CancellationToken cancellationToken)
    {
        feed.OnSecretFields(_path!, message, fields);
        return default;
    }

    public ValueTask<InspectionVerdict> OnContentAsync(
        InspectedMessage message, InspectedContent content, CancellationToken cancellationToken)
    {
        feed.OnContent(_path!, message, content.Memory.Span);
        return default;
    }

    public ValueTask<InspectionVerdict> OnTrailersAsync(InspectedMessage message, CancellationToken cancellationToken)
    {
        feed.OnTrailers(_path!, message);
        return default;
    }

    public ValueTask<InspectionVerdict> OnTunnelAsync(
        HttpDirection direction, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        feed.OnTunnel(_path!, direction, data.Length);
        return default;
    }

    public ValueTask OnOpaqueAsync(HttpDirection direction, HttpRole role, int length, CancellationToken cancellationToken)
    {
        feed.OnOpaque(_path!, direction, role, length);
        return ValueTask.CompletedTask;
    }
}
