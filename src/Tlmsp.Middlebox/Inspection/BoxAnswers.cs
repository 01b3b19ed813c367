namespace Tlmsp.Middlebox;

/// <summary>
/// Answers that a middlebox gives in the server's place, until they can go to the client: each behind the answers to the requests before
/// it (RFC 9112 §9.3.2). Written by the requests' direction, read by the responses'.
/// </summary>
/// <param name="maxBytes">How much may wait: who asks and does not read is not to fill the memory.</param>
internal sealed class BoxAnswers(long maxBytes)
{
    private readonly Lock _lock = new();
    private readonly Queue<(long After, BoxAnswer Answer)> _due = new();
    private long _forwarded;
    private long _bytes;

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
    /// <param name="head">Head of the answer.</param>
    /// <param name="contentId">Context of its content.</param>
    /// <param name="content">Content of the answer.</param>
    /// <exception cref="InspectorException">Too much waits.</exception>
    public void Add(ReadOnlyMemory<byte> head, byte contentId, ReadOnlyMemory<byte> content)
    {
        lock (_lock)
        {
            CheckWaiting(_bytes += head.Length + content.Length, maxBytes);
            _due.Enqueue((_forwarded, new BoxAnswer(head, contentId, content)));
        }

        Added?.Invoke();
    }

    /// <summary>Takes the next answer, if it is due.</summary>
    /// <param name="answered">How many answers of the server have gone to the client.</param>
    /// <param name="answer">The answer.</param>
    public bool TryTake(long answered, out BoxAnswer answer)
    {
        lock (_lock)
        {
            bool isDue = _due.TryPeek(out var next) && next.After <= answered;
            answer = isDue ? _due.Dequeue().Answer : default;
            _bytes -= answer.Head.Length + answer.Content.Length;
            return isDue;
        }
    }

    /// <summary>Checks how much waits for a client.</summary>
    /// <exception cref="InspectorException">Too much.</exception>
    public static void CheckWaiting(long bytes, long maxBytes)
    {
        if (bytes > maxBytes)
        {
            throw new InspectorException(
                $"{bytes} bytes of answers of this middlebox wait for a client that does not take them, more than {maxBytes} (8 times MaxHeldBytes)");
        }
    }
}

/// <summary>An answer that a middlebox gives in the server's place, as it goes on the path.</summary>
/// <param name="Head">Its head.</param>
/// <param name="ContentId">Context of its content.</param>
/// <param name="Content">Its content.</param>
internal readonly record struct BoxAnswer(ReadOnlyMemory<byte> Head, byte ContentId, ReadOnlyMemory<byte> Content);
