using System.Buffers;

namespace Tlmsp.TestSupport;

/// <summary>One direction of one connection between neighbours, with a log of every write.</summary>
public sealed class InMemoryPipe
{
    private readonly ArrayBufferWriter<byte> _pending = new();
    private byte[] _unread = [];

    /// <summary>Every flush that carried bytes, in order.</summary>
    public List<byte[]> Writes { get; } = [];

    /// <summary>Sees each flush before it is delivered and may change it; null delivers nothing.</summary>
    public Func<byte[], byte[]?>? Tamper { get; set; }

    public IBufferWriter<byte> Writer => _pending;

    public bool HasUnread => _unread.Length > 0;

    public ReadOnlySequence<byte> Unread => new(_unread);

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

    public void Consumed(ReadOnlySequence<byte> rest) => _unread = rest.ToArray();

    public byte[] AllBytes() => [.. Writes.SelectMany(write => write)];
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
