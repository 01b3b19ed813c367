namespace Tlmsp.Middlebox.Admin;

/// <summary>Tells the live page of paths, and of what became of messages.</summary>
internal sealed class LiveSink(LiveFeed feed) : IInspectionSink
{
    public ValueTask OnPathOpenedAsync(InspectionContext path, CancellationToken cancellationToken)
    {
        feed.Open(path);
        return ValueTask.CompletedTask;
    }

    public ValueTask OnMessageAsync(InspectionRecord record, CancellationToken cancellationToken)
    {
        feed.OnRecord(record);
        return ValueTask.CompletedTask;
    }

    public ValueTask OnPathClosedAsync(InspectionContext path, Exception? fault)
    {
        feed.Close(path, fault);
        return ValueTask.CompletedTask;
    }
}
