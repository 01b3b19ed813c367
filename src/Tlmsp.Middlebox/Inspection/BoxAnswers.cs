namespace Tlmsp.Middlebox;

/// <summary>
/// Answers that a middlebox gives in the server's place, until they can go to the client: each behind the answers to the requests before
/// it (RFC 9112 §9.3.2). Written by the requests' direction, read by the responses'.
/// </summary>
internal sealed class BoxAnswers
{
    private readonly Lock _lock = new();
    private readonly Queue<(long After, ReadOnlyMemory<byte> Head, ReadOnlyMemory<byte> Content)> _due = new();
    private long _forwarded;

    /// <summary>Called when an answer was added; set by the responses' direction.</summary>
    public Action? Added { get; set; }

    /// <summary>A request went on to the server.</summary>
    public void OnForwarded()
    {
        lock (_lock)
        {
            _forwarded++;
        }
    }

    /// <summary>A request is answered here.</summary>
    public void Add(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> content)
    {
        lock (_lock)
        {
            _due.Enqueue((_forwarded, head, content));
        }

        Added?.Invoke();
    }

    /// <summary>Takes the next answer, if it is due.</summary>
    /// <param name="answered">How many answers of the server have gone to the client.</param>
    /// <param name="head">Head of the answer.</param>
    /// <param name="content">Content of the answer.</param>
    public bool TryTake(long answered, out ReadOnlyMemory<byte> head, out ReadOnlyMemory<byte> content)
    {
        lock (_lock)
        {
            bool isDue = _due.TryPeek(out var next) && next.After <= answered;
            (_, head, content) = isDue ? _due.Dequeue() : default;
            return isDue;
        }
    }
}
