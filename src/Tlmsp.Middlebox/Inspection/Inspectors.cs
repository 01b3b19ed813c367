namespace Tlmsp.Middlebox;

/// <summary>Who looks at the messages of one connection, in order.</summary>
/// <param name="All">The inspectors, made for the connection.</param>
/// <param name="Sinks">Who hears what became of messages.</param>
internal sealed record Inspectors(ITlmspInspector[] All, IInspectionSink[] Sinks)
{
    /// <summary>Whether there is anybody who looks.</summary>
    public bool IsEmpty => All.Length == 0 && Sinks.Length == 0;
}
