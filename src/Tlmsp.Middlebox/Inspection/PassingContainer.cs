using System.Buffers;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>A container that waits for the inspectors, and what is to become of it.</summary>
internal sealed class PassingContainer
{
    private readonly List<Edit> _edits = [];
    private readonly PooledBuffer _bytes = new();       // that edits put in
    private readonly List<(int Start, int Octets)> _frames = [];
    private List<(byte ContextId, ReadOnlyMemory<byte> Data)>? _inserts;
    private int _length;        // as edited
    private byte[]? _rest;      // of one that is sent in parts
    private byte _contextId;

    public HeldContainer Held { get; private set; } = null!;

    /// <summary>Parts of messages in it that nobody has decided on yet.</summary>
    public int Undecided { get; set; }

    /// <summary>How many final responses end in it.</summary>
    public int Answers { get; set; }

    /// <summary>How many SETTINGS are confirmed in it.</summary>
    public int Confirmations { get; set; }

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

    /// <summary>How much longer it may become before it takes a second one.</summary>
    public int Room => ContainerWriter.MaxPlaintext - _length;

    /// <summary>Takes the next container.</summary>
    public void Begin(HeldContainer held)
    {
        Held = held;
        WireLength = held.WireLength;
        Undecided = 0;
        Answers = 0;
        Confirmations = 0;
        LeavesOpen = null;
        IsLast = false;
        DataBytes = 0;
        _frames.Clear();
        _inserts = null;
        _rest = null;
        Outgoing = null;
        _length = held.PlaintextLength;
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
    public void Replace(int start, int length, ReadOnlySpan<byte> bytes)
    {
        _edits.Add(new Edit(start, length, _bytes.Length, bytes.Length));
        _bytes.Write(bytes);
        _length += bytes.Length - length;
    }

    /// <summary>Leaves some of its bytes out, whatever was in their place.</summary>
    public void Remove(int start, int length)
    {
        Forget(edit => edit.Start == start);
        Replace(start, length, default);
    }

    /// <summary>Lets nothing go on from a place in it: neither of it nor behind it.</summary>
    public void EndAt(int start)
    {
        Forget(edit => edit.Start >= start);
        _inserts = null;
        Replace(start, Held.PlaintextLength - start, default);
        IsLast = true;
    }

    /// <summary>Sends a container of our own behind it.</summary>
    public void InsertBehind(byte contextId, ReadOnlyMemory<byte> data) => (_inserts ??= []).Add((contextId, data));

    /// <summary>What of the middlebox's own can go on once it has; null for nothing.</summary>
    public List<Http2Outgoing>? Outgoing { get; private set; }

    /// <summary>Something of the middlebox's own can go on once it has.</summary>
    public void Begins(Http2Outgoing outgoing) => (Outgoing ??= []).Add(outgoing);

    /// <summary>Sends it on.</summary>
    public void Send(ContainerRelay relay, IBufferWriter<byte> output)
    {
        if (_rest is not null)
        {
            relay.Insert(_contextId, _rest, output);
        }
        else if (_edits.Count == 0)
        {
            relay.Forward(Held, output);
        }
        else
        {
            Modify(relay, output);
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

        // Where frames begin in what is left, which is as edited.
        _frames.RemoveRange(0, fitting);
        for (int i = 0; i < _frames.Count; i++)
        {
            _frames[i] = (_frames[i].Start - cut + GrowthIn(cut, _frames[i].Start), _frames[i].Octets);
        }

        if (_rest is null)
        {
            byte[] edited = new byte[_length];
            int first = WriteEdited(edited, 0, cut);
            _contextId = Held.ContextId;
            _rest = edited[first..(first + WriteEdited(edited.AsSpan(first), cut, Held.PlaintextLength))];
            relay.Modify(Held, edited.AsSpan(0, first), output);
            _edits.Clear();
            _bytes.Dispose();
        }
        else
        {
            relay.Insert(_contextId, _rest.AsSpan(0, cut), output);
            _rest = _rest[cut..];
        }

        DataBytes -= octets;
        return octets;
    }

    private void Modify(ContainerRelay relay, IBufferWriter<byte> output)
    {
        if (_edits is [{ Start: 0 } all] && all.Length == Held.PlaintextLength)
        {
            relay.Modify(Held, _bytes.Memory.Span.Slice(all.At, all.Count), output);
        }
        else
        {
            byte[] edited = ArrayPool<byte>.Shared.Rent(Math.Max(_length, 1));
            relay.Modify(Held, edited.AsSpan(0, WriteEdited(edited, 0, Held.PlaintextLength)), output);
            ArrayPool<byte>.Shared.Return(edited);
        }

        _edits.Clear();
        _bytes.Dispose();
    }

    /// <summary>How much longer the bytes between two places have become by edits.</summary>
    private int GrowthIn(int from, int to) =>
        _edits.Where(edit => edit.Start >= from && edit.Start < to).Sum(edit => edit.Count - edit.Length);

    private void Forget(Predicate<Edit> which)
    {
        _length -= _edits.Where(edit => which(edit)).Sum(edit => edit.Count - edit.Length);
        _edits.RemoveAll(which);
    }

    /// <summary>Writes a part of it as it has become; no edit lies across its ends.</summary>
    /// <returns>How long that is.</returns>
    private int WriteEdited(Span<byte> destination, int from, int to)
    {
        ReadOnlySpan<byte> plaintext = Held.Plaintext.Span;
        (int read, int written) = (from, 0);
        _edits.Sort(static (a, b) => a.Start.CompareTo(b.Start));
        foreach (Edit edit in _edits)
        {
            if (edit.Start < from || edit.Start >= to)
            {
                continue;
            }

            Copy(plaintext[read..edit.Start], destination, ref written);
            Copy(_bytes.Memory.Span.Slice(edit.At, edit.Count), destination, ref written);
            read = edit.Start + edit.Length;
        }

        Copy(plaintext[read..to], destination, ref written);
        return written;

        static void Copy(ReadOnlySpan<byte> bytes, Span<byte> destination, ref int written)
        {
            bytes.CopyTo(destination[written..]);
            written += bytes.Length;
        }
    }

    /// <param name="Start">Where in the container.</param>
    /// <param name="Length">How many bytes of it.</param>
    /// <param name="At">Where those lie that take their place.</param>
    /// <param name="Count">How many those are.</param>
    private readonly record struct Edit(int Start, int Length, int At, int Count);
}
