namespace Tlmsp.Middlebox;

/// <summary>An inspector threw something, took too long, or refuses: its connection fails closed.</summary>
internal sealed class InspectorException(string message, TlmspAlert alert = TlmspAlert.InternalError, Exception? inner = null)
    : Exception(message, inner)
{
    public InspectorException(object inspector, Exception inner)
        : this($"{InspectorSet.NameOf(inspector)} failed with {inner.GetType().Name}: {inner.Message}", inner: inner)
    {
    }

    /// <summary>What both sides are told.</summary>
    public TlmspAlert Alert { get; } = alert;

    public static InspectorException Overdue(TimeSpan timeout) => new($"an inspector has not returned within {timeout} (InspectorTimeout)");

    public static InspectorException Stuck(TimeSpan timeout) => new(
        "what inspectors hold back uses up the window of HTTP/2: nothing that they wait for can come, "
            + $"and for {timeout} (InspectorTimeout) nobody has widened it");

    public static InspectorException NotRecorded(IInspectionSink sink, Exception inner) =>
        new($"{sink.GetType().Name} failed with {inner.GetType().Name}: {inner.Message}", inner: inner);

    public static InspectorException Refused(object inspector, InspectionVerdict verdict) =>
        new($"{InspectorSet.NameOf(inspector)} refuses it: {verdict.Reason}", verdict.Alert);
}
