namespace Tlmsp.Middlebox;

/// <summary>What bytes of a container are among content.</summary>
internal enum ContentRunKind : byte
{
    /// <summary>Content.</summary>
    Content,

    /// <summary>The header of a DATA frame with content: goes on if, and as soon as, the content behind it does.</summary>
    FrameHeader,

    /// <summary>The end of a DATA frame, or all of one without content: goes on behind the content before it.</summary>
    FrameEnd,
}

/// <summary>Some bytes of a container.</summary>
internal readonly record struct ContainerRun(PassingContainer Container, int Start, int Length)
{
    /// <summary>What they are among content.</summary>
    public ContentRunKind Kind { get; init; }

    /// <summary>What the frame that begins with them takes of windows; 0 where none does.</summary>
    public int DataBytes { get; init; }

    /// <summary>They themselves.</summary>
    public ReadOnlySpan<byte> Bytes => Container.Held.Plaintext.Span.Slice(Start, Length);

    /// <summary>Somebody waits for a decision on them.</summary>
    public ContainerRun Await()
    {
        Container.Undecided++;
        return this;
    }

    /// <summary>They go on as they are.</summary>
    public void Pass() => Container.Undecided--;

    /// <summary>Other bytes go on in their place.</summary>
    public void Pass(ReadOnlySpan<byte> bytes)
    {
        Container.Undecided--;
        Container.Replace(Start, Length, bytes);
    }

    /// <summary>None of them goes on; nobody waits for a decision on them any more.</summary>
    public static void RemoveAll(List<ContainerRun> runs)
    {
        foreach (ContainerRun run in runs)
        {
            run.Pass(default);
        }

        runs.Clear();
    }

    /// <summary>All of them go on as they are; nobody waits for a decision on them any more.</summary>
    public static void PassAll(List<ContainerRun> runs)
    {
        foreach (ContainerRun run in runs)
        {
            run.Pass();
        }

        runs.Clear();
    }
}
