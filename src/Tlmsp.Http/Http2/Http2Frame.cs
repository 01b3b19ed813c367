using System.Buffers.Binary;

namespace Tlmsp.Http;

/// <summary>The frame types of RFC 9113 §6; others exist, and are control frames here.</summary>
internal enum Http2FrameType : byte
{
    Data = 0,
    Headers = 1,
    Priority = 2,
    RstStream = 3,
    Settings = 4,
    PushPromise = 5,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
    Continuation = 9,
}

/// <summary>A frame header (RFC 9113 §4.1).</summary>
/// <param name="Length">Of the payload.</param>
/// <param name="Type">May be one that is not listed.</param>
/// <param name="Flags">As sent.</param>
/// <param name="StreamId">Without the reserved bit.</param>
internal readonly record struct Http2Frame(int Length, Http2FrameType Type, byte Flags, uint StreamId)
{
    public const int HeaderSize = 9;

    /// <summary>SETTINGS_MAX_FRAME_SIZE where nothing was said (RFC 9113 §6.5.2).</summary>
    public const int DefaultMaxSize = 16 * 1024;

    public const uint ReservedBit = 0x8000_0000;

    /// <summary>The flag of DATA and HEADERS that ends a stream.</summary>
    public const byte EndStream = AckOrEndStreamFlag;

    private const byte AckOrEndStreamFlag = 0x1;
    private const byte EndHeadersFlag = 0x4;
    private const byte PaddedFlag = 0x8;
    private const byte PriorityFlag = 0x20;

    private static readonly string[] s_names =
        ["DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE", "CONTINUATION"];

    /// <summary>What a client says first (RFC 9113 §3.4).</summary>
    public static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    public bool IsAck => Type is Http2FrameType.Settings or Http2FrameType.Ping && (Flags & AckOrEndStreamFlag) != 0;

    public bool EndsStream => Type is Http2FrameType.Data or Http2FrameType.Headers && (Flags & AckOrEndStreamFlag) != 0;

    public bool EndsHeaders => Type is Http2FrameType.Headers or Http2FrameType.Continuation && (Flags & EndHeadersFlag) != 0;

    public bool IsPadded => Type is Http2FrameType.Data or Http2FrameType.Headers && (Flags & PaddedFlag) != 0;

    public bool HasPriority => Type == Http2FrameType.Headers && (Flags & PriorityFlag) != 0;

    /// <summary>What the frame is, and with it the context it travels in (http-mapping §3).</summary>
    public HttpRole Role => Type switch
    {
        Http2FrameType.Data => HttpRole.Content,
        Http2FrameType.Headers or Http2FrameType.Continuation or Http2FrameType.PushPromise => HttpRole.Head,
        _ => HttpRole.Control,
    };

    /// <summary>False for an extension (RFC 9113 §5.5), which says nothing about what is in it.</summary>
    public bool IsKnown => Type <= Http2FrameType.Continuation;

    /// <summary>The name of its type.</summary>
    public override string ToString() => IsKnown ? s_names[(int)Type] : $"a frame of type 0x{(byte)Type:x2}";

    /// <summary>A frame with a fragment of a field block.</summary>
    /// <param name="type">HEADERS or CONTINUATION.</param>
    /// <param name="length">Of the fragment.</param>
    /// <param name="block">The HEADERS frame that the block began with.</param>
    /// <param name="isLast">Whether the block ends with it.</param>
    public static Http2Frame OfBlock(Http2FrameType type, int length, in Http2Frame block, bool isLast) => new(
        length, type,
        (byte)((isLast ? EndHeadersFlag : 0) | (type == Http2FrameType.Headers && block.EndsStream ? AckOrEndStreamFlag : 0)),
        block.StreamId);

    public static Http2Frame Read(ReadOnlySpan<byte> header) => new(
        (header[0] << 16) | BinaryPrimitives.ReadUInt16BigEndian(header[1..]), (Http2FrameType)header[3], header[4],
        BinaryPrimitives.ReadUInt32BigEndian(header[5..]) & ~ReservedBit);

    public void Write(Span<byte> header)
    {
        header[0] = (byte)(Length >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(header[1..], (ushort)Length);
        header[3] = (byte)Type;
        header[4] = Flags;
        BinaryPrimitives.WriteUInt32BigEndian(header[5..], StreamId);
    }
}
