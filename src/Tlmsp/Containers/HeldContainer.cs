using System.Buffers;

namespace Tlmsp;

/// <summary>
/// A container that a middlebox has opened and not sent on yet. It is sent on with one of the methods of <see cref="ContainerRelay"/>, in
/// the order in which containers came, and is not to be touched after that: the relay uses it again.
/// </summary>
public sealed class HeldContainer
{
    private byte[] _buffer = [];
    private byte[] _plaintext = [];
    private RecordType _type;
    private ContainerParts _parts;
    private byte _author;
    private int _highestIndex;
    private byte _firstForwarder;

    internal HeldContainer()
    {
    }

    /// <summary>The context, 0 for most alerts.</summary>
    public byte ContextId => _parts.ContextId;

    /// <summary>True for an alert; alerts can only be forwarded.</summary>
    public bool IsAlert => _type == RecordType.Alert;

    /// <summary>True when the middlebox holds the reader key.</summary>
    public bool CanRead { get; private set; }

    /// <summary>True when the middlebox may change or delete the container.</summary>
    public bool CanWrite { get; private set; }

    /// <summary>The content; empty without read access.</summary>
    public ReadOnlyMemory<byte> Plaintext => _plaintext.AsMemory(0, CanRead ? _parts.PlaintextLength : 0);

    /// <summary>Length of the content in bytes, known with and without access.</summary>
    public int PlaintextLength => _parts.PlaintextLength;

    /// <summary>Bytes that it takes as a record of its own.</summary>
    public int WireLength => RecordHeader.Size + TlmspDialect.SessionIdLength + 1 + _parts.End - _parts.FlagsOffset;

    /// <summary>Entity that put the container on the path.</summary>
    public byte Origin { get; private set; }

    internal OpenedContainer Opened => new()
    {
        Type = _type,
        Parts = _parts,
        Buffer = _buffer.AsSpan(0, _parts.End),
        Origin = Origin,
        Author = _author,
        CanRead = CanRead,
        Plaintext = Plaintext.Span,
        HighestIndex = _highestIndex,
        FirstForwarder = _firstForwarder,
    };

    /// <summary>Keeps a container.</summary>
    /// <param name="container">The container.</param>
    /// <param name="buffer">The array that it lies in, if that becomes its own; null for a copy of its part.</param>
    /// <param name="plaintext">The array that its content lies in, which becomes its own; null for what cannot be read.</param>
    /// <param name="canWrite">Whether it may be changed.</param>
    internal void Set(in OpenedContainer container, byte[]? buffer, byte[]? plaintext, bool canWrite)
    {
        _type = container.Type;
        _parts = container.Parts;
        _author = container.Author;
        _highestIndex = container.HighestIndex;
        _firstForwarder = container.FirstForwarder;
        Origin = container.Origin;
        CanRead = container.CanRead;
        CanWrite = canWrite;
        _plaintext = plaintext ?? [];
        if (buffer is null)
        {
            buffer = ArrayPool<byte>.Shared.Rent(_parts.End);
            container.Buffer[.._parts.End].CopyTo(buffer);
        }

        _buffer = buffer;
    }

    internal void Clear()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        if (_plaintext.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_plaintext);
        }

        _buffer = [];
        _plaintext = [];
    }
}
