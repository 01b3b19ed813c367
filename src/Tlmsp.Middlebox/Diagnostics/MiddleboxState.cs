namespace Tlmsp.Middlebox;

/// <summary>How a middlebox is, for who asks after its health.</summary>
internal sealed class MiddleboxState
{
    /// <summary>The listeners that its settings want; none before it listens.</summary>
    public IReadOnlyList<MiddleboxListener> Listeners { get; set; } = [];

    /// <summary>Whether it lets what is under way come to its end, and takes nothing new.</summary>
    public bool IsDraining { get; set; }
}
