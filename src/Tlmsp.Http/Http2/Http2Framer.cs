using System.Buffers.Binary;

namespace Tlmsp.Http;

/// <summary>What a run of bytes on an HTTP/2 connection is.</summary>
internal enum Http2PieceKind
{
    Preface,

    /// <summary>A part of a frame header, which says nothing before it is complete.</summary>
    PartialHeader,

    /// <summary>A frame header, complete with the last byte of the run.</summary>
    Header,

    /// <summary>Octets of content.</summary>
    Content,

    /// <summary>A fragment of a field block (RFC 9113 §4.3).</summary>
    Block,

    /// <summary>Pad length, padding, priority, and the payload of control frames.</summary>
    Other,
}

/// <summary>A run of bytes of one kind.</summary>
internal readonly record struct Http2Piece(Http2PieceKind Kind, bool FrameComplete);

/// <summary>
/// The one HTTP/2 frame parser that splitter, joiner and observer share: incremental, strict (RFC 9113 §4, §6), in constant memory. It
/// says what each byte is, holds every frame to the context of its role (http-mapping §6 A11), and never changes a byte.
/// </summary>
internal sealed class Http2Framer(HttpDirection direction, Http2Streams streams, bool hasControl, int maxBlockBytes)
{
    private readonly byte[] _header = new byte[Http2Frame.HeaderSize];
    private readonly byte[] _entry = new byte[8];
    private int _headerLength;
    private int _entryLength;
    private int _prefaceLeft;
    private bool _isStarted;
    private bool _settingsSeen;
    private Http2Frame _frame;
    private HttpRole? _container;       // of the bytes at hand
    private HttpRole? _begunIn;         // the role of the container that the frame began in
    private int _remaining;             // of the payload
    private int _prefix;                // pad length and priority that are still to come
    private int _padding;               // at the end of the payload
    private bool _padLengthDue;
    private uint _blockStream;          // the stream whose field block is not complete
    private int _blockBytes;

    /// <summary>False for a box that cannot read heads: it sees neither the preface nor field blocks.</summary>
    public bool SeesHeads { get; init; } = true;

    /// <summary>False for a box that cannot read control frames.</summary>
    public bool SeesControl { get; init; } = true;

    /// <summary>False for a box that cannot read all contexts of both directions: which streams there are it cannot tell.</summary>
    public bool SeesAll { get; init; } = true;

    /// <summary>For our own server's output: Kestrel says GOAWAY before anything else where the client has gone already.</summary>
    public bool AllowGoAwayFirst { get; init; }

    public HttpDirection Direction => direction;

    /// <summary>The frame that the latest piece belongs to.</summary>
    public ref readonly Http2Frame Frame => ref _frame;

    /// <summary>In DATA the content context that the stream's head chose; null where the stream is not known any more.</summary>
    public int? ContentIndex { get; private set; }

    /// <summary>The bytes of its header.</summary>
    public ReadOnlySpan<byte> Header => _header;

    /// <summary>What has come of a header that is not complete yet.</summary>
    public ReadOnlySpan<byte> PartialHeader => _header.AsSpan(0, _headerLength % Http2Frame.HeaderSize);

    /// <summary>True when no frame, field block or preface is incomplete.</summary>
    public bool IsAtBoundary => _prefaceLeft == 0 && _headerLength == 0 && _blockStream == 0;

    /// <summary>Takes a run of bytes from the start of <paramref name="data"/>.</summary>
    /// <param name="container">The role of the container they came in; null for output of our own, which is in none yet.</param>
    /// <param name="data">At least one byte.</param>
    /// <param name="piece">What they are.</param>
    /// <returns>How many; at least one.</returns>
    /// <exception cref="HttpMappingException">The bytes are not strictly valid HTTP/2, or not in their context.</exception>
    public int Consume(HttpRole? container, ReadOnlySpan<byte> data, out Http2Piece piece)
    {
        _container = container;
        if (!_isStarted)
        {
            _isStarted = true;
            _prefaceLeft = direction == HttpDirection.Request && SeesHeads ? Http2Frame.Preface.Length : 0;
        }

        if (_prefaceLeft > 0)
        {
            return ConsumePreface(data, out piece);
        }

        if (_headerLength == Http2Frame.HeaderSize || (_headerLength > 0 && container != _begunIn))
        {
            if (container != _begunIn)
            {
                throw Fault($"a frame that began in the {_begunIn} context goes on in the {container} context");
            }

            return ConsumePayload(data, out piece);
        }

        if (_headerLength == 0)
        {
            _begunIn = container;
        }

        int taken = Math.Min(data.Length, Http2Frame.HeaderSize - _headerLength);
        data[..taken].CopyTo(_header.AsSpan(_headerLength));
        _headerLength += taken;
        piece = new Http2Piece(Http2PieceKind.PartialHeader, false);
        if (_headerLength == Http2Frame.HeaderSize)
        {
            BeginFrame();
            piece = new Http2Piece(Http2PieceKind.Header, _remaining == 0);
            if (_remaining == 0)
            {
                EndFrame();
            }
        }

        return taken;
    }

