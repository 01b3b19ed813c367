using System.Buffers;

namespace Tlmsp.TestSupport;

/// <summary>One direction of one connection between neighbours, with a log of every write.</summary>
public sealed class InMemoryPipe
{
    private readonly ArrayBufferWriter<byte> _pending = new();
    private byte[] _unread = [];
    private int _arrived;

    /// <summary>Every flush that carried bytes, in order, before anybody tampered with it.</summary>
    public List<byte[]> Writes { get; } = [];

    /// <summary>Sees each flush before it is delivered and may change it; null delivers nothing.</summary>
    public Func<byte[], byte[]?>? Tamper { get; set; }

    /// <summary>Lets bytes arrive one at a time, in a sequence of short segments.</summary>
    public bool Trickles { get; set; }

    public IBufferWriter<byte> Writer => _pending;

    public bool HasUnread => _unread.Length > 0;

    /// <summary>What has arrived and was not consumed.</summary>
    public ReadOnlySequence<byte> Unread => Trickles ? Segment.Split(_unread.AsMemory(0, _arrived), 5) : new(_unread, 0, _arrived);

    /// <summary>Lets more arrive.</summary>
    /// <returns>False when everything already has.</returns>
    public bool Arrive()
    {
        int before = _arrived;
        _arrived = Trickles ? Math.Min(_arrived + 1, _unread.Length) : _unread.Length;
        return _arrived > before;
    }

    public void Flush()
    {
        if (_pending.WrittenCount == 0)
        {
            return;
        }

        byte[] chunk = _pending.WrittenSpan.ToArray();
        _pending.Clear();
        Writes.Add(chunk);
        Deliver(Tamper is null ? chunk : Tamper(chunk) ?? []);
    }

    public void Deliver(byte[] bytes) => _unread = [.. _unread, .. bytes];

    public void Consumed(ReadOnlySequence<byte> rest)
    {
        _unread = [.. rest.ToArray(), .. _unread[_arrived..]];
        _arrived = (int)rest.Length;
    }

    public byte[] AllBytes() => [.. Writes.SelectMany(write => write)];

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public static ReadOnlySequence<byte> Split(ReadOnlyMemory<byte> bytes, int size)
        {
            var first = new Segment { Memory = bytes[..Math.Min(size, bytes.Length)] };
            Segment last = first;
            for (int at = first.Memory.Length; at < bytes.Length; at += size)
            {
                var next = new Segment { Memory = bytes.Slice(at, Math.Min(size, bytes.Length - at)), RunningIndex = at };
                last.Next = next;
                last = next;
            }

            return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
        }
    }
}

/// <summary>A connection between two neighbours on the path.</summary>
public sealed class InMemoryHop
{
    public InMemoryPipe ToServer { get; } = new();

    public InMemoryPipe ToClient { get; } = new();

    public void Flush()
    {
        ToServer.Flush();
        ToClient.Flush();
    }
}
