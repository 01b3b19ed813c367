using System.Buffers;

namespace Tlmsp.Middlebox;

/// <summary>A container that waits for the inspectors, and what is to become of it.</summary>
internal sealed class PassingContainer
{
    private List<Edit>? _edits;
    private readonly List<(int Start, int Octets)> _frames = [];
    private List<(byte ContextId, ReadOnlyMemory<byte> Data)>? _inserts;
    private byte[]? _rest;      // of one that is sent in parts
    private byte _contextId;

    public HeldContainer Held { get; private set; } = null!;

    /// <summary>Parts of messages in it that nobody has decided on yet.</summary>
    public int Undecided { get; set; }

    /// <summary>How many final responses end in it.</summary>
    public int Answers { get; set; }

    /// <summary>Whether a message goes on behind it; null where it holds nothing of any.</summary>
    public bool? LeavesOpen { get; set; }

    /// <summary>Whether the connection ends with it.</summary>
    public bool IsLast { get; private set; }

    /// <summary>How much it takes of windows: the DATA frames that begin in it and go on (RFC 9113 §6.9.1).</summary>
    public long DataBytes { get; private set; }

    /// <summary>Its size as a record.</summary>
    public int WireLength { get; private set; }

    /// <summary>Whether a part of it has gone on.</summary>
    public bool IsPartlySent => _rest is not null;

    /// <summary>Takes the next container.</summary>
    public void Begin(HeldContainer held)
    {
        Held = held;
        WireLength = held.WireLength;
        Undecided = 0;
        Answers = 0;
        LeavesOpen = null;
        DataBytes = 0;
        _frames.Clear();
        IsLast = false;
        _edits = null;
        _inserts = null;
        _rest = null;
    }

    /// <summary>A DATA frame begins in it.</summary>
    /// <param name="start">Where, or, where its header began before, at 0.</param>
    /// <param name="octets">What it takes of windows.</param>
    public void BeginData(int start, int octets)
    {
        _frames.Add((start, octets));
        DataBytes += octets;
    }

    /// <summary>A DATA frame that begins in it does not go on.</summary>
    public void RemoveData(int start)
    {
        DataBytes -= _frames.Where(frame => frame.Start == start).Sum(frame => frame.Octets);
        _frames.RemoveAll(frame => frame.Start == start);
    }

    /// <summary>Puts other bytes in the place of some of its own; once per place.</summary>
    public void Replace(int start, int length, ReadOnlyMemory<byte> bytes) => (_edits ??= []).Add(new Edit(start, length, bytes));

    /// <summary>Leaves some of its bytes out, whatever was in their place.</summary>
    public void Remove(int start, int length)
    {
        _edits?.RemoveAll(edit => edit.Start == start);
        Replace(start, length, default);
    }

    /// <summary>Lets nothing go on from a place in it: neither of it nor behind it.</summary>
    public void EndAt(int start)
    {
        _edits?.RemoveAll(edit => edit.Start >= start);
        _inserts = null;
        Replace(start, Held.PlaintextLength - start, default);
        IsLast = true;
    }

    /// <summary>Sends a container of our own behind it.</summary>
    public void InsertBehind(byte contextId, ReadOnlyMemory<byte> data) => (_inserts ??= []).Add((contextId, data));

    /// <summary>Sends it on.</summary>
    public void Send(ContainerRelay relay, IBufferWriter<byte> output)
    {
        if (_rest is not null)
        {
            relay.Insert(_contextId, _rest, output);
        }
        else if (_edits is null)
        {
            relay.Forward(Held, output);
        }
        else
        {
            relay.Modify(Held, Edited(0, Held.PlaintextLength), output);
        }

        if (_inserts is not null)
        {
            foreach ((byte contextId, ReadOnlyMemory<byte> data) in _inserts)
            {
                relay.Insert(contextId, data.Span, output);
            }
        }
    }

    /// <summary>Sends as many of its DATA frames on as there is room for in a window.</summary>
    /// <returns>What they take of it; null where none fits, and before the first of them there is nothing.</returns>
    public long? SendPart(ContainerRelay relay, long room, IBufferWriter<byte> output)
    {
        long octets = 0;
        int fitting = 0;
        for (; fitting < _frames.Count && octets + _frames[fitting].Octets <= room; fitting++)
        {
            octets += _frames[fitting].Octets;
        }

        int cut = fitting < _frames.Count ? _frames[fitting].Start : 0;
        if (cut == 0 || (_rest is null && !Held.CanWrite))
        {
            return null;
        }

        if (_rest is null)
        {
            _contextId = Held.ContextId;
            _rest = Edited(cut, Held.PlaintextLength).ToArray();
            relay.Modify(Held, Edited(0, cut), output);
        }
        else
        {
            relay.Insert(_contextId, _rest.AsSpan(0, cut), output);
            _rest = _rest[cut..];
        }

        _frames.RemoveRange(0, fitting);
        for (int i = 0; i < _frames.Count; i++)
        {
            _frames[i] = (_frames[i].Start - cut, _frames[i].Octets);
        }

        DataBytes -= octets;
        return octets;
    }

    private ReadOnlySpan<byte> Edited(int from, int to)
    {
        ReadOnlySpan<byte> plaintext = Held.Plaintext.Span;
        var edited = new ArrayBufferWriter<byte>(Math.Max(256, to - from));
        int at = from;
        _edits?.Sort(static (a, b) => a.Start.CompareTo(b.Start));
        foreach (Edit edit in _edits ?? [])
        {
            if (edit.Start >= from && edit.Start < to)
            {
                edited.Write(plaintext[at..edit.Start]);
                edited.Write(edit.Bytes.Span);
                at = edit.Start + edit.Length;
            }
        }

        edited.Write(plaintext[at..to]);
        return edited.WrittenSpan;
    }

    private readonly record struct Edit(int Start, int Length, ReadOnlyMemory<byte> Bytes);
}

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

    /// <summary>Somebody waits for a decision on them.</summary>
    public ContainerRun Await()
    {
        Container.Undecided++;
        return this;
    }

    /// <summary>They go on as they are.</summary>
    public void Pass() => Container.Undecided--;

    /// <summary>Other bytes go on in their place.</summary>
    public void Pass(ReadOnlyMemory<byte> bytes)
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