    private int ConsumePreface(ReadOnlySpan<byte> data, out Http2Piece piece)
    {
        if (_container is not (null or HttpRole.Head))
        {
            throw Fault($"the preface is due, and the container is in the {_container} context");
        }

        int taken = Math.Min(data.Length, _prefaceLeft);
        if (!Http2Frame.Preface.Slice(Http2Frame.Preface.Length - _prefaceLeft, taken).SequenceEqual(data[..taken]))
        {
            throw Fault("the connection does not begin with the preface of HTTP/2");
        }

        _prefaceLeft -= taken;
        piece = new Http2Piece(Http2PieceKind.Preface, _prefaceLeft == 0);
        return taken;
    }

    private int ConsumePayload(ReadOnlySpan<byte> data, out Http2Piece piece)
    {
        int taken;
        Http2PieceKind kind = Http2PieceKind.Other;
        if (_prefix > 0)
        {
            taken = _padLengthDue ? 1 : Math.Min(_prefix, data.Length);
            if (_padLengthDue)
            {
                _padLengthDue = false;
                _padding = data[0];
                if (_padding > _remaining - _prefix)
                {
                    throw Fault("more padding than payload");
                }
            }

            _prefix -= taken;
        }
        else if (_frame.Role is HttpRole.Control)
        {
            taken = Math.Min(_remaining, data.Length);
            OnControl(data[..taken]);
        }
        else if (_remaining > _padding)
        {
            taken = Math.Min(_remaining - _padding, data.Length);
            kind = _frame.Type == Http2FrameType.Data ? Http2PieceKind.Content : Http2PieceKind.Block;
        }
        else
        {
            taken = Math.Min(_remaining, data.Length);
            if (data[..taken].ContainsAnyExcept((byte)0))
            {
                throw Fault("padding that is not zero");    // RFC 9113 §6.1 allows to refuse it; nobody would see what it hides
            }
        }

        _remaining -= taken;
        piece = new Http2Piece(kind, _remaining == 0);
        if (_remaining == 0)
        {
            EndFrame();
        }

        return taken;
    }

    private void BeginFrame()
    {
        _frame = Http2Frame.Read(_header);
        _remaining = _frame.Length;
        CheckContext();
        if ((_header[5] & 0x80) != 0)
        {
            throw Fault("a reserved bit is set in a frame header");
        }

        bool mayBeFirst = _frame is { Type: Http2FrameType.Settings, IsAck: false } || (AllowGoAwayFirst && _frame.Type == Http2FrameType.GoAway);
        if (!_settingsSeen && SeesControl && !mayBeFirst)
        {
            throw Fault("the first frame is not SETTINGS");
        }

        _settingsSeen = true;
        if (_blockStream != 0 && (_frame.Type != Http2FrameType.Continuation || _frame.StreamId != _blockStream))
        {
            throw Fault($"{Name} inside a field block");
        }

        if (SeesAll && _frame.Length > streams.MaxFrameSize(direction))
        {
            throw Fault($"a frame of {_frame.Length} bytes, more than the receiver allows");
        }

        CheckStream();
        CheckLength();
        switch (_frame.Type)
        {
            case Http2FrameType.Headers:
            case Http2FrameType.Data:
                BeginMessageFrame();
                break;
            case Http2FrameType.Continuation:
                _blockBytes += Http2Frame.HeaderSize;
                goto default;
            case Http2FrameType.RstStream:
                streams.OnReset(direction, _frame.StreamId);
                goto default;
            case Http2FrameType.PushPromise:
                throw Fault("PUSH_PROMISE: server push is not allowed on this connection");
            default:
                _prefix = 0;
                _padding = 0;
                _padLengthDue = false;
                break;
        }

        CountBlock();
        _entryLength = 0;
    }

