using System.Buffers;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>A container that waits for the inspectors, and what is to become of it.</summary>
internal sealed class PassingContainer
{
    private readonly List<Edit> _edits = [];
    private readonly PooledBuffer _bytes = new();       // that edits put in
    private List<(byte ContextId, ReadOnlyMemory<byte> Data)>? _inserts;
    private int _length;        // as edited

    public HeldContainer Held { get; private set; } = null!;

    /// <summary>Parts of messages in it that nobody has decided on yet.</summary>
    public int Undecided { get; set; }

    /// <summary>How many final responses end in it.</summary>
    public int Answers { get; set; }

    /// <summary>Whether a message goes on behind it; null where it holds nothing of any.</summary>
    public bool? LeavesOpen { get; set; }

    /// <summary>How much longer it may become before it takes a second one.</summary>
    public int Room => ContainerWriter.MaxPlaintext - _length;

    /// <summary>Takes the next container.</summary>
    public void Begin(HeldContainer held)
    {
        Held = held;
        Undecided = 0;
        Answers = 0;
        LeavesOpen = null;
        _inserts = null;
        _length = held.PlaintextLength;
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
        foreach (Edit edit in _edits.Where(edit => edit.Start == start))
        {
            _length -= edit.Count - edit.Length;
        }

        _edits.RemoveAll(edit => edit.Start == start);
        Replace(start, length, default);
    }

    /// <summary>Sends a container of our own behind it.</summary>
    public void InsertBehind(byte contextId, ReadOnlyMemory<byte> data) => (_inserts ??= []).Add((contextId, data));

    /// <summary>Sends it on.</summary>
    public void Send(ContainerRelay relay, IBufferWriter<byte> output)
    {
        if (_edits.Count == 0)
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

    private void Modify(ContainerRelay relay, IBufferWriter<byte> output)
    {
        if (_edits is [{ Start: 0 } all] && all.Length == Held.PlaintextLength)
        {
            relay.Modify(Held, _bytes.Memory.Span, output);
        }
        else
        {
            byte[] edited = ArrayPool<byte>.Shared.Rent(Math.Max(_length, 1));
            relay.Modify(Held, edited.AsSpan(0, WriteEdited(edited)), output);
            ArrayPool<byte>.Shared.Return(edited);
        }

        _edits.Clear();
        _bytes.Dispose();
    }

    /// <returns>How long it has become.</returns>
    private int WriteEdited(Span<byte> destination)
    {
        ReadOnlySpan<byte> plaintext = Held.Plaintext.Span;
        (int read, int written) = (0, 0);
        _edits.Sort(static (a, b) => a.Start.CompareTo(b.Start));
        foreach (Edit edit in _edits)
        {
            Copy(plaintext[read..edit.Start], destination, ref written);
            Copy(_bytes.Memory.Span.Slice(edit.At, edit.Count), destination, ref written);
            read = edit.Start + edit.Length;
        }

        Copy(plaintext[read..], destination, ref written);
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

/// <summary>Some bytes of a container.</summary>
internal readonly record struct ContainerRun(PassingContainer Container, int Start, int Length)
{
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
