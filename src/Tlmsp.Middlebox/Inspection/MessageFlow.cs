using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>A message on its way: which bytes of which containers are its, as far as nobody has decided on them.</summary>
internal sealed class MessageFlow(InspectedMessage message, int inspectors)
{
    private readonly InspectionHold?[] _holds = new InspectionHold?[inspectors];

    public InspectedMessage Message { get; } = message;

    /// <summary>The head as it came.</summary>
    public HttpHead? OriginalHead { get; set; }

    /// <summary>The bytes of its head, or of sensitive fields where the head is sealed; empty once decided on.</summary>
    public List<ContainerRun> Head { get; } = [];

    /// <summary>The bytes of its trailer section.</summary>
    public List<ContainerRun> Trailers { get; } = [];

    /// <summary>Its content, in order; over HTTP/2 with the frames that it comes in.</summary>
    public Queue<ContainerRun> Content { get; } = new();

    /// <summary>Other bytes of it as long as its head waits: they go if the message does.</summary>
    public List<ContainerRun> Framing { get; } = [];

    /// <summary>RST_STREAM behind all of it: its code and bytes, as long as it has not gone on.</summary>
    public (uint Code, ContainerRun[] Runs)? Reset { get; set; }

    /// <summary>Whether the middlebox makes the chunks itself, because their content may change its length.</summary>
    public bool IsRechunked { get; set; }

    /// <summary>Whether, over HTTP/2, its content may change its length once all that is left of it is there.</summary>
    public bool IsReframable { get; set; }

    /// <summary>How many octets of content wait.</summary>
    public int ContentBytes { get; set; }

    /// <summary>What the DATA frames with content that have begun take of windows.</summary>
    public long DataBegun { get; set; }

    /// <summary>What the middlebox sends in the place of its frames; null where they go on.</summary>
    public Http2Outgoing? Outgoing { get; set; }

    /// <summary>Whether content may change its length.</summary>
    /// <param name="covers">How much of it, in octets that came.</param>
    /// <remarks>
    /// A receiver's window for the stream is known for all that is left; frames of which a part has gone on keep their length.
    /// </remarks>
    public bool CanResize(int covers) => IsRechunked
        || (IsReframable && Message.IsComplete && covers > 0 && covers == ContentBytes && Content.Peek().Kind != ContentRunKind.Content
            && (Message.Trailers is null || Message.Rights.WritesHead));

    /// <summary>Whether its head has been decided on.</summary>
    public bool HeadPassed { get; set; }

    /// <summary>Whether its stream was reset, so that nothing of it can be waited for.</summary>
    public bool IsAborted { get; set; }

    /// <summary>How many inspectors hold something of it back.</summary>
    public int Holds => _holds.Count(hold => hold is not null);

    /// <summary>Whether nothing of it goes on.</summary>
    public bool IsWithheld { get; private set; }

    /// <summary>Whether an inspector holds something of it back.</summary>
    public bool IsHeld => Array.Exists(_holds, hold => hold is not null);

    /// <summary>What an inspector holds back; null for nothing.</summary>
    public InspectionHold? HoldOf(int inspector) => _holds[inspector];

    /// <summary>An inspector begins to hold something back, or goes on to.</summary>
    public InspectionHold Hold(int inspector) => _holds[inspector] ??= new InspectionHold();

    /// <summary>An inspector lets go.</summary>
    /// <returns>What it held; null for nothing. To be disposed of.</returns>
    public InspectionHold? Release(int inspector)
    {
        InspectionHold? hold = _holds[inspector];
        _holds[inspector] = null;
        return hold;
    }

    /// <summary>None of the frames goes on that its content came in.</summary>
    /// <returns>What they would have taken of windows.</returns>
    public long TakeContent()
    {
        long dataBytes = 0;
        while (Content.TryDequeue(out ContainerRun run))
        {
            run.Pass(default);
            if (run.DataBytes > 0)
            {
                run.Container.RemoveData(run.Start);
                dataBytes += run.DataBytes;
            }
        }

        ContentBytes = 0;
        return dataBytes;
    }

    /// <summary>RST_STREAM does not go on where it came.</summary>
    /// <returns>Its code; null where there is none.</returns>
    public uint? TakeReset()
    {
        foreach (ContainerRun run in Reset?.Runs ?? [])
        {
            run.Container.Remove(run.Start, run.Length);
        }

        return Reset?.Code;
    }

    /// <summary>What follows the content that went on, and needs no decision of its own.</summary>
    public void PassFrameEnds()
    {
        while (Content.TryPeek(out ContainerRun next) && next.Kind == ContentRunKind.FrameEnd)
        {
            Content.Dequeue().Pass();
        }
    }

    /// <summary>Nothing of it goes on: its containers do, without what was its.</summary>
    /// <param name="instead">What goes on in the place of its head.</param>
    /// <returns>What the frames that do not go on would have taken of windows.</returns>
    public long Withhold(ReadOnlyMemory<byte> instead = default)
    {
        IsWithheld = true;
        foreach (ContainerRun run in Head)
        {
            run.Pass(instead.Span);
            instead = default;
        }

        long dataBytes = TakeContent();
        ContainerRun.RemoveAll(Trailers);
        foreach (ContainerRun run in Framing)
        {
            run.Container.Remove(run.Start, run.Length);
        }

        Head.Clear();
        Framing.Clear();
        for (int i = 0; i < _holds.Length; i++)
        {
            Release(i)?.Dispose();
        }

        return dataBytes;
    }
}

/// <summary>What one inspector holds back of a message.</summary>
internal sealed class InspectionHold : IDisposable
{
    public PooledBuffer Content { get; } = new();

    /// <summary>How many octets that came the content stands for.</summary>
    public int Covers { get; set; }

    /// <summary>Whether an inspector before changed it.</summary>
    public bool IsChanged { get; set; }

    public bool HasHead { get; set; }

    public bool HasTrailers { get; set; }

    public void Dispose() => Content.Dispose();
}