    private void BeginMessageFrame()
    {
        ContentIndex = streams.ContentOf(direction, _frame.StreamId);    // the frame may be the last of its stream
        if (SeesAll && streams.OnFrame(direction, _frame) is { } problem)
        {
            throw Fault(problem);
        }

        _padLengthDue = _frame.IsPadded;
        _prefix = (_frame.IsPadded ? 1 : 0) + (_frame.HasPriority ? 5 : 0);
        _padding = 0;
        if (_frame.Length < _prefix)
        {
            throw Fault($"{Name} too short for its flags");
        }

        if (_frame.Type == Http2FrameType.Headers)
        {
            _blockStream = _frame.StreamId;
            _blockBytes = 0;
        }
    }

    /// <summary>Bounds a field block, and so the number of its frames.</summary>
    private void CountBlock()
    {
        if (_blockStream == 0)
        {
            return;
        }

        _blockBytes += _frame.Length;
        if (_blockBytes > maxBlockBytes)
        {
            throw Fault($"a field block of more than {maxBlockBytes} bytes");
        }
    }

    private void CheckContext()
    {
        HttpRole role = _frame.Role == HttpRole.Control && !hasControl ? HttpRole.Head : _frame.Role;
        bool matches = _container is null || _container == role || (!_frame.IsKnown && _container == HttpRole.Head);
        if (!matches)
        {
            throw Fault($"{Name} in the {_container} context");
        }
    }

    private void CheckStream()
    {
        bool? onStream = _frame.Type switch
        {
            Http2FrameType.Data or Http2FrameType.Headers or Http2FrameType.Continuation or Http2FrameType.PushPromise
                or Http2FrameType.Priority or Http2FrameType.RstStream => true,
            Http2FrameType.Settings or Http2FrameType.Ping or Http2FrameType.GoAway => false,
            _ => null,
        };
        if (onStream is { } due && due != (_frame.StreamId != 0))
        {
            throw Fault(due ? $"{Name} on stream 0" : $"{Name} on a stream");
        }

        // Clients open odd streams, and servers none, as there is no push.
        if (onStream == true && _frame.StreamId % 2 == 0)
        {
            throw Fault($"{Name} on stream {_frame.StreamId}, which only push could have opened");
        }

        if (_frame.Type == Http2FrameType.Continuation && _blockStream == 0)
        {
            throw Fault("CONTINUATION outside a field block");
        }
    }

    private void CheckLength()
    {
        bool fits = _frame.Type switch
        {
            Http2FrameType.Priority => _frame.Length == 5,
            Http2FrameType.RstStream or Http2FrameType.WindowUpdate => _frame.Length == 4,
            Http2FrameType.Settings => _frame.IsAck ? _frame.Length == 0 : _frame.Length % Http2Setting.Size == 0,
            Http2FrameType.Ping => _frame.Length == 8,
            Http2FrameType.GoAway => _frame.Length >= 8,
            _ => true,
        };
        if (!fits)
        {
            throw Fault($"{Name} of {_frame.Length} bytes");
        }
    }

    /// <summary>Reads what of a control frame concerns framing.</summary>
    private void OnControl(ReadOnlySpan<byte> payload)
    {
        if (_frame.Type is not (Http2FrameType.Settings or Http2FrameType.GoAway))
        {
            return;
        }

        int size = _frame.Type == Http2FrameType.Settings ? Http2Setting.Size : _entry.Length;
        foreach (byte next in payload)
        {
            if (_entryLength == size)
            {
                return;     // the debug data of GOAWAY
            }

            _entry[_entryLength++] = next;
            if (_entryLength == size)
            {
                OnEntry();
            }
        }
    }

    private void OnEntry()
    {
        if (_frame.Type == Http2FrameType.GoAway)
        {
            streams.OnGoAway(direction, BinaryPrimitives.ReadUInt32BigEndian(_entry) & ~Http2Frame.ReservedBit);
            return;
        }

        Http2Setting setting = Http2Setting.Read(_entry);
        if (setting.Problem(direction) is { } problem)
        {
            throw Fault(problem);
        }

        streams.OnSetting(direction, setting);
        _entryLength = 0;
    }

    private void EndFrame()
    {
        _headerLength = 0;
        if (_frame is { Type: Http2FrameType.Settings, IsAck: false } && !streams.OnSettings(direction))
        {
            throw Fault("more SETTINGS than anybody confirms");
        }

        if (_frame.EndsHeaders)
        {
            _blockStream = 0;
        }
    }

    private string Name => _frame.ToString();

    private HttpMappingException Fault(string reason) => new(reason, _container ?? HttpRole.Head);
}
